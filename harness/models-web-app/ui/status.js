// What is to be said of a service's state.

import { h } from './dom.js';

export const condition = (service, type) => service.status?.conditions?.find((known) => known.type === type);

/** A word, a class for its colour, and why. */
export function state(service) {
  const ready = condition(service, 'Ready');
  if (service.metadata.deletionTimestamp) return ['Deleting', 'going', 'waits for what it owns'];
  if (!ready) return ['Waiting', 'waiting', 'no controller has looked at it yet'];
  if (ready.status === 'True') return ['Ready', 'ready', ''];
  const cause = service.status.conditions.find((known) => known.status === 'False' && known.message) ?? ready;
  const failed = service.status.modelStatus?.transitionStatus === 'BlockedByFailedLoad' || ready.status === 'False';
  return [failed ? 'Not ready' : 'Starting', failed ? 'failed' : 'waiting', cause.message ?? cause.reason ?? ''];
}

export function badge(service) {
  const [word, kind] = state(service);
  return h('span', { class: `status ${kind}` }, word);
}

/** The predictor's model, wherever it is written. */
export function model(service) {
  const predictor = service.spec?.predictor ?? {};
  const old = Object.entries(predictor).find(([, part]) => part?.storageUri || part?.protocolVersion);
  const found = predictor.model ?? old?.[1] ?? {};
  return { format: found.modelFormat?.name ?? old?.[0], uri: found.storageUri, runtime: found.runtime };
}
