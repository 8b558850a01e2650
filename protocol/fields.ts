/**
 * The contract's rules for single fields of parsed JSON. Nothing throws: the first field that breaks a rule is kept as
 * the verdict, and reading goes on with placeholders that nobody will use.
 * A field that is null is a field that is not there.
 */
import { cutText } from './cut-text.ts';
import { type DeadReason, LIMITS } from './event.ts';
import { parseIsoTime } from './iso-time.ts';

export type Problem = { readonly reason: DeadReason; readonly field: string | null };
export type Verdict = { problem: Problem | undefined };
export type JsonObject = { readonly [key: string]: unknown };

/** Instants that JavaScript can tell as a date; nothing in a shop is older than 1970. */
const LATEST_TIME = 8.64e15;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** The fields of one object; `path` is what stands before their names in a dead letter (`order.`, `items[3].`). */
export class Fields {
  readonly #from: JsonObject;
  readonly #path: string;
  readonly #verdict: Verdict;

  constructor(from: JsonObject, path: string, verdict: Verdict) {
    this.#from = from;
    this.#path = path;
    this.#verdict = verdict;
  }

  has(name: string): boolean {
    const value = this.#from[name];
    return value !== undefined && value !== null;
  }

  /** A non-empty text or an integer, which is held as its decimal text. */
  id(name: string): string {
    const value = this.#from[name];
    if (typeof value === 'string' && value.length >= 1 && value.length <= LIMITS.idCharacters)
      return value.toWellFormed();
    if (typeof value === 'number' && Number.isSafeInteger(value)) return String(value);
    return this.#refuse(name, '');
  }

  optionalId(name: string): string | undefined {
    return this.has(name) ? this.id(name) : undefined;
  }

  /** Free text, cut to a length that a dimension can bear. */
  text(name: string): string | undefined {
    const value = this.#from[name];
    if (typeof value === 'string') return cutText(value, LIMITS.textCharacters).toWellFormed();
    return this.has(name) ? this.#refuse(name, undefined) : undefined;
  }

  /** As `text`, for what is too unimportant to refuse an event for. */
  hint(name: string): string | undefined {
    return typeof this.#from[name] === 'string' && this.#from[name] !== '' ? this.text(name) : undefined;
  }

  state(name: string): string {
    const value = this.#from[name];
    if (typeof value === 'string' && value.length >= 1 && value.length <= LIMITS.stateCharacters)
      return value.toWellFormed();
    return this.#refuse(name, '');
  }

  optionalState(name: string): string | undefined {
    return this.has(name) ? this.state(name) : undefined;
  }

  oneOf(name: string, allowed: readonly string[]): string {
    const value = this.#from[name];
    return typeof value === 'string' && allowed.includes(value) ? value : this.#refuse(name, '');
  }

  optionalOneOf(name: string, allowed: readonly string[]): string | undefined {
    return this.has(name) ? this.oneOf(name, allowed) : undefined;
  }

  /** Whole cents, never negative. */
  money(name: string): number {
    const value = this.#from[name];
    const cents =
      typeof value === 'number' ? centsOf(value) : typeof value === 'string' ? centsOfText(value) : undefined;
    return cents ?? this.#refuse(name, 0);
  }

  optionalMoney(name: string): number | undefined {
    return this.has(name) ? this.money(name) : undefined;
  }

  quantity(name: string, least: number): number {
    const value = this.#from[name];
    if (Number.isInteger(value) && (value as number) >= least && (value as number) <= LIMITS.quantity)
      return (value as number) + 0;
    return this.#refuse(name, 0);
  }

  /** Epoch milliseconds. */
  time(name: string): number {
    const value = this.#from[name];
    const time = typeof value === 'string' ? parseIsoTime(value) : value;
    if (Number.isInteger(time) && (time as number) >= 0 && (time as number) <= LATEST_TIME) return (time as number) + 0;
    return this.#refuse(name, 0);
  }

  optionalTime(name: string): number | undefined {
    return this.has(name) ? this.time(name) : undefined;
  }

  /** The fields of an object inside this one. */
  inner(name: string): Fields {
    const value = this.#from[name];
    return new Fields(isObject(value) ? value : this.#refuse(name, {}), `${this.#path}${name}.`, this.#verdict);
  }

  /** Reads each object of a list of 1 to 1,000. */
  each<T>(name: string, read: (fields: Fields) => T): T[] {
    const value = this.#from[name];
    if (!Array.isArray(value) || value.length < 1 || value.length > LIMITS.itemsPerOrder) return this.#refuse(name, []);
    const list: T[] = [];
    for (let place = 0; place < value.length && this.#verdict.problem === undefined; place++) {
      const item: unknown = value[place];
      const path = `${this.#path}${name}[${place}]`;
      if (isObject(item)) list.push(read(new Fields(item, `${path}.`, this.#verdict)));
      else this.#verdict.problem = { reason: 'bad-value', field: path };
    }
    return list;
  }

  #refuse<T>(name: string, placeholder: T): T {
    this.#verdict.problem ??= {
      reason: this.has(name) ? 'bad-value' : 'missing-field',
      field: this.#path + name,
    };
    return placeholder;
  }
}

const HIGHEST_CENTS = LIMITS.money * 100;

/**
 * Undefined when it is no amount of money. Up to the limit, cents / 100 is the double nearest to the decimal, so it is
 * the very number that was read exactly when that has no third decimal.
 */
function centsOf(value: number): number | undefined {
  const cents = Math.round(value * 100);
  return value >= 0 && cents <= HIGHEST_CENTS && cents / 100 === value ? cents + 0 : undefined;
}

/** Digits, or digits, a point and digits: `19.90`. Zeros at either end do not count. */
function centsOfText(text: string): number | undefined {
  if (!/^\d+(?:\.\d+)?$/.test(text)) return undefined;
  const point = text.indexOf('.');
  const whole = Number(point < 0 ? text : text.slice(0, point));
  const decimals = point < 0 ? '' : text.slice(point + 1);
  for (let at = 2; at < decimals.length; at++) if (decimals[at] !== '0') return undefined;
  const cents = whole * 100 + Number(decimals.slice(0, 2).padEnd(2, '0'));
  return cents <= HIGHEST_CENTS ? cents : undefined;
}
