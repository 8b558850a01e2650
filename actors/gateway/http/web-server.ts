/**
 * The HTTP end of the gateway: checks each request (name, token, origin, method, content type), finds its route and
 * writes the answer. Every refusal has a status and a sentence; nothing a client sends can do more than end its own
 * connection.
 */
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { AppError } from '../../../protocol/errors.ts';
import type { AccessRules, Asker } from './access.ts';
import { type Answer, errorAnswer, notFound } from './answer.ts';
import { askerOf, checkType, cookieToken, drain, hasBody, parseTarget, withPageCookie } from './request.ts';
import type { Route } from './router.ts';
import { allowOf, type Match, matchOf, Router } from './router.ts';
import { PAGE_PATHS, type StaticFiles } from './static-files.ts';

export type WebServerOptions = {
  readonly routes: readonly Route[];
  readonly files: StaticFiles;
  readonly rules: AccessRules;
  /** Takes a WebSocket that was let in. */
  readonly onSocket: (request: IncomingMessage, socket: Duplex, head: Buffer) => void;
  readonly socketsFull: () => boolean;
  readonly onTimed: (route: string, ms: number) => void;
  readonly onFailure: (thrown: unknown) => void;
};

export const SOCKET_PATH = '/ws';
/** Far above what a page opens, far below what a process may. */
const MOST_CONNECTIONS = 2_000;
const HEADERS_MS = 10_000;
/** Sixteen megabytes over a slow line. */
const REQUEST_MS = 60_000;

const COMMON_HEADERS: Readonly<Record<string, string>> = {
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'permissions-policy': 'camera=(), microphone=(), geolocation=()',
};

export class WebServer {
  #options: WebServerOptions;
  #router: Router;
  #server: Server;

  constructor(options: WebServerOptions) {
    this.#options = options;
    this.#router = new Router(options.routes);
    this.#server = createServer({ requestTimeout: REQUEST_MS, headersTimeout: HEADERS_MS, keepAliveTimeout: 10_000 });
    this.#server.maxConnections = MOST_CONNECTIONS;
    this.#server.on('request', (request, response) => void this.#serve(request, response));
    this.#server.on('upgrade', (request, socket, head) => this.#upgrade(request, socket, head));
  }

  listen(port: number, host: string): Promise<number> {
    return new Promise((resolve, reject) => {
      const server = this.#server;
      const failed = (error: Error) => {
        server.off('listening', listening);
        reject(error);
      };
      const listening = () => {
        server.off('error', failed);
        // Later errors (out of file handles for a moment) end one connection, not the server.
        server.on('error', this.#options.onFailure);
        resolve((server.address() as AddressInfo).port);
      };
      server.once('error', failed);
      server.once('listening', listening);
      server.listen(port, host);
    });
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeIdleConnections();
      setTimeout(() => this.#server.closeAllConnections(), 500).unref();
    });
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const began = performance.now();
    request.on('error', () => undefined);
    response.on('error', () => undefined);
    let answer: Answer;
    let match: Match | undefined;
    try {
      const target = parseTarget(request);
      const matches = this.#router.find(target.pathname);
      match = matchOf(matches, request.method ?? '');
      answer = await this.#answer(request, target, match, matches);
    } catch (thrown) {
      if (!(thrown instanceof AppError) && !request.errored) this.#options.onFailure(thrown);
      answer = errorAnswer(thrown);
    }
    this.#write(request, response, answer);
    if (match !== undefined) this.#options.onTimed(match.route.path, performance.now() - began);
  }

  async #answer(
    request: IncomingMessage,
    target: URL,
    match: Match | undefined,
    matches: readonly Match[],
  ): Promise<Answer> {
    const { rules } = this.#options;
    const asker = askerOf(request, target);
    rules.checkHost(asker);
    if (match !== undefined) {
      const { route, params } = match;
      rules.check(route.access, asker);
      if (route.takes !== undefined) checkType(request, route.takes);
      return route.handle({ path: target.pathname, params, search: target.searchParams, request });
    }
    const methods = PAGE_PATHS.includes(target.pathname) ? ['GET'] : matches.map(({ route }) => route.method);
    const allowed = allowOf(methods);
    if (request.method === 'OPTIONS' && allowed !== '') return this.#preflight(asker, allowed);
    return this.#answerOther(request, target, asker, allowed);
  }

  /** No route: a file of the page, a method that the path does not have, or nothing. */
  async #answerOther(request: IncomingMessage, target: URL, asker: Asker, allowed: string): Promise<Answer> {
    const { files, rules } = this.#options;
    const viaCookie = cookieToken(request);
    const fromPage = viaCookie !== undefined && rules.isToken(viaCookie);
    if (!fromPage) rules.check('read', asker);
    const readable = request.method === 'GET' || request.method === 'HEAD';
    if (allowed !== '' && !(readable && PAGE_PATHS.includes(target.pathname))) {
      const refusal = errorAnswer(
        new AppError(
          'method-not-allowed',
          `Cannot ${String(request.method).slice(0, 20)} ${target.pathname} as it takes ${allowed} only`,
        ),
      );
      return { ...refusal, headers: { ...refusal.headers, allow: allowed } };
    }
    const answer = readable
      ? await files.answer({
          path: target.pathname,
          acceptEncoding: String(request.headers['accept-encoding'] ?? ''),
          ifNoneMatch: request.headers['if-none-match'],
        })
      : undefined;
    if (answer === undefined) throw notFound(`anything at ${target.pathname.slice(0, 200)}`);
    return rules.loopback ? answer : withPageCookie(answer, asker.queryToken);
  }

  /** Allowed origins hear which methods there are; others hear it without the permission to use them. */
  #preflight(asker: Asker, allowed: string): Answer {
    const headers: Record<string, string> = { allow: allowed };
    if (asker.origin !== undefined && this.#options.rules.isAllowedOrigin(asker.origin)) {
      headers['access-control-allow-methods'] = allowed;
      headers['access-control-allow-headers'] = 'authorization, content-type, accept';
      headers['access-control-max-age'] = '600';
    }
    return { status: 204, headers, body: '' };
  }

  #write(request: IncomingMessage, response: ServerResponse, answer: Answer): void {
    const { status, headers, body, afterwards } = answer;
    if (response.destroyed || response.headersSent) return;
    const { origin } = request.headers;
    const cors: Record<string, string> = {};
    if (origin !== undefined && this.#options.rules.isAllowedOrigin(origin))
      cors['access-control-allow-origin'] = origin;
    const unread = !request.complete && hasBody(request);
    const bodiless = status === 204 || status === 304;
    response.writeHead(status, {
      ...COMMON_HEADERS,
      ...headers,
      vary: headers.vary === undefined ? 'Origin' : `${headers.vary}, Origin`,
      ...cors,
      ...(bodiless ? {} : { 'content-length': Buffer.byteLength(body) }),
    });
    if (afterwards !== undefined) response.once('close', afterwards);
    const sent = request.method === 'HEAD' || bodiless ? '' : body;
    if (!unread) response.end(sent);
    else {
      response.write(sent);
      drain(request, () => response.end());
    }
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on('error', () => undefined);
    try {
      const target = parseTarget(request);
      const asker = askerOf(request, target);
      this.#options.rules.checkHost(asker);
      if (target.pathname !== SOCKET_PATH) throw notFound(`a socket at ${target.pathname.slice(0, 200)}`);
      this.#options.rules.check('write', asker);
      if (this.#options.socketsFull())
        throw new AppError('unavailable', 'Cannot take another client as there are too many');
    } catch (thrown) {
      refuseUpgrade(socket, errorAnswer(thrown));
      return;
    }
    this.#options.onSocket(request, socket, head);
  }
}

function refuseUpgrade(socket: Duplex, { status, headers, body }: Answer): void {
  const lines = Object.entries({ ...headers, 'content-length': String(Buffer.byteLength(body)), connection: 'close' });
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
  socket.end(`HTTP/1.1 ${status} Refused\r\n${head}\r\n${body}`);
}
