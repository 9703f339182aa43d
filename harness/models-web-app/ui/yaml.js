// YAML as it is shown, and the lines of it that messages are about.

const PLAIN = /^[A-Za-z/](?:[\w./@%+=,-]| (?![\s#])|:(?=\S))*$/;
const WORDS = /^(y|n|yes|no|on|off|true|false|null|~)$/i;

const scalar = (value) => (typeof value === 'string' && PLAIN.test(value) && !WORDS.test(value) && !value.endsWith(' ')
  ? value : JSON.stringify(value));

/** A value, in block style. */
export function yaml(value, indent = '') {
  if (Array.isArray(value) && value.length) {
    return value.map((item) => `${indent}- ${yaml(item, `${indent}  `).trimStart()}`).join('');
  }
  if (value && typeof value === 'object' && Object.keys(value).length) {
    return Object.entries(value).filter(([, part]) => part !== undefined).map(([key, part]) => {
      const nested = part && typeof part === 'object' && Object.keys(part).length;
      return `${indent}${scalar(key)}:${nested ? `\n${yaml(part, Array.isArray(part) ? indent : `${indent}  `)}` : ` ${scalar(part)}\n`}`;
    }).join('');
  }
  return `${indent}${scalar(value)}\n`;
}

/** The line (from 1) that a message is about: one that it names, or that of the field whose path it names. */
export function lineOf(text, message) {
  const named = /\bline (\d+)/i.exec(message);
  if (named) return Number(named[1]);
  const path = /(?:^|[\s[,])((?:metadata|spec|kind|apiVersion|status)(?:\.[\w-]+|\[[\w-]+\])*)/.exec(message)?.[1];
  if (!path) return undefined;
  const steps = path.match(/[\w-]+/g);
  // As deep as the text goes: a field that is missing is told at what should hold it.
  for (let depth = steps.length; depth > 0; depth -= 1) {
    const line = find(text.split('\n'), steps.slice(0, depth));
    if (line) return line;
  }
  return undefined;
}

/** The line of a path in block style: each step is a key that is indented further than the one before, or an item of a list. */
function find(lines, steps) {
  let at = 0;
  let indent = -1;
  for (const step of steps) {
    const item = /^\d+$/.test(step) ? Number(step) : undefined;
    let seen = -1;
    let column;
    let hit;
    for (let index = at; index < lines.length && hit === undefined; index += 1) {
      const [, blanks, dash, key] = /^(\s*)((?:- )*)(?:"?([\w./-]+)"?:)?/.exec(lines[index]);
      if (!lines[index].trim() || lines[index].trim().startsWith('#')) continue;
      const depth = blanks.length + dash.length;
      if (index > at && blanks.length <= indent && !dash) break;
      if (item !== undefined && dash) {
        column ??= blanks.length;
        if (blanks.length !== column) continue;
        seen += 1;
        if (seen === item) hit = [index, blanks.length];
      } else if (item === undefined && key === step && depth > indent) {
        hit = [index, depth];
      }
    }
    if (!hit) return undefined;
    // An item's own line can hold its first key.
    [at, indent] = item === undefined ? [hit[0] + 1, hit[1]] : hit;
    if (step === steps.at(-1)) return hit[0] + 1;
  }
  return undefined;
}
