/**
 * A small real server for tests of the page: the built page, HTTP and WebSocket as the contracts have them, with
 * made-up figures. It can fall silent, go away and come back, send a wrong value, refuse a query: whatever a test
 * needs to see the page deal with.
 */

import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { extname, join, normalize } from 'node:path';
import { WebSocketServer } from 'ws';
import { parseCommandBody } from '../../protocol/command.ts';
import { toWireError } from '../../protocol/errors.ts';
import type { Channel } from '../../protocol/frames-ws.ts';
import { FixtureStream } from './ui-channels.ts';
import { Client } from './ui-client.ts';
import { archiveAnswer, jobsAnswer, ledgerAnswer, lettersAnswer, qualityAnswer, runsAnswer } from './ui-data.ts';
import { answerQuery } from './ui-query.ts';
import { systemIncidents, systemTree } from './ui-system.ts';
import { World } from './ui-world.ts';

const DIST = join(import.meta.dirname, '../../ui/dist');
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript',
  '.css': 'text/css',
  '.svg': 'image/svg+xml',
};
const PAGES = new Set(['/', '/system', '/data']);
export const FIXTURE_TOKEN = 'fixture-token';

export type UiServerOptions = {
  readonly seed?: number;
  /** Nothing was ever counted. */
  readonly empty?: boolean;
  /** ms between ticks of the shop; 0: only when the test calls tick(). */
  readonly tickMs?: number;
  /** Where event time starts; the clock by default. */
  readonly watermark?: number;
};

export class UiServer {
  readonly world: World;
  readonly stream: FixtureStream;
  readonly clients = new Set<Client>();
  /** Requests that were answered, newest last: `GET /kpi/query?..`. */
  readonly requests: string[] = [];
  readonly commands: { readonly path: string; readonly body: unknown; readonly token: string | undefined }[] = [];
  /** Queries that group by this are answered with 503. */
  failing: string | undefined;
  /** Addresses that are answered otherwise: with nothing to list, or with an error of this status. */
  readonly otherwise = new Map<string, 'empty' | number>();
  /** No frame is sent while this holds; sockets stay open. */
  silent = false;
  epoch = 'fixture-1';
  #port = 0;
  #http: Server | undefined;
  #timers: NodeJS.Timeout[] = [];
  #away = false;
  #waiting: (() => void)[] = [];
  readonly #tickMs: number;
  /** What happened before the page came is always the same. */
  readonly #openedAt: number;

  constructor(options: UiServerOptions = {}) {
    const { seed = 7, empty = false, tickMs = 0, watermark = Date.now() } = options;
    this.world = new World(seed);
    this.stream = new FixtureStream(this.world, empty ? 0 : watermark, empty);
    this.#tickMs = tickMs;
    this.#openedAt = watermark;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  async start(): Promise<void> {
    const http = createServer((request, response) => void this.#answer(request, response));
    const sockets = new WebSocketServer({ server: http, path: '/ws' });
    sockets.on('connection', (socket) => {
      const client = new Client(socket, this.stream, this.epoch, () => this.silent);
      this.clients.add(client);
      for (const arrived of this.#waiting.splice(0)) arrived();
      socket.on('close', () => this.clients.delete(client));
    });
    http.on('connection', (socket) => {
      if (this.#away) socket.destroy();
    });
    http.listen(0, '127.0.0.1');
    await once(http, 'listening');
    const address = http.address();
    if (address !== null && typeof address === 'object') this.#port = address.port;
    this.#http = http;
    if (this.#tickMs > 0) this.#timers.push(setInterval(() => this.tick(this.#tickMs), this.#tickMs));
    this.#timers.push(setInterval(() => this.beat(), 1_000));
  }

  /** Cuts every connection and takes none until it comes back; its port stays its own meanwhile. */
  goAway(): void {
    this.#away = true;
    for (const client of this.clients) client.cut();
    this.#http?.closeAllConnections();
  }

  comeBack(): void {
    this.#away = false;
  }

  async stop(): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    this.#timers = [];
    for (const client of this.clients) client.cut();
    const http = this.#http;
    if (http === undefined) return;
    this.#http = undefined;
    http.close();
    http.closeAllConnections();
    await once(http, 'close');
  }

  /** Settles when the next page connects. */
  connected(): Promise<void> {
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** One step of the shop, sent to whoever listens. */
  tick(elapsedMs = 100): void {
    this.stream.tick(elapsedMs);
    for (const client of this.clients) client.update();
  }

  beat(withHashes = false): void {
    for (const client of this.clients) client.beat(withHashes);
  }

  /** Every client gets a value that is not so, under a number that is. */
  lie(channel: Channel, key: string, value: number): void {
    for (const client of this.clients) client.lie(channel, key, value);
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const url = new URL(request.url ?? '/', this.url);
    if (request.method === 'POST') return this.#command(url, request, response);
    if (PAGES.has(url.pathname)) return sendFile(response, 'index.html');
    this.requests.push(`${request.method} ${url.pathname}${url.search}`);
    const otherwise = this.otherwise.get(url.pathname);
    if (otherwise === 'empty') return sendJson(response, 200, { items: [], next_cursor: null });
    if (otherwise !== undefined) {
      const code = otherwise === 404 ? 'not-found' : 'unavailable';
      return sendJson(response, otherwise, { error: { code, message: `Cannot answer ${url.pathname} just now` } });
    }
    const listed = this.#dataAnswer(url.pathname);
    if (listed !== undefined) return sendJson(response, 200, listed);
    switch (url.pathname) {
      case '/kpi/query': {
        if (this.failing !== undefined && url.searchParams.get('group_by') === this.failing) {
          return sendJson(response, 503, {
            error: { code: 'unavailable', message: 'Cannot answer as aggregator-1 is restarting' },
          });
        }
        const { status, body } = answerQuery(this.world, url.searchParams, this.stream.watermark);
        return sendJson(response, status, body);
      }
      case '/system/tree':
        return sendJson(response, 200, systemTree());
      case '/system/incidents':
        return sendJson(response, 200, systemIncidents(this.stream.watermark));
      case '/metrics':
        response.writeHead(200, { 'content-type': 'text/plain' });
        response.end('# no gauge in here\n');
        return;
      default:
        return sendFile(response, url.pathname);
    }
  }

  /** What the Data page asks for. */
  #dataAnswer(path: string): unknown {
    const now = this.#openedAt;
    const job = /^\/jobs\/([^/]+)\/runs$/.exec(path)?.[1];
    if (job !== undefined) return runsAnswer(job, now);
    switch (path) {
      case '/jobs':
        return jobsAnswer(now);
      case '/archive/batches':
        return archiveAnswer(now);
      case '/quality':
        return qualityAnswer(now);
      case '/ledger':
        return ledgerAnswer();
      case '/dead-letters':
        return lettersAnswer(now);
      default:
        return undefined;
    }
  }

  async #command(url: URL, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const token = request.headers.authorization?.replace(/^Bearer /, '');
    const body: unknown = JSON.parse(Buffer.concat(chunks).toString() || '{}');
    this.commands.push({ path: url.pathname, body, token });
    if (token !== FIXTURE_TOKEN)
      return sendJson(response, 401, {
        error: { code: 'unauthorized', message: 'Cannot take the command as the token is missing' },
      });
    try {
      parseCommandBody(body);
    } catch (thrown) {
      return sendJson(response, 400, { error: toWireError(thrown) });
    }
    return sendJson(response, 200, { accepted: true, epoch: 4 });
  }
}

function sendJson(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify(body));
}

function sendFile(response: ServerResponse, path: string): void {
  try {
    const bytes = readFileSync(join(DIST, normalize(path)));
    response.writeHead(200, { 'content-type': TYPES[extname(path)] ?? 'application/octet-stream' });
    response.end(bytes);
  } catch {
    sendJson(response, 404, { error: { code: 'not-found', message: `Cannot find ${path}` } });
  }
}
