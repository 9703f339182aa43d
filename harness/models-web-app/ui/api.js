// The backend. Addresses are relative to the base element, so the page works under any prefix.

const enc = encodeURIComponent;
const token = () => document.cookie.match(/(?:^|;\s*)XSRF-TOKEN=([^;]*)/)?.[1] ?? '';

async function call(path, { method = 'GET', body, type = 'application/json' } = {}) {
  const headers = method === 'GET' ? {} : { 'X-XSRF-TOKEN': token() };
  if (body !== undefined) headers['Content-Type'] = type;
  const answer = await fetch(path, { method, headers, body });
  const text = await answer.text();
  let said;
  try {
    said = JSON.parse(text);
  } catch {
    throw new Error(`The server answered ${answer.status} with something that is not JSON.`);
  }
  if (!answer.ok) throw Object.assign(new Error(said.log ?? said.message ?? text), { status: answer.status });
  return said;
}

const services = (namespace) => `api/namespaces/${enc(namespace)}/inferenceservices`;
const service = (namespace, name) => `${services(namespace)}/${enc(name)}`;
const component = (namespace, name, which) => `${service(namespace, name)}/components/${enc(which)}/pods/containers`;

export const list = async (namespace) => (await call(services(namespace))).inferenceServices;
export const get = async (namespace, name) => (await call(service(namespace, name))).inferenceService;
export const events = async (namespace, name) => (await call(`${service(namespace, name)}/events`)).events;
export const containers = async (...of) => (await call(component(...of))).containers;
export const logs = async (container, ...of) => (await call(`${component(...of)}/${enc(container)}/logs`)).logs;
export const create = (namespace, yaml) => call(services(namespace), { method: 'POST', body: yaml, type: 'application/yaml' });
export const remove = (namespace, name) => call(service(namespace, name), { method: 'DELETE' });
export const config = () => call('api/config');
export const namespaces = async () => (await call('api/config/namespaces')).namespaces;

/** Whether Grafana answers on this origin. */
export async function hasGrafana(prefix) {
  try {
    const answer = await fetch(`${prefix}/api/search`, { signal: AbortSignal.timeout(1000) });
    return answer.ok && Array.isArray(await answer.json());
  } catch {
    return false;
  }
}

/** Follows a namespace's services; gives what ends it. */
export function follow(namespace, onChange, onError) {
  const known = new Map();
  const source = new EventSource(`api/sse/namespaces/${enc(namespace)}/inferenceservices`);
  source.onmessage = ({ data }) => {
    const { type, items, object } = JSON.parse(data);
    if (type === 'ERROR') return onError(new Error(object.message));
    if (type === 'INITIAL') known.clear();
    for (const item of items ?? []) known.set(item.metadata.name, item);
    if (type === 'DELETED') known.delete(object.metadata.name);
    else if (object) known.set(object.metadata.name, object);
    return onChange([...known.values()]);
  };
  // What breaks is opened again by the browser; what is refused is not.
  source.onerror = () => {
    if (source.readyState === EventSource.CLOSED) onError(new Error('Changes are not shown any more: the server ended the connection.'));
  };
  return () => source.close();
}
