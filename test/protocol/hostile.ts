/** Arbitrary records for property tests: events written in every form of JSON, good and bad, and bytes gone wrong. */
import fc from 'fast-check';
import { CLICK, DELIVERY, FLAT, INNER_ORDER, type Json, NESTED, ORDER, REFUND, RESTOCK, recordOf } from './samples.ts';

const pick = (...texts: string[]) => fc.constantFrom(...texts);
/** A text as JSON, with any of its characters escaped without need. */
const escaped = fc
  .tuple(fc.string({ unit: 'binary', maxLength: 12 }), fc.infiniteStream(fc.boolean()))
  .map(([text, flips]) => {
    const units = Array.from({ length: text.length }, (_, at) => text.charCodeAt(at).toString(16).padStart(4, '0'));
    return `"${units.map((hex, at) => (flips.next().value ? `\\u${hex}` : JSON.stringify(text[at]).slice(1, -1))).join('')}"`;
  });

/** Values of a kind: tame ones are what pulso itself writes, wild ones are everything else that JSON or users can do. */
type Values = { readonly tame: fc.Arbitrary<string>; readonly wild: fc.Arbitrary<string> };

const id: Values = {
  tame: fc.stringMatching(/^[a-z0-9-]{1,24}$/).map((text) => `"${text}"`),
  wild: fc.oneof(
    escaped,
    pick('7', '1e2', '-3', '""', '1.5', '9007199254740993', '"ção"', `"${'x'.repeat(200)}"`, `"${'x'.repeat(201)}"`),
  ),
};
const text: Values = {
  tame: pick('"SP"', '"toys"', '"credit_card"', '"São Paulo"', '"東京"', '"😀"', '"unknown"', '"approved"'),
  wild: fc.oneof(
    escaped,
    pick('""', '" "', `"${'ç'.repeat(33)}"`, `"${'y'.repeat(999)}é"`, '"\\ud800"', '"\t"', '"a\\/b"', '5'),
  ),
};
const money: Values = {
  tame: fc.oneof(
    fc.tuple(fc.nat(1e6), fc.nat(99)).map(([units, cents]) => `${units}.${String(cents).padStart(2, '0')}`),
    fc.tuple(fc.nat(1e6), fc.nat(9)).map(([units, tenths]) => `${units}.${tenths}`),
    fc.nat(1e6).map(String),
  ),
  wild: fc.oneof(
    fc.double().map((value) => JSON.stringify(value)),
    pick('19.900', '1e2', '-0', '00.5', '1.', '.5', '+1', '"19.90"', '100000000000', '100000000000.01', '-1', '1E400'),
    pick('999999999999.99', '99999999999.99', '99999999999.995', '19.999', '0.10000000000000000001', '1.5e', '0.0'),
  ),
};
const whole: Values = {
  tame: fc.integer({ min: 1, max: 50 }).map(String),
  wild: pick('0', '00', '01', '-1', '1.0', '1e6', '1000000', '1000001', '10000000', '"2"', '2.5', '-0'),
};
const time: Values = {
  tame: fc.integer({ min: 1763000000000, max: 1763700000000 }).map(String),
  wild: pick(
    ...['0', '00', '-1', '999999999999999', '9999999999999999', '1.7e12', '"2025-11-20T01:00:00Z"', '"now"'],
    ...[
      '"2025-11-20T01:00:00"',
      '1763600000000.0',
      '1763600000000.5',
      '4070908800000',
      '1763700300000',
      '1763700300001',
    ],
  ),
};
const STATUSES: Readonly<Record<string, readonly string[]>> = {
  payment_status: ['"approved"', '"failed"', '"pending"', '"unknown"'],
  status: ['"pending"', '"shipped"', '"delivered"', '"returned"'],
  event_type: ['"view"', '"cart"', '"purchase"'],
};
const anyJson = pick('null', 'null', 'null', 'true', '{}', '[]', '[1]', '5', '""');

function valuesFor(name: string): Values {
  const statuses = STATUSES[name];
  if (statuses) return { tame: pick(...statuses), wild: pick(...Object.values(STATUSES).flat(), '"lost"', '"View"') };
  if (name.endsWith('items')) return itemsJson(name === 'items' ? ['product_id', 'product'] : ['product_id']);
  if (/time/.test(name)) return time;
  if (/_id$|session/.test(name)) return id;
  if (/price|amount|value|cost|discount/.test(name)) return money;
  return name === 'quantity' ? whole : text;
}

type Field = readonly [name: string, json: string];
type Shape = 'as-is' | 'shuffled' | 'less' | 'more' | 'twice';

/** The JSON of an object with the sample's fields: tight and in their order, but for at most a few odd things. */
function objectJson(sample: Json, fixed: Record<string, fc.Arbitrary<string>> = {}): fc.Arbitrary<string> {
  const names = Object.keys(sample);
  const values = names.map((name) => (fixed[name] ? { tame: fixed[name], wild: fixed[name] } : valuesFor(name)));
  const tame = fc.tuple(...values.map((value) => value.tame));
  const wild = fc.tuple(...values.map((value) => fc.oneof({ weight: 3, arbitrary: value.wild }, anyJson)));
  const chosen = fc
    .tuple(tame, wild, fc.constantFrom('none', 'none', 'one', 'one', 'all'), fc.nat())
    .map(([tameJsons, wildJsons, how, where]) =>
      names.map((name, at): Field => {
        const isWild = how === 'all' || (how === 'one' && at === where % names.length);
        return [name, (isWild ? wildJsons : tameJsons)[at] as string];
      }),
    );
  const shape = fc.oneof(
    { weight: 8, arbitrary: fc.constant<Shape>('as-is') },
    { weight: 2, arbitrary: fc.constantFrom<Shape>('shuffled', 'less', 'more', 'twice') },
  );
  const space = fc.oneof({ weight: 19, arbitrary: fc.constant('') }, pick(' ', '\t', '\n', '\r'));
  return fc.tuple(chosen, shape, fc.nat(), space).map(([fields, how, where, gap]) => {
    const members = reshape(fields, how, where).map(([name, json]) => `${gap}"${name}"${gap}:${gap}${json}`);
    return `{${members.join(',')}${gap}}`;
  });
}

function reshape(fields: readonly Field[], how: Shape, where: number): readonly Field[] {
  const at = where % fields.length;
  const field = fields[at] as Field;
  switch (how) {
    case 'as-is':
      return fields;
    case 'shuffled':
      return [...fields.slice(at), ...fields.slice(0, at)];
    case 'less':
      return fields.toSpliced(at, 1);
    case 'more':
      return fields.toSpliced(at, 0, ['extra', '{"type":"click","deep":[[{}]]}']);
    case 'twice':
      return fields.toSpliced(at, 0, [field[0], 'null']);
  }
}

function itemsJson(products: readonly string[]): Values {
  const item = (name: string, named: boolean) =>
    objectJson({ [name]: 0, category: 0, quantity: 0, price: 0, ...(named ? { product_name: 0 } : {}) });
  const list = (one: fc.Arbitrary<string>) =>
    fc.array(one, { minLength: 1, maxLength: 3 }).map((items) => `[${items.join(',')}]`);
  const [usual = ''] = products;
  return {
    tame: list(fc.oneof({ weight: 3, arbitrary: item(usual, false) }, item(usual, true))),
    wild: fc.oneof(pick('[]', '[null]', '[5]'), ...products.map((name) => list(item(name, false)))),
  };
}

const typed = [ORDER, ORDER, ORDER, DELIVERY, REFUND, RESTOCK, CLICK, CLICK].map((sample) =>
  objectJson(sample, {
    type: fc.oneof(
      { weight: 20, arbitrary: fc.constant(`"${sample.type}"`) },
      { weight: 1, arbitrary: pick('"basket"', 'null', '"click"', '"ord\\u0065r"') },
    ),
  }),
);
const nested = objectJson(NESTED, {
  order: objectJson(INNER_ORDER),
  delivery: objectJson(NESTED.delivery),
});
const event = fc.oneof(
  { weight: 12, arbitrary: fc.oneof(...typed) },
  { weight: 2, arbitrary: fc.oneof(objectJson(FLAT), objectJson(INNER_ORDER), nested) },
  { weight: 1, arbitrary: fc.json() },
);
const written = fc.oneof(
  { weight: 12, arbitrary: event },
  { weight: 1, arbitrary: fc.array(event, { maxLength: 4 }).map((events) => `[${events.join(',')}]`) },
  { weight: 1, arbitrary: event.map((json) => `\ufeff${json}`) },
  { weight: 1, arbitrary: event.map((json) => `${json}\r`) },
);

/** A record as it may stand in a log: mostly an event as JSON, sometimes cut off or with bytes changed, put in or left out. */
export const hostileRecord: fc.Arbitrary<Uint8Array> = fc
  .tuple(
    written.map(recordOf),
    fc.constantFrom(...Array(9).fill('whole'), 'cut', 'byte', 'bit', 'insert', 'remove'),
    fc.nat(),
    fc.nat(255),
  )
  .map(([record, how, where, byte]) => {
    const at = where % Math.max(1, record.length);
    switch (how) {
      case 'cut':
        return record.slice(0, at);
      case 'byte':
        return record.with(at, byte);
      case 'bit':
        return record.length === 0 ? record : record.with(at, (record[at] as number) ^ (1 << (byte % 8)));
      case 'insert':
        return Uint8Array.of(...record.subarray(0, at), byte, ...record.subarray(at));
      case 'remove':
        return Uint8Array.of(...record.subarray(0, at), ...record.subarray(at + 1));
      default:
        return record;
    }
  });
