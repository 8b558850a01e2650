/** The WebSocket end: takes upgrades that were let in, and drives a session over each connection. */
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { type RawData, type WebSocket, WebSocketServer } from 'ws';
import { WS_CLOSE } from '../../../protocol/frames-ws.ts';
import type { Channel } from '../channels/channel.ts';
import type { Hub } from '../channels/hub.ts';
import { entryOf } from '../entry.ts';
import { Session } from './session.ts';

/** Inbound frames above this close with 1009. */
export const MOST_INBOUND_BYTES = 16 * 1024;
/** A connection costs some 30 KB; a thousand is far more than a shop's screens. */
export const MOST_CLIENTS = 1_000;
const BEAT_MS = 1_000;
const BEATS_PER_HASH = 10;
/** Silence beyond two of these means that nobody is there any more. */
const PING_MS = 25_000;
/** A slow client has this long to read what it was sent before the goodbye; one that floods has not. */
const SLOW_GRACE_MS = 30_000;
const CLOSE_GRACE_MS = 2_000;

type Connection = { readonly socket: WebSocket; readonly session: Session; alive: boolean };

export type SocketsOptions = {
  readonly hub: Hub;
  /** Milliseconds that never go back. */
  readonly clock: () => number;
  /** What every client is told at the start. */
  readonly facts: Readonly<Record<string, string>>;
};

export class Sockets {
  /** More than these are refused; those that are there stay. */
  mostClients = MOST_CLIENTS;
  #options: SocketsOptions;
  #server = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: MOST_INBOUND_BYTES,
  });
  #connections = new Set<Connection>();
  #closing = new Set<WebSocket>();
  #encoded = new Map<string, Buffer>();
  #timers: NodeJS.Timeout[];
  #beats = 0;

  constructor(options: SocketsOptions) {
    this.#options = options;
    this.#timers = [setInterval(() => this.beat(), BEAT_MS), setInterval(() => this.#ping(), PING_MS)];
  }

  get size(): number {
    return this.#connections.size;
  }

  get full(): boolean {
    return this.#connections.size + this.#closing.size >= this.mostClients;
  }

  /** Bytes that wait for clients to read them, of all together. */
  get unsent(): number {
    return [...this.#connections].reduce((sum, { socket }) => sum + socket.bufferedAmount, 0);
  }

  accept(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    this.#server.handleUpgrade(request, socket, head, (webSocket) => this.#connect(webSocket, socket));
  }

  /** Sends every client what it lacks; frames that several get are encoded once. */
  tick(): void {
    const now = this.#options.clock();
    for (const { session } of this.#connections) session.tick(now);
    this.#encoded.clear();
  }

  beat(): void {
    const now = this.#options.clock();
    const withHashes = this.#beats++ % BEATS_PER_HASH === 0;
    const hashes = new Map<Channel, string>();
    const hashOf = (channel: Channel) => entryOf(hashes, channel, () => channel.hash());
    for (const { session } of this.#connections) session.beat(now, Date.now(), withHashes, hashOf);
    this.#encoded.clear();
  }

  /** Says goodbye to all and lets go of them. */
  async close(retryMs: number, graceMs: number): Promise<void> {
    for (const timer of this.#timers) clearInterval(timer);
    const sockets = [...this.#closing, ...[...this.#connections].map(({ socket }) => socket)];
    for (const { session } of this.#connections) session.leave(Math.round(retryMs * (0.5 + Math.random())));
    const closed = sockets.map((socket) => new Promise((resolve) => socket.once('close', resolve)));
    const limit = setTimeout(() => {
      for (const socket of sockets) socket.terminate();
    }, graceMs);
    await Promise.all(closed);
    clearTimeout(limit);
  }

  #connect(socket: WebSocket, raw: Duplex): void {
    const session = new Session(
      {
        send: (frame) => socket.send(this.#encode(frame), { binary: false }, ignore),
        unsent: () => socket.bufferedAmount,
        close: (code, reason) => this.#close(socket, code, reason),
      },
      this.#options.hub,
    );
    const connection: Connection = { socket, session, alive: true };
    this.#connections.add(connection);
    socket.on('message', (data: RawData, binary: boolean) => {
      if (session.admit(this.#options.clock()))
        session.receive(binary ? '' : String(data), this.#options.clock(), Date.now());
    });
    socket.on('ping', () => session.admit(this.#options.clock()));
    socket.on('pong', () => {
      connection.alive = true;
    });
    // A frame that is too large, or no frame at all: ws closes with the code that fits.
    socket.on('error', ignore);
    socket.on('close', () => {
      session.ended();
      this.#connections.delete(connection);
      this.#closing.delete(socket);
    });
    raw.on('error', ignore);
    session.open(Date.now(), this.#options.facts);
  }

  #close(socket: WebSocket, code: number, reason: string): void {
    for (const connection of this.#connections) {
      if (connection.socket === socket) this.#connections.delete(connection);
    }
    this.#closing.add(socket);
    socket.close(code, reason);
    const limit = setTimeout(() => socket.terminate(), code === WS_CLOSE.slow ? SLOW_GRACE_MS : CLOSE_GRACE_MS);
    socket.once('close', () => clearTimeout(limit));
  }

  /** The bytes of a frame are shared by all who get it in this tick, unsent ones too. */
  #encode(frame: string): Buffer {
    return entryOf(this.#encoded, frame, () => Buffer.from(frame));
  }

  #ping(): void {
    for (const connection of this.#connections) {
      if (!connection.alive) connection.socket.terminate();
      else if (connection.socket.bufferedAmount === 0) {
        connection.alive = false;
        connection.socket.ping();
      }
    }
  }
}

function ignore(): void {}
