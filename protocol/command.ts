/** Bodies of commands over HTTP: parsed JSON in, checked commands out, AppError `bad-parameter` for anything else. */
import { AppError } from './errors.ts';
import { FAULT_KINDS, type FaultKind, isFaultKind } from './fault.ts';
import { isObject, type JsonObject } from './fields.ts';

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

/**
 * `{kind: "crash"}` with what every command may carry.
 * @example parseFaultBody({ kind: 'crash' }).kind
 */
export function parseFaultBody(body: unknown): CommandBody & { readonly kind: FaultKind } {
  const { kind } = objectOf(body);
  if (!isFaultKind(kind)) throw refusal('kind', kind, `one of ${FAULT_KINDS.join(', ')}`);
  return { ...parseCommandBody(body), kind };
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
