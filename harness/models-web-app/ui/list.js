// The services of a namespace.

import * as api from './api.js';
import { age, h, link, refusal, table, tell } from './dom.js';
import { badge, model } from './status.js';

/** Shows them and keeps them up to date; gives what ends that. */
export function show(main, namespace) {
  const place = h('div', { 'aria-busy': 'true' }, h('p', { class: 'soft' }, 'Loading…'));
  main.replaceChildren(
    h('div', { class: 'bar' }, h('h1', {}, 'Model servers'),
      h('a', { class: 'button primary', href: `#/${encodeURIComponent(namespace)}/+new` }, 'New model server')), place);
  const draw = (services) => {
    place.removeAttribute('aria-busy');
    services.sort((a, b) => a.metadata.name.localeCompare(b.metadata.name));
    if (!services.length) return place.replaceChildren(h('p', { class: 'soft' }, `No model servers in ${namespace}.`));
    return place.replaceChildren(table('Model servers', ['Status', 'Name', 'Model', 'URL', 'Age', 'Actions'],
      services.map((service) => {
        const { name, creationTimestamp } = service.metadata;
        return [badge(service), h('a', { href: `#/${encodeURIComponent(namespace)}/${name}` }, name), model(service).format,
          link(service.status?.url), age(creationTimestamp),
          h('button', { class: 'danger', 'aria-label': `Delete ${name}`, click: () => confirm(namespace, name) }, 'Delete')];
      })));
  };
  const failed = (error) => place.replaceChildren(refusal(error));
  let end = () => {};
  let over = false;
  // The list first: it says why it is refused, which a stream cannot.
  api.list(namespace).then((services) => {
    if (over) return;
    draw(services);
    end = api.follow(namespace, draw, failed);
  }, failed);
  return () => { over = true; end(); };
}

/** Asks once more before something is deleted. */
export function confirm(namespace, name, then = () => {}) {
  const told = h('div', { 'aria-live': 'assertive' });
  const remove = async (event) => {
    event.preventDefault();
    try {
      await api.remove(namespace, name);
      dialog.close();
      tell(`${name} is being deleted.`);
      then();
    } catch (error) {
      told.replaceChildren(refusal(error));
    }
  };
  const dialog = h('dialog', { 'aria-labelledby': 'sure', close: () => dialog.remove() },
    h('h2', { id: 'sure' }, `Delete ${name}?`),
    h('p', {}, 'The model server and everything that belongs to it goes. That cannot be undone.'), told,
    h('form', { method: 'dialog' }, h('menu', {},
      h('button', { value: 'cancel', autofocus: true }, 'Cancel'),
      h('button', { class: 'danger', click: remove, id: 'delete-for-good' }, 'Delete'))));
  document.body.append(dialog);
  dialog.showModal();
}
