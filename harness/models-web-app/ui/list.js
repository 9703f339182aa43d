// The services of a namespace.

import * as api from './api.js';
import { age, h, link, refusal, row, table, tell } from './dom.js';
import { badge, model, state } from './status.js';

const byName = new Intl.Collator(undefined, { numeric: true }).compare;

/** Shows them and keeps them up to date; gives what ends that. */
export function show(main, namespace) {
  const at = `#/${encodeURIComponent(namespace)}`;
  const place = h('div', { 'aria-busy': 'true' }, h('p', { class: 'soft' }, 'Loading…'));
  main.replaceChildren(
    h('div', { class: 'bar' }, h('h1', {}, 'Model servers'),
      h('a', { class: 'button primary', href: `${at}/+new` }, 'New model server')), place);
  const rows = new Rows(namespace, at);
  const shown = table('Model servers', ['Status', 'Name', 'Model', 'URL', 'Age', 'Actions'], []);
  let over = false;
  let latest;
  const draw = (services) => {
    latest = undefined;
    if (over) return;
    place.removeAttribute('aria-busy');
    rows.update(shown.tBodies[0], services);
    const content = services.length ? shown : h('p', { class: 'soft' }, `No model servers in ${namespace}.`);
    if (place.firstChild !== content) place.replaceChildren(content);
  };
  // However many changes come at once, the page is drawn once a frame.
  const changed = (services) => {
    if (!latest) requestAnimationFrame(() => draw(latest));
    latest = services;
  };
  const failed = (error) => { if (!over) place.replaceChildren(refusal(error)); };
  let end = () => {};
  // The list first: it says why it is refused, which a stream cannot.
  api.list(namespace).then((services) => {
    if (over) return;
    draw(services);
    performance.mark('listed'); // for whoever measures how long that took
    end = api.follow(namespace, changed, failed);
  }, failed);
  return () => { over = true; end(); };
}

/** The rows that there are, so that one which has not changed stays as it is, and with it where the reader was. */
class Rows {
  known = new Map();

  constructor(namespace, at) {
    this.namespace = namespace;
    this.at = at;
  }

  /** Makes a table's body show these services. */
  update(body, services) {
    services.sort((a, b) => byName(a.metadata.name, b.metadata.name));
    const wanted = services.map((service) => this.row(service));
    const stays = new Set(wanted);
    for (const old of [...body.rows]) if (!stays.has(old)) old.remove();
    wanted.forEach((wants, index) => {
      if (body.rows[index] !== wants) body.insertBefore(wants, body.rows[index] ?? null);
    });
  }

  row(service) {
    const { name, resourceVersion: version } = service.metadata;
    const known = this.known.get(name);
    if (known?.version === version) return known.made;
    const made = row(this.cells(service));
    const controls = (of) => [...of.querySelectorAll('a, button')];
    const focused = known ? controls(known.made).findIndex((control) => control === document.activeElement) : -1;
    if (known) known.made.replaceWith(made);
    controls(made)[focused]?.focus({ preventScroll: true });
    this.known.set(name, { version, made });
    return made;
  }

  cells(service) {
    const { name, creationTimestamp } = service.metadata;
    const why = state(service)[2];
    return [
      [badge(service), why && h('small', { class: 'soft why' }, why)], h('a', { href: `${this.at}/${encodeURIComponent(name)}` }, name),
      model(service).format, link(service.status?.url), age(creationTimestamp),
      h('button', { class: 'danger', 'aria-label': `Delete ${name}`, click: () => confirm(this.namespace, name) }, 'Delete'),
    ];
  }
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
