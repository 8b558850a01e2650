/**
 * A PartialUpdate as bytes, with how far the log of its topic-partition reaches: what processes tell each other.
 *
 * Little endian; times, offsets, counts and cents are doubles that hold whole numbers:
 *   u8   layout, 1
 *   u16  length of the topic in bytes, u8[] the topic (UTF-8)
 *   u32  partition
 *   f64  epoch, from, to, nextOffset, watermark, gap, end of the log (-1 = not known)
 *   f64  ledger: in, counted, late, dead, duplicates
 *   f64  totals: events, orders, paidOrders, items, revenue
 *   u32  number of windows; of each:  f64 start, u32 length in bytes, u8[] packed
 */
import { AppError } from './errors.ts';
import type { PartialUpdate } from './message.ts';

export type ToldUpdate = {
  readonly update: PartialUpdate;
  /** The log reaches this far, as far as its reader knows; -1 = not known. */
  readonly end: number;
};

const LAYOUT = 1;
const PLACE = ['epoch', 'from', 'to', 'nextOffset', 'watermark'] as const;
const LEDGER = ['in', 'counted', 'late', 'dead', 'duplicates'] as const;
const TOTALS = ['events', 'orders', 'paidOrders', 'items', 'revenue'] as const;
const NUMBERS = PLACE.length + 2 + LEDGER.length + TOTALS.length;
const WINDOW_HEAD_BYTES = 12;

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export function encodeUpdate({ update, end }: ToldUpdate): Uint8Array<ArrayBuffer> {
  const topic = encoder.encode(update.topic);
  const windowBytes = update.windows.reduce((sum, { packed }) => sum + WINDOW_HEAD_BYTES + packed.length, 0);
  const bytes = new Uint8Array(1 + 2 + topic.length + 4 + NUMBERS * 8 + 4 + windowBytes);
  const view = new DataView(bytes.buffer);
  view.setUint8(0, LAYOUT);
  view.setUint16(1, topic.length, true);
  bytes.set(topic, 3);
  let at = 3 + topic.length;
  view.setUint32(at, update.partition, true);
  at += 4;
  const numbers = [
    ...PLACE.map((name) => update[name]),
    update.gap ?? 0,
    end,
    ...LEDGER.map((name) => update.ledger[name]),
    ...TOTALS.map((name) => update.totals[name]),
  ];
  for (const number of numbers) {
    view.setFloat64(at, number, true);
    at += 8;
  }
  view.setUint32(at, update.windows.length, true);
  at += 4;
  for (const { start, packed } of update.windows) {
    view.setFloat64(at, start, true);
    view.setUint32(at + 8, packed.length, true);
    bytes.set(packed, at + WINDOW_HEAD_BYTES);
    at += WINDOW_HEAD_BYTES + packed.length;
  }
  return bytes;
}

/** Windows are views of `bytes`. Throws `bad-message` for what is cut, too long, or of another layout. */
export function decodeUpdate(bytes: Uint8Array): ToldUpdate {
  const reader = new Reader(bytes);
  const layout = reader.u8();
  if (layout !== LAYOUT) throw wrong(`its layout is ${LAYOUT}`, layout);
  const topic = decoder.decode(reader.bytes(reader.u16()));
  const partition = reader.u32();
  const [epoch, from, to, nextOffset, watermark] = reader.f64s(PLACE);
  const [gap, end] = reader.f64s(['gap', 'end']);
  const [all, counted, late, dead, duplicates] = reader.f64s(LEDGER);
  const [events, orders, paidOrders, items, revenue] = reader.f64s(TOTALS);
  const windows = Array.from({ length: reader.count(WINDOW_HEAD_BYTES) }, () => ({
    start: reader.f64s(['start'])[0],
    packed: reader.bytes(reader.u32()),
  }));
  reader.end();
  const ledger = { in: all, counted, late, dead, duplicates };
  const totals = { events, orders, paidOrders, items, revenue };
  const place = { topic, partition, epoch, from, to, nextOffset, watermark, gap };
  return { update: { ...place, ledger, totals, windows }, end };
}

type SameLength<Names extends readonly string[]> = { [Place in keyof Names]: number };

class Reader {
  #bytes: Uint8Array;
  #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2), true);
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  f64s<const Names extends readonly string[]>(names: Names): SameLength<Names> {
    return names.map((name) => {
      const value = this.#view.getFloat64(this.#take(8), true);
      if (!Number.isInteger(value)) throw wrong(`"${name}" is a whole number`, value);
      return value;
    }) as SameLength<Names>;
  }

  bytes(length: number): Uint8Array {
    const at = this.#take(length);
    return this.#bytes.subarray(at, at + length);
  }

  /** How many things of at least `leastBytes` follow: a number that cannot be true is refused before it costs memory. */
  count(leastBytes: number): number {
    const count = this.u32();
    if (count * leastBytes > this.#bytes.length - this.#at) throw wrong('all its windows are in it', count);
    return count;
  }

  end(): void {
    if (this.#at !== this.#bytes.length) throw wrong('nothing follows its windows', this.#bytes.length - this.#at);
  }

  #take(length: number): number {
    const at = this.#at;
    if (length > this.#bytes.length - at) throw wrong('it is whole', this.#bytes.length);
    this.#at += length;
    return at;
  }
}

function wrong(rule: string, value: number): AppError {
  return new AppError(
    'bad-message',
    `Cannot read an update of another process unless ${rule}: current value is ${value}`,
  );
}
