/** What a route answers, as data; the server writes it. */
import { AppError, ERROR_CODES, toWireError } from '../../../protocol/errors.ts';

export type Answer = {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array;
  /** What to do once the answer has left. */
  readonly afterwards?: () => void;
};

export const JSON_TYPE = 'application/json; charset=utf-8';

export function json(value: unknown, status = 200): Answer {
  return text(JSON.stringify(value), JSON_TYPE, status);
}

export function text(body: string | Uint8Array, type: string, status = 200): Answer {
  return { status, headers: { 'content-type': type, 'cache-control': 'no-store' }, body };
}

/** A list in the form of all lists. */
export function list(items: readonly unknown[], next: string | null): Answer {
  return json({ items, next_cursor: next });
}

/** Seconds after which a refused request may come again. */
const RETRY_AFTER_SECONDS = 1;

export function errorAnswer(thrown: unknown): Answer {
  const error = toWireError(thrown);
  const status = ERROR_CODES[error.code];
  // What went wrong inside is for the log, not for whoever asked.
  const shown =
    error.code === 'internal' ? { ...error, message: 'Cannot answer as something went wrong inside' } : error;
  const answer = json({ error: shown }, status);
  const headers: Record<string, string> = {};
  if (status === 429 || status === 503) headers['retry-after'] = String(RETRY_AFTER_SECONDS);
  if (status === 401) headers['www-authenticate'] = 'Bearer realm="pulso"';
  return { ...answer, headers: { ...answer.headers, ...headers } };
}

export function notFound(what: string): AppError {
  return new AppError('not-found', `Cannot find ${what}`);
}
