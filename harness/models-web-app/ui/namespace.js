// The namespace: chosen here, or by Kubeflow's dashboard when this page is a frame of it.
//
// The dashboard and its frames speak by messages: a frame says `iframe-connected`, the dashboard answers `parent-connected` and, whenever
// somebody chooses one, `namespace-selected`.

import * as api from './api.js';
import { h } from './dom.js';

const KEY = 'models.namespace';

/** Shows the choice, which begins with what the address asks for, and tells each one that is made. */
export async function choose(place, asked, onChosen) {
  if (window.parent !== window) {
    window.addEventListener('message', ({ data, origin }) => {
      if (origin === window.location.origin && data?.type === 'namespace-selected') onChosen(data.value);
    });
    window.parent.postMessage({ type: 'iframe-connected' }, window.location.origin);
    return;
  }
  const chosen = (name) => {
    localStorage.setItem(KEY, name);
    onChosen(name);
  };
  const current = localStorage.getItem(KEY);
  let names;
  try {
    names = await api.namespaces();
  } catch {
    names = []; // Most users may not list namespaces: they type theirs.
  }
  if (names.length === 1) return onChosen(names[0]);
  const first = asked || current || (names.includes('default') || !names.length ? 'default' : names[0]);
  const change = ({ target }) => target.value && chosen(target.value);
  if (names.length && !names.includes(first)) names = [...names, first];
  const control = names.length
    ? h('select', { id: 'ns', change }, names.map((name) => h('option', { selected: name === first }, name)))
    : h('input', { id: 'ns', value: first, change, autocomplete: 'off', spellcheck: 'false' });
  place.replaceChildren(h('label', { for: 'ns', class: 'soft' }, 'Namespace '), control);
  onChosen(first);
}

/** Shows which namespace the page is in, when an address has led there. */
export function mark(name) {
  const control = document.getElementById('ns');
  if (!control || control.value === name) return;
  if (control.options && ![...control.options].some(({ value }) => value === name)) control.append(h('option', {}, name));
  control.value = name;
}
