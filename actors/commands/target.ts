/** The running pulso that a command speaks to: the one on the data folder, or the one that is named. */
import { AppError, type WireError } from '../../protocol/errors.ts';
import { findRunning } from '../backends/lock.ts';
import type { Config } from '../config/read.ts';

/** An address that does not answer for so long is as good as none. */
const ANSWER_MS = 15_000;

export type Target = { readonly url: string; readonly token: string | undefined };

/** `what` is for the sentence when nobody is there: "archive now". A token in a given URL goes before the setting. */
export function targetOf({ data, token }: Pick<Config, 'data' | 'token'>, url: unknown, what: string): Target {
  if (typeof url === 'string') return namedTarget(url, token);
  const running = findRunning(data);
  if (running !== undefined) return running;
  throw new AppError('unavailable', `Cannot ${what} as no pulso runs on ${data}: start it, or name one with --url`);
}

/** GET, or POST with a body. Whatever goes wrong is an AppError with a sentence. */
export function askTarget(target: Target, path: string, body?: unknown, limitMs = ANSWER_MS): Promise<unknown> {
  const sent = body === undefined ? {} : { body: JSON.stringify(body), type: 'application/json' };
  return exchange(target, path, { ...sent, limitMs });
}

/** One event, as JSON, into the log: durable when it returns. */
export function appendTo(target: Target, event: string, limitMs = ANSWER_MS): Promise<unknown> {
  return exchange(target, '/events', { body: event, type: 'application/x-ndjson', limitMs });
}

async function exchange(
  { url, token }: Target,
  path: string,
  { body, type, limitMs }: { readonly body?: string; readonly type?: string; readonly limitMs: number },
): Promise<unknown> {
  const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
  if (type !== undefined) headers['content-type'] = type;
  const signal = AbortSignal.timeout(limitMs);
  const init = body === undefined ? { headers, signal } : { method: 'POST', body, headers, signal };
  const response = await fetch(new URL(path, url), init).catch((cause: unknown) => {
    throw new AppError('unavailable', `Cannot reach the pulso at ${url}: ${reasonOf(cause)}`, { cause });
  });
  const answer = (await response.json().catch(() => ({}))) as { readonly error?: WireError };
  if (response.ok) return answer;
  const { code, message, field }: Partial<WireError> = answer.error ?? {};
  // What was asked is wrong, which is for whoever asked; all else is how that pulso stands.
  const kind = code === 'bad-parameter' ? code : 'unavailable';
  throw new AppError(kind, message ?? `Cannot use the answer ${response.status} of ${url}`, { field });
}

function namedTarget(text: string, token: string | undefined): Target {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol)) {
    throw new AppError(
      'bad-parameter',
      `Cannot use --url as it must be an address such as http://127.0.0.1:8080: current value is ${JSON.stringify(text)}`,
      { field: 'url' },
    );
  }
  return { url: url.origin, token: url.searchParams.get('token') ?? token };
}

/** What fetch throws says little; its cause says why. */
function reasonOf(thrown: unknown): string {
  const { message, cause } = thrown as Error;
  const inner = cause instanceof Error ? cause.message || (cause as NodeJS.ErrnoException).code : undefined;
  return inner ?? message;
}
