// The page: which view the address asks for, in which namespace.

import * as create from './create.js';
import * as detail from './detail.js';
import * as list from './list.js';
import { choose } from './namespace.js';

const main = document.getElementById('main');
let namespace;
let end;

/** `#/namespace`, `#/namespace/+new`, `#/namespace/name/tab` */
function show() {
  end?.();
  end = undefined;
  const [, asked, name, tab] = window.location.hash.split('/').map(decodeURIComponent);
  const here = asked || namespace;
  if (!here) return;
  document.title = name && name !== '+new' ? `${name} · Models` : 'Models';
  if (name === '+new') create.show(main, here);
  else if (name) detail.show(main, here, name, tab);
  else end = list.show(main, here);
}

window.addEventListener('hashchange', show);
choose(document.getElementById('namespace'), (chosen) => {
  const first = namespace === undefined;
  namespace = chosen;
  // An address that somebody opened says where it is; a later choice leads to that namespace's list.
  if (first && window.location.hash.length > 2) show();
  else if (window.location.hash === `#/${encodeURIComponent(chosen)}`) show();
  else window.location.hash = `#/${encodeURIComponent(chosen)}`;
});
