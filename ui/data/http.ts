/** Requests to the gateway: token, deadline, cancelling, and the server's coded errors as AppError. */
import { AppError, fromWireError, type WireError } from '../../protocol/errors.ts';

/** Longest wait for an answer, ms: a panel says what is wrong before its reader gives up. */
const DEADLINE_MS = 8_000;

export type HttpOptions = {
  readonly fetch: typeof fetch;
  readonly token: () => string | undefined;
  readonly deadlineMs?: number;
};

export type Query = Readonly<Record<string, string | number | undefined>>;

export class Http {
  readonly #options: HttpOptions;

  constructor(options: HttpOptions) {
    this.#options = options;
  }

  get(path: string, query: Query = {}, signal?: AbortSignal): Promise<unknown> {
    const search = new URLSearchParams();
    for (const [name, value] of Object.entries(query)) if (value !== undefined) search.set(name, String(value));
    const suffix = search.size === 0 ? '' : `?${search}`;
    return this.#request(path + suffix, { method: 'GET' }, signal);
  }

  post(path: string, body: unknown, signal?: AbortSignal): Promise<unknown> {
    const headers = { 'content-type': 'application/json' };
    return this.#request(path, { method: 'POST', headers, body: JSON.stringify(body) }, signal);
  }

  async #request(path: string, init: RequestInit, cancel?: AbortSignal): Promise<unknown> {
    const deadline = AbortSignal.timeout(this.#options.deadlineMs ?? DEADLINE_MS);
    const signal = cancel === undefined ? deadline : AbortSignal.any([cancel, deadline]);
    const headers = new Headers(init.headers);
    headers.set('accept', 'application/json');
    const token = this.#options.token();
    if (token !== undefined) headers.set('authorization', `Bearer ${token}`);
    try {
      const response = await this.#options.fetch(path, { ...init, headers, signal });
      const answer = await readBody(response);
      if (response.ok) return answer;
      throw errorOf(response.status, answer);
    } catch (thrown) {
      if (thrown instanceof AppError || cancel?.aborted) throw thrown;
      throw unreachable(path, deadline.aborted, thrown);
    }
  }
}

async function readBody(response: Response): Promise<unknown> {
  const text = await response.text();
  const isJson = response.headers.get('content-type')?.includes('json') ?? false;
  return isJson && text !== '' ? JSON.parse(text) : text;
}

function errorOf(status: number, answer: unknown): AppError {
  const error = (answer as { error?: WireError } | null)?.error;
  if (error !== undefined) return fromWireError(error);
  return new AppError('internal', `Cannot use the answer as its status is ${status}`);
}

function unreachable(path: string, late: boolean, cause: unknown): AppError {
  if (late)
    return new AppError('deadline-exceeded', `Cannot wait longer for ${path} as its deadline has passed`, { cause });
  return new AppError('unavailable', `Cannot reach ${path} as the server does not answer`, { cause });
}
