// One service, in tabs.

import * as api from './api.js';
import { age, h, link, refusal, row, table, terms } from './dom.js';
import { confirm } from './list.js';
import { badge, model, state } from './status.js';
import { yaml } from './yaml.js';

const TABS = { overview, details, metrics, logs, yaml: text, events };
const NAMES = { yaml: 'YAML' };
const label = (tab) => NAMES[tab] ?? tab[0].toUpperCase() + tab.slice(1);

/** Shows it; `tab` is the one that is open. */
export async function show(main, namespace, name, tab = 'overview') {
  const open = TABS[tab] ? tab : 'overview';
  const at = (other) => `#/${encodeURIComponent(namespace)}/${name}/${other}`;
  const go = (other) => { window.location.hash = at(other); };
  const keys = Object.keys(TABS);
  const key = ({ key: pressed }) => {
    const step = { ArrowRight: 1, ArrowLeft: -1 }[pressed];
    if (step) go(keys[(keys.indexOf(open) + step + keys.length) % keys.length]);
  };
  const tabs = keys.map((known) => h('button', {
    role: 'tab', id: `tab-${known}`, 'aria-selected': String(known === open), 'aria-controls': 'panel',
    tabindex: known === open ? 0 : -1, click: () => go(known), keydown: key,
  }, label(known)));
  const panel = h('section', { role: 'tabpanel', id: 'panel', 'aria-labelledby': `tab-${open}`, tabindex: 0 },
    h('p', { class: 'soft' }, 'Loading…'));
  main.replaceChildren(
    h('div', { class: 'bar' }, h('h1', {}, name),
      h('button', { class: 'danger', click: () => confirm(namespace, name, () => { window.location.hash = '#/'; }) }, 'Delete')),
    h('div', { role: 'tablist', 'aria-label': name }, tabs), panel);
  if (document.activeElement === document.body) tabs[keys.indexOf(open)].focus({ preventScroll: true });
  try {
    const service = await api.get(namespace, name);
    panel.replaceChildren(...[await TABS[open](service, namespace, name)].flat());
  } catch (error) {
    panel.replaceChildren(refusal(error));
  }
}

function overview(service) {
  const status = service.status ?? {};
  const found = model(service);
  return [
    terms([['Status', badge(service)], ['Why', state(service)[2]], ['URL', link(status.url)], ['Format', found.format],
      ['Storage', found.uri], ['Runtime', found.runtime], ['Deployed as', service.deploymentMode],
      ['Created', `${age(service.metadata.creationTimestamp)} ago`]]),
    h('h2', {}, 'Conditions'),
    table('Conditions', ['Type', 'Status', 'Reason', 'Message', 'Since'],
      (status.conditions ?? []).map((known) => row([known.type, known.status, known.reason, known.message, age(known.lastTransitionTime)]))),
  ];
}

function details(service) {
  const { labels = {}, annotations = {}, uid, generation } = service.metadata;
  const parts = Object.entries(service.status?.components ?? {});
  return [
    terms([['UID', uid], ['Generation', String(generation ?? '')]]),
    h('h2', {}, 'Labels'), terms(Object.entries(labels)),
    h('h2', {}, 'Annotations'), terms(Object.entries(annotations)),
    h('h2', {}, 'Components'),
    table('Components', ['Component', 'Ready revision', 'Newest revision', 'URL'],
      parts.map(([part, known]) => row([part, known.latestReadyRevision, known.latestCreatedRevision, link(known.url)]))),
  ];
}

async function metrics(service, namespace) {
  const { grafanaPrefix, grafanaCpuMemoryDb, grafanaHttpRequestsDb } = await api.config();
  if (!await api.hasGrafana(grafanaPrefix)) return h('p', { class: 'soft' }, `No Grafana answers at ${grafanaPrefix}.`);
  return Object.entries(service.status?.components ?? {}).flatMap(([part, known]) => {
    const query = new URLSearchParams({
      orgId: '1', kiosk: 'tv', 'var-namespace': namespace,
      'var-configuration': known.latestCreatedRevision?.replace(/-\d+$/, '') ?? '', 'var-revision': known.latestCreatedRevision ?? 'All',
    });
    return [[grafanaCpuMemoryDb, 'processors and memory'], [grafanaHttpRequestsDb, 'requests']].flatMap(([board, about]) => [
      h('h2', {}, `${part}: ${about}`), h('iframe', { src: `${grafanaPrefix}/dashboard/${board}?${query}`, title: `${part}: ${about}` }),
    ]);
  });
}

async function logs(service, namespace, name) {
  const parts = ['predictor', 'transformer', 'explainer'].filter((part) => service.spec?.[part]);
  return Promise.all(parts.map(async (part) => {
    const out = h('pre', { tabindex: 0, 'aria-label': `Log of ${part}` });
    const read = async (container) => {
      try {
        out.textContent = (await api.logs(container, namespace, name, part)).join('\n');
      } catch (error) {
        out.textContent = error.message;
      }
    };
    try {
      const containers = await api.containers(namespace, name, part);
      const select = h('select', { id: `log-${part}`, change: () => read(select.value) }, containers.map((known) => h('option', {}, known)));
      await read(containers[0]);
      return h('div', {}, h('h2', {}, part), h('div', { class: 'bar' }, h('label', { for: `log-${part}` }, 'Container ', select),
        h('button', { click: () => read(select.value) }, 'Read again')), out);
    } catch (error) {
      return h('div', {}, h('h2', {}, part), refusal(error));
    }
  }));
}

function text(service) {
  const { deploymentMode, ...object } = service;
  const { managedFields, ...metadata } = object.metadata;
  return h('pre', { tabindex: 0, 'aria-label': 'YAML' }, yaml({ ...object, metadata }));
}

async function events(service, namespace, name) {
  const found = await api.events(namespace, name);
  if (!found.length) return h('p', { class: 'soft' }, 'No events.');
  const last = (event) => event.lastTimestamp ?? event.eventTime ?? event.metadata.creationTimestamp;
  found.sort((a, b) => Date.parse(last(b)) - Date.parse(last(a)));
  return table('Events', ['Type', 'Reason', 'Message', 'Count', 'Last seen'],
    found.map((event) => row([event.type, event.reason, event.message, String(event.count ?? 1), age(last(event))])));
}
