/**
 * A seeded file of events as hostile as the contracts allow: what the product and the model must read alike.
 * Same options, same bytes. Event times run over `spanMs` from `start`, out of order, some far too late.
 */
import { closeSync, openSync, writeSync } from 'node:fs';
import { type Broken, broken, everyday, longLine } from './hostile-broken.ts';
import type { Maker } from './hostile-events.ts';
import { array, object } from './hostile-values.ts';
import { Random } from './random.ts';
import { RECORD_BYTES } from './rules.ts';

export type HostileOptions = {
  events?: number;
  seed?: number;
  /** First event time, epoch ms. */
  start?: number;
  spanMs?: number;
  brokenShare?: number;
  disorderMs?: number;
};

/** One line without its end, and what is meant to become of it where that does not depend on other lines. */
export type HostileLine = { bytes: Uint8Array; broken?: { reason: string; field: string | null }; record: boolean };

export const HOSTILE_START = Date.UTC(2025, 10, 20, 9, 0, 0);
const HOUR = 3_600_000;

export function* hostileLines(options: HostileOptions = {}): Generator<HostileLine> {
  const { events = 300_000, seed = 1, start = HOSTILE_START, spanMs = 3 * HOUR } = options;
  const { brokenShare = 0.05, disorderMs = 5000 } = options;
  const random = new Random(seed);
  const maker: Maker = { random, orders: 0, customers: Math.max(10, Math.round(events / 8)) };
  for (let made = 0; made < events; ) {
    const now = start + Math.floor((made / events) * spanMs);
    const at = eventTime(random, now, disorderMs);
    if (random.chance(0.002)) yield { bytes: Buffer.from(random.pick(['', ' ', '\t', '  \t '])), record: false };
    if (made === Math.floor(events / 3)) yield* atTheLimit(maker, at);
    if (random.chance(brokenShare)) {
      yield brokenLine(broken(maker, at));
      made++;
    } else if (random.chance(0.004)) {
      const elements = random.between(0, 6);
      yield { bytes: Buffer.from(arrayLine(maker, at, elements)), record: true };
      made += elements;
    } else {
      yield { bytes: Buffer.from(object(random, everyday(random)(maker, at))), record: true };
      made++;
    }
  }
}

/** The whole file as chunks of bytes: a BOM first, LF and CRLF mixed, no line end after the last line. */
export function* hostileChunks(options: HostileOptions = {}): Generator<Uint8Array> {
  const random = new Random((options.seed ?? 1) ^ 0x5eed);
  yield Buffer.from([0xef, 0xbb, 0xbf]);
  let first = true;
  for (const { bytes } of hostileLines(options)) {
    if (!first) yield Buffer.from(random.chance(0.1) ? '\r\n' : '\n');
    first = false;
    yield bytes;
  }
}

export function hostileFile(options: HostileOptions = {}): Uint8Array {
  return Buffer.concat([...hostileChunks(options)]);
}

export function writeHostileFile(path: string, options: HostileOptions = {}): void {
  const file = openSync(path, 'w');
  let waiting: Uint8Array[] = [];
  let size = 0;
  const flush = () => {
    writeSync(file, Buffer.concat(waiting));
    waiting = [];
    size = 0;
  };
  for (const chunk of hostileChunks(options)) {
    waiting.push(chunk);
    size += chunk.length;
    if (size > 1 << 22) flush();
  }
  flush();
  closeSync(file);
}

/** Mostly within the disorder; one in a hundred beyond the lateness or right at its edge. */
function eventTime(random: Random, now: number, disorderMs: number): number {
  const kind = random.next();
  if (kind < 0.005) return now - HOUR - random.between(60_000, 2 * HOUR);
  if (kind < 0.007) return now - HOUR + random.between(-3000, 3000);
  if (kind < 0.01) return now - random.between(0, HOUR);
  return now - random.between(0, disorderMs);
}

/** Lines of one byte below, exactly at and just above what a record may have, and one far above. */
function* atTheLimit(maker: Maker, at: number): Generator<HostileLine> {
  for (const bytes of [RECORD_BYTES - 1, RECORD_BYTES])
    yield { bytes: Buffer.from(longLine(maker, at, bytes)), record: true };
  for (const bytes of [RECORD_BYTES + 1, RECORD_BYTES + 70_000])
    yield brokenLine({ line: longLine(maker, at, bytes), reason: 'too-large', field: null });
}

function arrayLine(maker: Maker, at: number, elements: number): string {
  const { random } = maker;
  const list = Array.from({ length: elements }, () => {
    if (random.chance(0.1)) return random.pick(['5', 'null', '[]', '{}', '"text"', '{"type":"basket"}']);
    return object(random, everyday(random)(maker, at - random.between(0, 2000)));
  });
  return random.chance(0.2) ? ` ${array(list)} ` : array(list);
}

function brokenLine({ line, reason, field }: Broken): HostileLine {
  return { bytes: typeof line === 'string' ? Buffer.from(line) : line, broken: { reason, field }, record: true };
}
