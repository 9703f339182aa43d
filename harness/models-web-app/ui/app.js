// The page: which view the address asks for, in which namespace.

import * as create from './create.js';
import * as detail from './detail.js';
import { h } from './dom.js';
import * as list from './list.js';
import { choose, mark } from './namespace.js';

const main = document.getElementById('main');
let namespace;
let end;

/** The parts of `#/namespace`, `#/namespace/+new`, `#/namespace/name/tab`; none of an address that is none of ours. */
function parts() {
  try {
    return window.location.hash.split('/').slice(1).map(decodeURIComponent);
  } catch {
    return [];
  }
}

function show() {
  end?.();
  end = undefined;
  const [asked, name, tab] = parts();
  const here = asked || namespace;
  if (!here) return;
  namespace = here;
  mark(here);
  document.title = name && name !== '+new' ? `${name} · Models` : 'Models';
  if (name === '+new') create.show(main, here);
  else if (name) detail.show(main, here, name, tab);
  else end = list.show(main, here);
  // What had the focus may be gone with the view that it was in.
  if (document.activeElement === document.body) main.focus({ preventScroll: true });
}

document.querySelector('.skip').addEventListener('click', (event) => {
  event.preventDefault(); // the part of the address behind `#` is a view
  main.focus();
});
main.replaceChildren(h('p', { class: 'soft' }, 'Waiting for a namespace…'));
window.addEventListener('hashchange', show);
choose(document.getElementById('namespace'), parts()[0], (chosen) => {
  const [asked] = parts();
  // An address that somebody opened says where it is; a later choice leads to that namespace's list.
  const here = asked === chosen || (namespace === undefined && asked);
  namespace = chosen;
  if (here) show();
  else window.location.hash = `#/${encodeURIComponent(chosen)}`;
});
