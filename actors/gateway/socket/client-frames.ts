/** What a client may say, checked: anything else is refused with a sentence. */
import { AppError } from '../../../protocol/errors.ts';
import { type ChannelName, isChannelName } from '../channels/hub.ts';

export type ClientFrame =
  | {
      readonly t: 'sub';
      readonly ch: ChannelName;
      readonly epoch: string | undefined;
      readonly seq: number | undefined;
      /** Frames a second at most; undefined = as they come. */
      readonly hz: number | undefined;
    }
  | { readonly t: 'unsub'; readonly ch: ChannelName }
  | { readonly t: 'ping' };

const LEAST_HZ = 0.1;
const MOST_HZ = 100;

export function parseClientFrame(text: string): ClientFrame {
  const frame = parseObject(text);
  switch (frame['t']) {
    case 'sub':
      return {
        t: 'sub',
        ch: channelOf(frame['ch']),
        epoch: optional(frame, 'epoch', (value) => typeof value === 'string', 'a text'),
        seq: optional(frame, 'seq', isSeq, 'a whole number from 0 on'),
        hz: optional(frame, 'hz', isHz, `a number from ${LEAST_HZ} to ${MOST_HZ}`),
      };
    case 'unsub':
      return { t: 'unsub', ch: channelOf(frame['ch']) };
    case 'ping':
      return { t: 'ping' };
    default:
      throw refuse('t', 'sub, unsub or ping', frame['t']);
  }
}

function parseObject(text: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new AppError('bad-message', 'Cannot read the frame as it is not JSON');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new AppError('bad-message', 'Cannot read the frame as it is not a JSON object');
  }
  return value as Readonly<Record<string, unknown>>;
}

function channelOf(name: unknown): ChannelName {
  if (isChannelName(name)) return name;
  if (typeof name !== 'string') throw refuse('ch', 'the name of a channel', name);
  throw new AppError('not-found', `Cannot find a channel named ${JSON.stringify(name.slice(0, 100))}`, { field: 'ch' });
}

const isSeq = (value: unknown) => Number.isSafeInteger(value) && (value as number) >= 0;
const isHz = (value: unknown) => typeof value === 'number' && value >= LEAST_HZ && value <= MOST_HZ;

/** null counts as not given. */
function optional<T>(
  frame: Readonly<Record<string, unknown>>,
  field: string,
  holds: (value: unknown) => boolean,
  rule: string,
): T | undefined {
  const value = frame[field] ?? undefined;
  if (value !== undefined && !holds(value)) throw refuse(field, rule, value);
  return value as T | undefined;
}

function refuse(field: string, rule: string, value: unknown): AppError {
  const shown = (JSON.stringify(value) ?? 'missing').slice(0, 100);
  return new AppError('bad-message', `Cannot read "${field}" as ${rule}: current value is ${shown}`, { field });
}
