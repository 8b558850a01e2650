/**
 * Frames of the WebSocket `/ws`, both ways, with the parsers that stand at its two ends. JSON text, the kind in `t`.
 * State travels as a flat list [key, value, key, value ..] of absolute values; a null value removes its key.
 */
import { AppError } from './errors.ts';
import { isObject, type JsonObject } from './fields.ts';

export const WS_PROTOCOL = 1;

export const CHANNELS = [
  'overview',
  'series',
  'minutes',
  'states',
  'categories',
  'products',
  'payments',
  'segments',
  'operations',
  'clicks',
  'alerts',
  'quality',
  'jobs',
  'archive',
  'system',
] as const;
export type Channel = (typeof CHANNELS)[number];

/** Close codes of our own. */
export const WS_CLOSE = { slow: 4008, tooFast: 4029, tooBig: 1009, goingAway: 1001 } as const;

export type ChannelValue = number | string | boolean | null;
/** [key, value, key, value ..] */
export type Changes = readonly ChannelValue[];

export type HelloFrame = {
  readonly t: 'hello';
  readonly proto: number;
  readonly epoch: string;
  readonly server_time: number;
  readonly tick_ms: number;
};
export type SnapFrame = {
  readonly t: 'snap';
  readonly ch: Channel;
  readonly seq: number;
  /** When the values were read, and how far event time had come then; null before the first event. */
  readonly as_of: number;
  readonly watermark: number | null;
  readonly d: Changes;
};
/** Covers the range (from, to]. */
export type DeltaFrame = {
  readonly t: 'd';
  readonly ch: Channel;
  readonly from: number;
  readonly to: number;
  readonly as_of: number;
  readonly watermark: number | null;
  readonly d: Changes;
};
export type HeartbeatFrame = {
  readonly t: 'hb';
  readonly server_time: number;
  readonly as_of: number;
  /** Of the channels subscribed to; the hash is there in every tenth heartbeat. */
  readonly channels: { readonly [ch in Channel]?: { readonly seq: number; readonly hash?: string } };
};
export type ErrorFrame = { readonly t: 'err'; readonly code: string; readonly message: string };
export type ByeFrame = { readonly t: 'bye'; readonly code: number; readonly retry_ms: number };
export type ServerFrame = HelloFrame | SnapFrame | DeltaFrame | HeartbeatFrame | ErrorFrame | ByeFrame;

export type SubFrame = {
  readonly t: 'sub';
  readonly ch: Channel;
  readonly epoch?: string;
  readonly seq?: number;
  /** Frames a second at most; the server takes its own tick when that is slower. */
  readonly hz?: number;
};
export type UnsubFrame = { readonly t: 'unsub'; readonly ch: Channel };
export type PingFrame = { readonly t: 'ping' };
export type ClientFrame = SubFrame | UnsubFrame | PingFrame;

const MOST_EPOCH_CHARACTERS = 100;

/**
 * A client's frame; throws AppError `bad-message` that names the field.
 * @example parseClientFrame('{"t":"sub","ch":"overview","hz":4}')
 */
export function parseClientFrame(text: string): ClientFrame {
  const frame = parseFrame(text);
  switch (frame.t) {
    case 'sub':
      return {
        t: 'sub',
        ch: channelOf(frame),
        ...optional(frame, 'epoch', isEpoch, `a text of 1 to ${MOST_EPOCH_CHARACTERS} characters`),
        ...optional(frame, 'seq', isSeq, 'a whole number from 0'),
        ...optional(frame, 'hz', isRate, 'a number above 0'),
      };
    case 'unsub':
      return { t: 'unsub', ch: channelOf(frame) };
    case 'ping':
      return { t: 'ping' };
    default:
      throw refusal('t', frame.t, 'one of sub, unsub, ping');
  }
}

/**
 * A server's frame; throws AppError `bad-message`. What a newer server says beyond this is let through.
 * @example parseServerFrame('{"t":"bye","code":1001,"retry_ms":250}')
 */
export function parseServerFrame(text: string): ServerFrame {
  const frame = parseFrame(text);
  const shape = typeof frame.t === 'string' ? SERVER_SHAPES.get(frame.t) : undefined;
  if (shape === undefined) throw refusal('t', frame.t, `one of ${[...SERVER_SHAPES.keys()].join(', ')}`);
  for (const [field, check] of Object.entries(shape))
    if (!check(frame[field])) throw refusal(field, frame[field], `what ${String(frame.t)} frames carry there`);
  // The shape of each kind was checked field by field above.
  return frame as ServerFrame;
}

type Check = (value: unknown) => boolean;
const isNumber: Check = (value) => typeof value === 'number';
const isText: Check = (value) => typeof value === 'string';
const isNumberOrNull: Check = (value) => value === null || typeof value === 'number';
const isChanges: Check = (value) =>
  Array.isArray(value) && value.length % 2 === 0 && value.every((part, at) => (at % 2 === 0 ? isText(part) : true));

const SERVER_SHAPES: ReadonlyMap<string, { readonly [field: string]: Check }> = new Map(
  Object.entries({
    hello: { proto: isNumber, epoch: isText, server_time: isNumber, tick_ms: isNumber },
    snap: { ch: isText, seq: isNumber, as_of: isNumber, watermark: isNumberOrNull, d: isChanges },
    d: { ch: isText, from: isNumber, to: isNumber, as_of: isNumber, watermark: isNumberOrNull, d: isChanges },
    hb: { server_time: isNumber, as_of: isNumber, channels: isObject },
    err: { code: isText, message: isText },
    bye: { code: isNumber, retry_ms: isNumber },
  }),
);

function parseFrame(text: string): JsonObject {
  let frame: unknown;
  try {
    frame = JSON.parse(text);
  } catch (cause) {
    throw new AppError('bad-message', 'Cannot read the frame as it is not JSON', { cause });
  }
  if (!isObject(frame)) throw new AppError('bad-message', 'Cannot read the frame as it is not a JSON object');
  return frame;
}

function channelOf(frame: JsonObject): Channel {
  const channel = CHANNELS.find((name) => name === frame.ch);
  if (channel === undefined) throw refusal('ch', frame.ch, `one of ${CHANNELS.join(', ')}`);
  return channel;
}

const isEpoch = (value: unknown): value is string =>
  typeof value === 'string' && value.length >= 1 && value.length <= MOST_EPOCH_CHARACTERS;
const isSeq = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
const isRate = (value: unknown): value is number => typeof value === 'number' && value > 0;

/** The field as an object of its own when it is there; null is as good as absent. */
function optional<Name extends string, T>(
  frame: JsonObject,
  name: Name,
  check: (value: unknown) => value is T,
  rule: string,
): { readonly [name in Name]?: T } {
  const value = frame[name];
  if (value === undefined || value === null) return {};
  if (!check(value)) throw refusal(name, value, rule);
  return { [name]: value } as { [name in Name]: T };
}

const MOST_QUOTED_CHARACTERS = 80;

function refusal(field: string, value: unknown, rule: string): AppError {
  let shown = 'too deep to show';
  try {
    shown = (JSON.stringify(value) ?? 'missing').slice(0, MOST_QUOTED_CHARACTERS);
  } catch {
    // Nested deeper than JSON.stringify can follow: the message does without.
  }
  return new AppError('bad-message', `Cannot read "${field}" as ${rule}: current value is ${shown}`, { field });
}
