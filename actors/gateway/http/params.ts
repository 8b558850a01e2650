/** Parameters of requests, parsed: each error names field, value and rule. */
import { AppError } from '../../../protocol/errors.ts';
import { parseIsoTime } from '../../../protocol/iso-time.ts';

export const MOST_ITEMS = 1_000;
const STANDARD_ITEMS = 100;
const MOST_TEXT = 1_000;

/** Refuses parameters that the route does not know: a typing error must not pass as an answer to something else. */
export function checkKnown(search: URLSearchParams, ...known: readonly string[]): void {
  for (const name of search.keys()) {
    if (name === 'token' || known.includes(name)) continue;
    const list = known.length === 0 ? 'none' : known.join(', ');
    throw new AppError(
      'bad-parameter',
      `Cannot use parameter "${name.slice(0, 100)}" as this route knows ${list} only`,
      { field: name },
    );
  }
}

export function limitOf(search: URLSearchParams, standard = STANDARD_ITEMS): number {
  const given = search.get('limit');
  if (given === null) return standard;
  const limit = Number(given);
  if (/^\d+$/.test(given) && limit >= 1 && limit <= MOST_ITEMS) return limit;
  throw refuse('limit', `a whole number from 1 to ${MOST_ITEMS}`, given);
}

/** Epoch milliseconds, or ISO 8601 (UTC where it names no zone). */
export function timeOf(search: URLSearchParams, field: string): number | undefined {
  const given = search.get(field);
  if (given === null) return undefined;
  const time = /^-?\d{1,16}$/.test(given) ? Number(given) : parseIsoTime(given);
  if (Number.isFinite(time)) return time;
  throw refuse(field, 'epoch milliseconds or an ISO 8601 time', given);
}

export function textOf(search: URLSearchParams, field: string): string | undefined {
  const given = search.get(field);
  if (given === null) return undefined;
  if (given !== '' && given.length <= MOST_TEXT) return given;
  throw refuse(field, `a text of 1 to ${MOST_TEXT} characters`, given);
}

/** A stretch of what is held in memory whole, and the cursor of the next one. */
export function stretchOf<T>(
  search: URLSearchParams,
  items: readonly T[],
): [stretch: readonly T[], next: string | null] {
  checkKnown(search, 'limit', 'cursor');
  const from = wholeOf(search, 'cursor') ?? 0;
  const to = from + limitOf(search);
  return [items.slice(from, to), to < items.length ? String(to) : null];
}

export function choiceOf<const T extends string>(
  search: URLSearchParams,
  field: string,
  choices: readonly T[],
): T | undefined {
  const given = search.get(field);
  if (given === null) return undefined;
  const found = choices.find((choice) => choice === given);
  if (found !== undefined) return found;
  throw refuse(field, `one of ${choices.join(', ')}`, given);
}

export function wholeOf(search: URLSearchParams, field: string): number | undefined {
  const given = search.get(field);
  if (given === null) return undefined;
  if (/^\d{1,15}$/.test(given)) return Number(given);
  throw refuse(field, 'a whole number from 0 on', given);
}

function refuse(field: string, rule: string, value: unknown): AppError {
  const shown = (typeof value === 'string' ? value : (JSON.stringify(value) ?? 'missing')).slice(0, 100);
  return new AppError('bad-parameter', `Cannot read "${field}" as ${rule}: current value is ${shown}`, { field });
}
