/**
 * The socket's life: dials, notices silence, dials again after a wait with full jitter, paces what is said.
 * It knows nothing of channels. Socket, clock, timers and chance come in from outside.
 */
import { AppError } from '../../protocol/errors.ts';
import { type ClientFrame, parseServerFrame, type ServerFrame } from '../../protocol/frames-ws.ts';
import { reconnectDelayMs } from './backoff.ts';
import { Outbox } from './outbox.ts';

/** The part of a WebSocket that is used. */
export interface LineSocket {
  onmessage: ((event: { data: unknown }) => void) | null;
  onclose: (() => void) | null;
  send(text: string): void;
  close(): void;
}

export interface LineHost {
  now(): number;
  random(): number;
  /** Runs once after so many ms; the answer cancels it. */
  after(ms: number, run: () => void): () => void;
  connect(): LineSocket;
}

export type LinePhase = 'connecting' | 'open' | 'waiting';

export type LineStatus = {
  readonly phase: LinePhase;
  /** Attempts since the connection was lost, and when the next one comes (local ms). */
  readonly attempt: number;
  readonly retryAt: number | undefined;
  readonly lostAt: number | undefined;
  readonly dialledAt: number;
  readonly lastFrameAt: number | undefined;
};

/** Heartbeats come every second; a socket that says nothing for this long is dead whatever it claims. */
const SILENCE_MS = 15_000;

export class Line {
  readonly #host: LineHost;
  readonly #heard: (frame: ServerFrame) => void;
  readonly #outbox = new Outbox();
  #socket: LineSocket | undefined;
  #phase: LinePhase = 'waiting';
  #attempt = 0;
  #retryAt: number | undefined;
  #lostAt: number | undefined;
  #lastFrameAt: number | undefined;
  #dialledAt = 0;
  #cancelRetry: (() => void) | undefined;
  #cancelFlush: (() => void) | undefined;

  constructor(host: LineHost, heard: (frame: ServerFrame) => void) {
    this.#host = host;
    this.#heard = heard;
  }

  get phase(): LinePhase {
    return this.#phase;
  }

  status(): LineStatus {
    return {
      phase: this.#phase,
      attempt: this.#attempt,
      retryAt: this.#retryAt,
      lostAt: this.#lostAt,
      dialledAt: this.#dialledAt,
      lastFrameAt: this.#lastFrameAt,
    };
  }

  /** Dials unless there is a socket already: at the start, when the network is back, when a person asks. */
  dial(): void {
    if (this.#socket !== undefined) return;
    this.#cancelRetry?.();
    this.#cancelRetry = undefined;
    this.#retryAt = undefined;
    this.#phase = 'connecting';
    this.#dialledAt = this.#host.now();
    const socket = this.#host.connect();
    this.#socket = socket;
    socket.onmessage = (event) => {
      if (socket === this.#socket && typeof event.data === 'string') this.#receive(event.data);
    };
    socket.onclose = () => {
      if (socket === this.#socket) this.lose();
    };
  }

  /** The server said hello: from here on it may be spoken to. */
  opened(): void {
    this.#phase = 'open';
    this.#attempt = 0;
    this.#lostAt = undefined;
  }

  /** Gives the socket up and dials again, after `waitMs` when the server named a time. */
  lose(waitMs?: number): void {
    const socket = this.#socket;
    if (socket === undefined) return;
    this.#socket = undefined;
    socket.onmessage = null;
    socket.onclose = null;
    socket.close();
    this.#outbox.clear();
    const now = this.#host.now();
    this.#lostAt ??= now;
    this.#attempt++;
    const wait = waitMs ?? reconnectDelayMs(this.#attempt, this.#host.random());
    this.#phase = 'waiting';
    this.#retryAt = now + wait;
    this.#cancelRetry = this.#host.after(wait, () => this.dial());
  }

  /** Called every second: a socket that fell silent, or never said hello, is given up. */
  tick(): void {
    const heardAt = Math.max(this.#dialledAt, this.#lastFrameAt ?? 0);
    if (this.#socket !== undefined && this.#host.now() - heardAt > SILENCE_MS) this.lose();
  }

  /** Says something as soon as the pace allows; nothing while there is no open line. */
  say(message: ClientFrame): void {
    if (this.#phase !== 'open') return;
    this.#outbox.push(JSON.stringify(message));
    this.#flush();
  }

  #receive(text: string): void {
    this.#lastFrameAt = this.#host.now();
    let frame: ServerFrame;
    try {
      frame = parseServerFrame(text);
    } catch (thrown) {
      // A newer server may say more than this page knows; anything else leaves every channel in doubt.
      if (!(thrown instanceof AppError && thrown.field === 't')) this.lose();
      return;
    }
    this.#heard(frame);
  }

  #flush(): void {
    this.#cancelFlush?.();
    this.#cancelFlush = undefined;
    const wait = this.#outbox.flush(this.#host.now(), (text) => this.#socket?.send(text));
    if (wait !== undefined) this.#cancelFlush = this.#host.after(wait, () => this.#flush());
  }
}
