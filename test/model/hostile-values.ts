/** JSON values as text, in every form that means the same: what the hostile writer builds its events from. */
import type { Random } from './random.ts';

/** A field: its name and its value, already JSON text. */
export type Field = readonly [name: string, json: string];

const HEX = (code: number) => code.toString(16).padStart(4, '0');

/** A JSON string: plain, with every non-ASCII character escaped, or with some ASCII escaped without need. */
export function text(random: Random, value: string): string {
  const plain = JSON.stringify(value);
  const form = random.next();
  if (form < 0.7) return plain;
  if (form < 0.9)
    return plain.replace(/[^\x20-\x7e]/g, (char) => {
      const escaped = `\\u${HEX(char.charCodeAt(0))}`;
      return random.chance(0.5) ? escaped : escaped.toUpperCase().replace('\\U', '\\u');
    });
  const at = random.between(0, value.length);
  const char = value[at];
  if (char === undefined || char < ' ' || char > '~') return plain.replaceAll('/', '\\/');
  return `${JSON.stringify(value.slice(0, at)).slice(0, -1)}\\u${HEX(char.charCodeAt(0))}${JSON.stringify(value.slice(at + 1)).slice(1)}`;
}

/** An id: text, or now and then the bare integer where it is one. */
export function id(random: Random, value: string): string {
  return /^[1-9]\d{0,14}$/.test(value) && random.chance(0.7) ? value : text(random, value);
}

/** Cents as 19.90, 19.9, 19.900, 1990e-2, 1.99e1 or the string "19.90". */
export function money(random: Random, cents: number): string {
  const whole = Math.trunc(cents / 100);
  const fixed = `${whole}.${String(cents % 100).padStart(2, '0')}`;
  switch (random.between(0, 11)) {
    case 0:
      return `${fixed}0`;
    case 1:
      return `${cents}e-2`;
    case 2:
      return `"${fixed}"`;
    case 3:
      return `"${fixed}00"`;
    case 4:
      return cents % 100 === 0 ? `${whole}` : fixed;
    case 5:
      return cents % 10000 === 0 && cents > 0 ? `${cents / 10000}E2` : fixed;
    case 6:
      return cents % 100 === 0 ? `"${whole}"` : String(cents / 100);
    case 7:
      return Number(`${cents / 1000}e1`) === cents / 100 ? `${cents / 1000}e1` : fixed;
    default:
      return fixed;
  }
}

/** A whole number as 100, 100.0, 1e2 or 100.00. */
export function integer(random: Random, value: number): string {
  switch (random.between(0, 9)) {
    case 0:
      return `${value}.0`;
    case 1:
      return value !== 0 && value % 100 === 0 ? `${value / 100}e2` : `${value}`;
    case 2:
      return `${value}e0`;
    default:
      return `${value}`;
  }
}

/** An instant as milliseconds, as 1763600000.123e3, or as ISO 8601 with Z, an offset, no zone, no milliseconds. */
export function time(random: Random, ms: number): string {
  const iso = new Date(ms).toISOString();
  switch (random.between(0, 11)) {
    case 0:
      return `"${iso}"`;
    case 1:
      return `"${iso.slice(0, -1)}"`;
    case 2:
      return `"${new Date(ms - 10_800_000).toISOString().slice(0, -1)}-03:00"`;
    case 3:
      return `"${new Date(ms + 19_800_000).toISOString().slice(0, -1)}+05:30"`;
    case 4:
      return ms % 1000 === 0 ? `"${iso.slice(0, 19)}Z"` : `"${iso.slice(0, 23)}+00:00"`;
    case 5:
      return `${Math.floor(ms / 1000)}.${String(ms % 1000).padStart(3, '0')}e3`;
    default:
      return `${ms}`;
  }
}

/** An object of the fields: any order, any whitespace, sometimes extra keys, sometimes a key written with an escape. */
export function object(random: Random, fields: readonly Field[]): string {
  const all = random.chance(0.1) ? [...fields, ...extras(random)] : fields;
  const ordered = random.chance(0.2) ? random.shuffled(all) : all;
  const gap = random.chance(0.1) ? () => random.pick(['', ' ', '  ', '\t', ' \t ']) : () => '';
  const members = ordered.map(([name, json]) => {
    const key = random.chance(0.005) ? `"\\u${HEX(name.charCodeAt(0))}${name.slice(1)}"` : `"${name}"`;
    return `${gap()}${key}${gap()}:${gap()}${json}${gap()}`;
  });
  return `{${members.join(',')}}`;
}

export function array(values: readonly string[]): string {
  return `[${values.join(',')}]`;
}

function extras(random: Random): Field[] {
  return random
    .shuffled<Field>([
      [
        'note',
        text(random, random.pick(['ação "rápida"', 'a\\b\tc\n', '{"type":"click"}', '","order_id":"x', '🚚 €'])),
      ],
      ['meta', '{"type":"refund","items":[{"price":1e999,"quantity":[]}],"deep":[[[[{"a":null}]]]]}'],
      ['tags', '["a",1,null,true,{"order_id":"other"}]'],
      ['version', '2.50e-3'],
      ['order_id_', '"not the id"'],
      ['Timestamp', '0'],
      ['comment', JSON.stringify('lorem ipsum dolor sit amet '.repeat(random.between(1, 40)))],
    ])
    .slice(0, random.between(1, 3));
}
