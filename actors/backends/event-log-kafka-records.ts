/** Between frames and Kafka's messages, both ways. Pure. */
import type { KafkaMessage, Message } from 'kafkajs';
import { AppError } from '../../protocol/errors.ts';
import { partitionKey, type TopicPartition } from '../../protocol/event.ts';
import { FRAME_HEADER_BYTES } from '../../protocol/frames.ts';
import { recordKey } from '../../protocol/route.ts';
import type { Append } from '../ports/event-log.ts';

/** kafkajs copies its list of a partition's messages for each message of a call: more than this costs more than it saves. */
const SEND_RECORDS = 500;
/** All records of a partition in one call are one batch, and that must fit into a topic of Kafka's default size: 1 MiB. */
const SEND_BYTES = 800 * 1024;

/** Consecutive messages of a topic-partition that go out in one call. */
export type Send = TopicPartition & { readonly messages: readonly Message[] };

/** What of a call goes to one topic-partition. */
type Target = TopicPartition & { readonly sends: { messages: Message[]; bytes: number }[]; count: number };

/** Where an append's first record is: in which of its topic-partition's sends, and at which place in that. */
export type Place = { readonly key: string; readonly send: number; readonly index: number };

export type Plan = {
  /** By topic-partition, in order. */
  readonly sends: ReadonlyMap<string, readonly Send[]>;
  /** Of each append; undefined for one without records. */
  readonly places: readonly (Place | undefined)[];
};

/** Checks all before anything is sent. */
export function planSends(appends: readonly Append[], counts: Readonly<Record<string, number>>, now: number): Plan {
  const targets = new Map<string, Target>();
  const places = appends.map((append) => {
    const { topic, partition } = append;
    if (!(partition >= 0 && partition < (counts[topic] ?? 0))) {
      throw new AppError('bad-message', `Cannot append to ${topic}/${partition} as the log has no such partition`);
    }
    const key = partitionKey(append);
    const target = targets.get(key) ?? { topic, partition, sends: [], count: 0 };
    targets.set(key, target);
    return { key, ...addFrames(target, append, now) };
  });
  const sends = [...targets].map(
    ([key, { topic, partition, sends }]) =>
      [key, sends.map(({ messages }): Send => ({ topic, partition, messages }))] as const,
  );
  return {
    sends: new Map(sends),
    places: places.map((place, at) => (appends[at]?.count === 0 ? undefined : place)),
  };
}

/** Answers where the first of them is. */
function addFrames(target: Target, { frames, count, partition }: Append, now: number): { send: number; index: number } {
  const view = new DataView(frames.buffer, frames.byteOffset, frames.byteLength);
  let first: { send: number; index: number } | undefined;
  let records = 0;
  for (let at = 0; at < frames.length; records++) {
    const start = at + FRAME_HEADER_BYTES;
    if (start > frames.length) throw brokenFrames(count);
    const end = start + view.getUint32(at, true);
    if (end > frames.length) throw brokenFrames(count);
    const time = view.getFloat64(at + 4, true);
    const record = frames.subarray(start, end);
    const place = add(target, messageOf(record, partition, time === 0 ? now : time), record.length);
    first ??= place;
    at = end;
  }
  if (records !== count) throw brokenFrames(count);
  return first ?? { send: 0, index: 0 };
}

function add(target: Target, message: Message, bytes: number): { send: number; index: number } {
  let last = target.sends.at(-1);
  if (last === undefined || last.messages.length === SEND_RECORDS || last.bytes + bytes > SEND_BYTES) {
    last = { messages: [], bytes: 0 };
    target.sends.push(last);
  }
  last.messages.push(message);
  last.bytes += bytes;
  return { send: target.sends.length - 1, index: last.messages.length - 1 };
}

function messageOf(record: Uint8Array, partition: number, time: number): Message {
  const key = recordKey(record);
  return {
    key: key === undefined ? null : bufferOf(key),
    value: bufferOf(record),
    partition,
    timestamp: String(Math.floor(time)),
  };
}

/** The same bytes, not a copy. */
function bufferOf({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);
}

/** Messages as frames, in a buffer that nobody else holds. A message without a value is a record without bytes. */
export function framesOf(messages: readonly KafkaMessage[]): Uint8Array<ArrayBuffer> {
  const frames = new Uint8Array(messages.reduce((sum, message) => sum + frameBytes(message), 0));
  const view = new DataView(frames.buffer);
  let at = 0;
  for (const { value, timestamp } of messages) {
    const length = value?.length ?? 0;
    view.setUint32(at, length, true);
    view.setFloat64(at + 4, Number(timestamp), true);
    if (value !== null) frames.set(value, at + FRAME_HEADER_BYTES);
    at += FRAME_HEADER_BYTES + length;
  }
  return frames;
}

export function frameBytes({ value }: KafkaMessage): number {
  return FRAME_HEADER_BYTES + (value?.length ?? 0);
}

function brokenFrames(count: number): AppError {
  return new AppError(
    'bad-message',
    `Cannot append as the frames must hold exactly the records they are said to: ${count}`,
  );
}
