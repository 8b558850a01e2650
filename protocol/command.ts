/** Bodies of commands over HTTP: parsed JSON in, checked commands out, AppError `bad-parameter` for anything else. */
import { AppError } from './errors.ts';
import { DEAD_REASONS, LIMITS } from './event.ts';
import {
  DEATHS,
  type Death,
  FAULT_KINDS,
  type FaultKind,
  isFaultKind,
  ORDER_FAULTS,
  type OrderFault,
} from './fault.ts';
import { isObject, type JsonObject } from './fields.ts';
import type { ReplayFilter } from './message.ts';

/** Why a command is given, and by what key a repeated one is known. */
export type CommandBody = { readonly reason: string | null; readonly idempotencyKey: string | null };

const MOST_REASON_CHARACTERS = 500;
const MOST_KEY_CHARACTERS = 200;
/** One lane a partition is the most that can ever work; this only keeps nonsense out. */
const MOST_LANES = 1024;

/**
 * `{reason, idempotency_key}`, both optional, as is the body as a whole (undefined or null).
 * @example parseCommandBody({ reason: 'stuck', idempotency_key: '7f' })
 */
export function parseCommandBody(body: unknown): CommandBody {
  const from = objectOf(body);
  return {
    reason: textOf(from, 'reason', MOST_REASON_CHARACTERS),
    idempotencyKey: textOf(from, 'idempotency_key', MOST_KEY_CHARACTERS),
  };
}

/**
 * `{lanes: K}` with what every command may carry.
 * @example parseLanesBody({ lanes: 2 }).lanes
 */
export function parseLanesBody(body: unknown): CommandBody & { readonly lanes: number } {
  const { lanes } = objectOf(body);
  if (!Number.isInteger(lanes) || (lanes as number) < 1 || (lanes as number) > MOST_LANES)
    throw refusal('lanes', lanes, `a whole number from 1 to ${MOST_LANES}`);
  return { ...parseCommandBody(body), lanes: lanes as number };
}

/** A fault of the actor, or one of an order that it handles. */
export type FaultOrder =
  | { readonly fault: FaultKind }
  | { readonly fault: OrderFault; readonly order: string; readonly death: Death };

/**
 * `{kind: "crash"}` with what every command may carry; `{kind: "poison", order_id, death?, off?}` where `off` heals.
 * @example parseFaultBody({ kind: 'crash' }).ordered.fault
 */
export function parseFaultBody(body: unknown): CommandBody & { readonly ordered: FaultOrder } {
  const { kind, order_id: id, death = 'crash', off = false } = objectOf(body);
  const command = parseCommandBody(body);
  if (isFaultKind(kind)) return { ...command, ordered: { fault: kind } };
  const known = [...FAULT_KINDS, ...ORDER_FAULTS].join(', ');
  if (kind !== 'poison' && kind !== 'heal') throw refusal('kind', kind, `one of ${known}`);
  const order = textOf({ order_id: Number.isSafeInteger(id) ? String(id) : id }, 'order_id', LIMITS.idCharacters);
  if (order === null) throw refusal('order_id', id, 'the id of an order');
  const way = DEATHS.find((known) => known === death);
  if (way === undefined) throw refusal('death', death, `one of ${DEATHS.join(', ')}`);
  if (typeof off !== 'boolean') throw refusal('off', off, 'true or false');
  return { ...command, ordered: { fault: off ? 'heal' : kind, order, death: way } };
}

/**
 * `{settings: {rate: 100}}` with what every command may carry. Which settings there are only the actor knows.
 * @example parseSettingsBody({ settings: { rate: 100 } }).settings
 */
export function parseSettingsBody(body: unknown): CommandBody & { readonly settings: JsonObject } {
  const { settings } = objectOf(body);
  if (!isObject(settings) || Object.keys(settings).length === 0)
    throw new AppError('bad-parameter', 'Cannot take "settings" as an object that names at least one', {
      field: 'settings',
    });
  return { ...parseCommandBody(body), settings };
}

/**
 * Which dead letters to replay. `reason` is theirs here; why it is done stands in `note`.
 * @example parseReplayBody({ reason: 'poison' }).filter.limit
 */
export function parseReplayBody(body: unknown): CommandBody & { readonly filter: ReplayFilter } {
  const from = objectOf(body);
  const { note, ...rest } = from;
  for (const name of Object.keys(from))
    if (!REPLAY_FIELDS.includes(name)) throw refusal(name, from[name], `one of the fields ${REPLAY_FIELDS.join(', ')}`);
  const { idempotencyKey } = parseCommandBody({ idempotency_key: rest.idempotency_key });
  const filter = {
    ids: idsOf(rest.ids),
    reason: reasonOf(rest.reason),
    from: timeOf(rest, 'from'),
    to: timeOf(rest, 'to'),
    limit: replayLimitOf(rest.limit),
    again: rest.again === true,
  };
  return { reason: textOf({ note }, 'note', MOST_REASON_CHARACTERS), idempotencyKey, filter };
}

const REPLAY_FIELDS: readonly string[] = ['ids', 'reason', 'from', 'to', 'limit', 'again', 'note', 'idempotency_key'];
const MOST_LETTERS = 1_000;
const STANDARD_LETTERS = 100;

function idsOf(value: unknown): readonly string[] | undefined {
  if (value === undefined) return undefined;
  const isList = Array.isArray(value) && value.length >= 1 && value.length <= MOST_LETTERS;
  if (isList && value.every((id) => typeof id === 'string' && /^[^:]+(:\d{1,15}){2,3}$/.test(id))) return value;
  throw refusal('ids', value, `a list of 1 to ${MOST_LETTERS} ids such as orders:0:17`);
}

function reasonOf(value: unknown): string | undefined {
  if (value === undefined || DEAD_REASONS.some((reason) => reason === value)) return value as string | undefined;
  throw refusal('reason', value, `one of ${DEAD_REASONS.join(', ')} (why it is done goes into "note")`);
}

function timeOf(from: JsonObject, name: string): number | undefined {
  const value = from[name];
  if (value === undefined || (typeof value === 'number' && Number.isFinite(value))) return value;
  throw refusal(name, value, 'epoch milliseconds');
}

function replayLimitOf(value: unknown = STANDARD_LETTERS): number {
  if (Number.isInteger(value) && (value as number) >= 1 && (value as number) <= MOST_LETTERS) return value as number;
  throw refusal('limit', value, `a whole number from 1 to ${MOST_LETTERS}`);
}

function objectOf(body: unknown): JsonObject {
  if (body === undefined || body === null) return {};
  if (isObject(body)) return body;
  throw new AppError('bad-parameter', 'Cannot read the body as it is not a JSON object');
}

function textOf(from: JsonObject, name: string, most: number): string | null {
  const value = from[name];
  if (value === undefined || value === null) return null;
  if (typeof value === 'string' && value.length >= 1 && value.length <= most) return value;
  throw refusal(name, value, `a text of 1 to ${most} characters`);
}

function refusal(field: string, value: unknown, rule: string): AppError {
  const shown = typeof value === 'object' ? 'no such thing' : String(value).slice(0, 80);
  return new AppError('bad-parameter', `Cannot take "${field}" as ${rule}: current value is ${shown}`, { field });
}
