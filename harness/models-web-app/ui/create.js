// A new service, from YAML. What the server says is shown at the line that it is about.

import * as api from './api.js';
import { h, tell } from './dom.js';
import { lineOf } from './yaml.js';

const example = (namespace) => `apiVersion: serving.kserve.io/v1beta1
kind: InferenceService
metadata:
  name: sklearn-iris
  namespace: ${namespace}
spec:
  predictor:
    model:
      modelFormat:
        name: sklearn
      storageUri: gs://kfserving-examples/models/sklearn/1.0/model
`;

export function show(main, namespace) {
  const told = h('div', { id: 'refused', 'aria-live': 'assertive' });
  const area = h('textarea', { id: 'yaml', spellcheck: 'false', 'aria-describedby': 'refused' });
  area.value = example(namespace);
  const send = async (event) => {
    event.preventDefault();
    told.replaceChildren();
    area.removeAttribute('aria-invalid');
    try {
      tell((await api.create(namespace, area.value)).message);
      window.location.hash = `#/${encodeURIComponent(namespace)}`;
    } catch (error) {
      refuse(error);
    }
  };
  const refuse = ({ message }) => {
    const line = lineOf(area.value, message);
    told.replaceChildren(h('p', { class: 'error', role: 'alert' }, line ? `Line ${line}: ${message}` : message));
    area.setAttribute('aria-invalid', 'true');
    if (!line) return;
    const lines = area.value.split('\n');
    const from = lines.slice(0, line - 1).join('\n').length + (line > 1 ? 1 : 0);
    area.focus();
    area.setSelectionRange(from, from + lines[line - 1].length);
  };
  main.replaceChildren(h('h1', {}, 'New model server'), h('form', { submit: send },
    h('label', { for: 'yaml' }, 'InferenceService, as YAML or JSON'), area, told,
    h('p', { class: 'bar' }, h('a', { class: 'button', href: `#/${encodeURIComponent(namespace)}` }, 'Cancel'),
      h('button', { class: 'primary', id: 'create' }, 'Create'))));
}
