// Elements, made without markup: nothing that a cluster says can become code.

/** An element with attributes (or, for functions, listeners) and children. */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (typeof value === 'function') element.addEventListener(name, value);
    else if (value === true) element.setAttribute(name, '');
    else if (value !== false && value != null) element.setAttribute(name, value);
  }
  element.append(...children.flat().filter((child) => child != null));
  return element;
}

/** A table with a heading for each column, of rows as `row` makes them. */
export function table(caption, headings, rows) {
  return h('table', { 'aria-label': caption },
    h('thead', {}, h('tr', {}, headings.map((heading) => h('th', { scope: 'col' }, heading)))),
    h('tbody', {}, rows));
}

/** A row of a table. Short texts stay on one line, long ones break wherever they must. */
export function row(cells) {
  return h('tr', {}, cells.map((cell) => {
    const made = h('td', {}, cell ?? '');
    if (made.textContent.length < 25) made.className = 'short';
    return made;
  }));
}

/** Terms and what they are; those without a value are left out. */
export function terms(pairs) {
  return h('dl', {}, pairs.filter(([, value]) => value != null && value !== '')
    .flatMap(([term, value]) => [h('dt', {}, term), h('dd', {}, value)]));
}

/** A refusal, in the server's words. */
export const refusal = (error) => h('p', { class: 'error', role: 'alert' }, error.message);

/** Tells those who cannot see the page. */
export const tell = (text) => { document.getElementById('told').textContent = text; };

/** How long ago a time was. */
export function age(time) {
  const seconds = Math.max(0, (Date.now() - Date.parse(time)) / 1000);
  for (const [unit, size] of [['d', 86400], ['h', 3600], ['m', 60]]) {
    if (seconds >= size) return `${Math.floor(seconds / size)}${unit}`;
  }
  return Number.isNaN(seconds) ? '' : `${Math.floor(seconds)}s`;
}

/** A link, if the text is an address that a browser may open. */
export const link = (url) => (/^https?:\/\//.test(url ?? '') ? h('a', { href: url, rel: 'noreferrer' }, url) : url);
