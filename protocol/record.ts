/** One record of the log as the events it holds: bytes to parsed JSON to readings. Never throws. */
import { cutText } from './cut-text.ts';
import { readEvent } from './dialect.ts';
import { LIMITS } from './event.ts';
import type { Problem } from './fields.ts';
import type { Reading } from './reading.ts';

/** What a record holds: one event, the events of an array, or nothing that can be taken apart. */
export type RecordContent =
  | { readonly type: 'event'; readonly reading: Reading; readonly value: unknown }
  | { readonly type: 'array'; readonly readings: readonly Reading[]; readonly elements: readonly unknown[] }
  | { readonly type: 'unreadable'; readonly problem: Problem };

const strict = new TextDecoder('utf-8', { fatal: true });
const lenient = new TextDecoder();
/** Enough bytes for the excerpt's characters, whatever they are. */
const EXCERPT_BYTES = LIMITS.excerptCharacters * 4;

/** Reads a whole record; a byte order mark before it is not part of it. */
export function readRecord(bytes: Uint8Array): RecordContent {
  if (bytes.length > LIMITS.recordBytes) return unreadable('too-large');
  let value: unknown;
  try {
    value = JSON.parse(strict.decode(bytes));
  } catch {
    return unreadable('not-json');
  }
  if (!Array.isArray(value)) return { type: 'event', reading: readEvent(value), value };
  if (value.length > LIMITS.eventsPerRecord) return unreadable('too-large');
  return { type: 'array', readings: value.map(readEvent), elements: value };
}

function unreadable(reason: Problem['reason']): RecordContent {
  return { type: 'unreadable', problem: { reason, field: null } };
}

/** How a record begins, for people to recognise it by. */
export function excerptOf(bytes: Uint8Array): string {
  return cutText(lenient.decode(bytes.subarray(0, EXCERPT_BYTES)), LIMITS.excerptCharacters);
}

/** How an element of a record's array begins; nested too deep to be written down, the record stands for it. */
export function excerptOfElement(element: unknown, record: Uint8Array): string {
  try {
    return cutText(JSON.stringify(element), LIMITS.excerptCharacters);
  } catch {
    return excerptOf(record);
  }
}
