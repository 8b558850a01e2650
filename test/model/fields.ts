/**
 * The contract's rules for single values, naive and slow. A field that is null is a field that is not there (Silent).
 */

export type Json = Record<string, unknown>;

/** Thrown by these rules, caught once an event. */
export class Unreadable extends Error {
  readonly reason: string;
  readonly field: string | null;
  constructor(reason: string, field: string | null) {
    super(`${reason} ${field}`);
    this.reason = reason;
    this.field = field;
  }
}

export function required(from: Json, field: string, path: string): unknown {
  const value = from[field];
  if (value === undefined || value === null) throw new Unreadable('missing-field', path + field);
  return value;
}

export function id(from: Json, field: string, path = ''): string {
  const value = required(from, field, path);
  if (typeof value === 'string' && value.length >= 1 && value.length <= 200) return value;
  if (typeof value === 'number' && Number.isSafeInteger(value)) return String(value);
  throw new Unreadable('bad-value', path + field);
}

export function optionalId(from: Json, field: string, path = ''): string {
  return from[field] === undefined || from[field] === null ? 'unknown' : id(from, field, path);
}

export function optionalText(from: Json, field: string, path = ''): string {
  const value = from[field];
  if (value === undefined || value === null) return 'unknown';
  if (typeof value === 'string') return value;
  if (field.endsWith('_id') && Number.isSafeInteger(value)) return String(value);
  throw new Unreadable('bad-value', path + field);
}

export function optionalTexts(from: Json, fields: readonly string[]): void {
  for (const field of fields) optionalText(from, field);
}

export function state(from: Json): string {
  const value = required(from, 'customer_state', '');
  if (typeof value === 'string' && value.length >= 1 && value.length <= 32) return value;
  throw new Unreadable('bad-value', 'customer_state');
}

export function optionalState(from: Json): void {
  if (from.customer_state !== undefined && from.customer_state !== null) state(from);
}

export function oneOf(
  from: Json,
  field: string,
  allowed: readonly string[],
  fallback: string | undefined,
  path = '',
): string {
  if (fallback !== undefined && (from[field] === undefined || from[field] === null)) return fallback;
  const value = required(from, field, path);
  if (typeof value === 'string' && allowed.includes(value)) return value;
  throw new Unreadable('bad-value', path + field);
}

export function integer(from: Json, field: string, least: number, path = ''): number {
  const value = required(from, field, path);
  if (Number.isInteger(value) && (value as number) >= least && (value as number) <= 1_000_000) return value as number;
  throw new Unreadable('bad-value', path + field);
}

/** Cents, by value: the shortest decimal text of the number is the number that was meant, up to 15 digits. */
export function money(from: Json, field: string, path = ''): bigint {
  const value = required(from, field, path);
  const bad = new Unreadable('bad-value', path + field);
  if (typeof value !== 'number' && typeof value !== 'string') throw bad;
  const match = /^(\d+)(?:\.(\d+?)0*)?$/.exec(String(value));
  if (!match) throw bad;
  const decimals = (match[2] ?? '').replace(/0+$/, '');
  if (decimals.length > 2) throw bad;
  const cents = BigInt(match[1] as string) * 100n + BigInt(decimals.padEnd(2, '0'));
  if (cents > 100_000_000_000n * 100n) throw bad;
  return cents;
}

export function optionalMoney(from: Json, field: string): void {
  if (from[field] !== undefined && from[field] !== null) money(from, field);
}

const ISO = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,3})?)(Z|[+-]\d\d:\d\d)?$/;

/** Epoch milliseconds; an ISO time without a zone is UTC. Silent: before 1970 and after what a Date can tell is no time. */
export function time(from: Json, field: string, path = ''): number {
  const value = required(from, field, path);
  const ms = typeof value === 'string' ? isoTime(value) : value;
  if (!Number.isInteger(ms) || (ms as number) < 0 || (ms as number) > 8.64e15)
    throw new Unreadable('bad-value', path + field);
  return ms as number;
}

/** Date.parse takes the 30th of February for the 2nd of March: a date that does not come back as it was is none. */
function isoTime(text: string): number {
  const match = ISO.exec(text);
  if (!match) return Number.NaN;
  const local = Date.parse(`${match[1]}Z`);
  const same = !Number.isNaN(local) && new Date(local).toISOString().startsWith((match[1] as string).slice(0, 10));
  return same ? Date.parse(`${match[1]}${match[2] ?? 'Z'}`) : Number.NaN;
}

export function optionalTime(from: Json, field: string, path = ''): void {
  if (from[field] !== undefined && from[field] !== null) time(from, field, path);
}

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
