/** What a request says of itself: its target, who asks, what it carries. */
import type { IncomingMessage } from 'node:http';
import { AppError } from '../../../protocol/errors.ts';
import type { Asker } from './access.ts';
import type { Answer } from './answer.ts';

const PAGE_COOKIE = 'pulso_page';
/** What is left of a refused body is read away for so long, so that the refusal arrives. */
const DRAIN_MS = 3_000;

/** The target of a request begins with a slash; two would read as another host. */
export function parseTarget({ url }: IncomingMessage): URL {
  const target = url?.startsWith('/') ? URL.parse(`http://localhost/${url.slice(1)}`) : null;
  if (target === null) throw new AppError('bad-parameter', 'Cannot read the address of the request');
  return target;
}

export function askerOf(request: IncomingMessage, target: URL): Asker {
  return {
    host: request.headers.host,
    origin: request.headers.origin,
    authorization: request.headers.authorization,
    queryToken: target.searchParams.get('token'),
    localAddress: request.socket.localAddress,
  };
}

export function checkType({ headers }: IncomingMessage, wanted: string): void {
  const type = (headers['content-type'] ?? '').split(';', 1)[0]?.trim().toLowerCase();
  if (type === wanted) return;
  const shown = type === '' ? 'missing' : type?.slice(0, 100);
  throw new AppError(
    'unsupported-media-type',
    `Cannot read a body of this content type as it must be ${wanted}: current value is ${shown}`,
  );
}

export function hasBody({ headers }: IncomingMessage): boolean {
  return headers['transfer-encoding'] !== undefined || Number(headers['content-length'] ?? 0) > 0;
}

/** Ending at once would take the refusal away from a client that is still sending: the rest is read away first. */
export function drain(request: IncomingMessage, end: () => void): void {
  const limit = setTimeout(() => request.destroy(), DRAIN_MS);
  request.once('end', end);
  request.once('close', () => clearTimeout(limit));
  request.resume();
}

/** Scripts and styles that the page asks for carry no token: the page hands it to the browser, for them alone. */
export function withPageCookie(answer: Answer, token: string | null): Answer {
  if (token === null) return answer;
  const cookie = `${PAGE_COOKIE}=${encodeURIComponent(token)}; Path=/; HttpOnly; SameSite=Strict`;
  return { ...answer, headers: { ...answer.headers, 'set-cookie': cookie } };
}

export function cookieToken({ headers }: IncomingMessage): string | undefined {
  const found = new RegExp(`(?:^|;\\s*)${PAGE_COOKIE}=([^;]*)`).exec(headers.cookie ?? '')?.[1];
  try {
    return found === undefined ? undefined : decodeURIComponent(found);
  } catch {
    return undefined;
  }
}
