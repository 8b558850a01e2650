/**
 * The worker's side of supervision: `runChild` turns a thread into a supervised actor. It says hello, shows that
 * its loop turns, hands out links as they are laid, and ends in order: bye and exit 0, or the failure and exit 1.
 */

import type { MessagePort } from 'node:worker_threads';
import { assertNever } from '../protocol/errors.ts';
import { toFailure } from './exit.ts';
import { BlockWriter, type Meter } from './shared-block.ts';
import { type OwnThread, ownThread } from './spawn.ts';
import type { Suspect } from './suspects.ts';
import type { Peer, ToChild } from './wire.ts';

export type { MessagePort };

type LinkHandlers = {
  laid(port: MessagePort, peer: Peer): void;
  lost?: ((peer: Peer) => void) | undefined;
};

/** Late enough not to slow down the first messages, early enough for most of the code to have been needed. */
const KEEP_AFTER_MS = 20;
/** Waking up is most of what an idle thread costs: the figures are renewed this often, and else the beat comes when asked. */
const BEAT_MS = 1_000;

/** What an actor gets from its supervisor. */
export interface Child<Input> {
  readonly id: string;
  /** Rises with every incarnation of this id. */
  readonly epoch: number;
  readonly input: Input;
  readonly meter: Meter;
  /** Work (`meter.working`) at which former incarnations have died twice: to be passed, not to be handled again. */
  readonly suspects: readonly Suspect[];
  /** What the owner of the tree has left for it last (`tree.note`); there from the beginning. */
  readonly note: unknown;
  /**
   * `laid` is called for every link of that name, each time it is laid; the former port to that peer is closed by
   * then. `lost` is called when the peer has gone; what it sent before may still come.
   */
  onLink(name: string, laid: (port: MessagePort, peer: Peer) => void, lost?: (peer: Peer) => void): void;
  /** To the owner of the tree. */
  tell(body: unknown): void;
  /** Runs as a handler, like all that an actor does on its own or for a message should. */
  onTell(handle: (body: unknown) => void | Promise<void>): void;
  /**
   * Runs one handler: the work for a message, a batch, a tick. While it is in work its supervisor sees for how long,
   * and kills the actor when that is longer than its `progressMs`, unless `meter.waiting` says what for.
   */
  handle<Value>(work: () => Promise<Value>): Promise<Value>;
  handle<Value>(work: () => Value): Value;
  /** What to finish before the end, run last registered first; then bye and exit. */
  onStop(drain: () => void | Promise<void>): void;
  /** Running: state loaded and links laid. The next child starts only now. `info` goes to whoever asked for this start. */
  ready(info?: unknown): void;
  /** The work is done: ends as if asked to stop, with exit reason `normal`. Before `ready` it declines to start. */
  end(): void;
}

/**
 * Runs an actor in this thread. Whatever is thrown, anywhere, goes to the supervisor and ends the thread.
 * @example
 * runChild<{ greeting: string }>((child) => {
 *   child.onLink('greetings', (port) => port.postMessage(child.input.greeting));
 *   child.ready();
 * });
 */
export function runChild<Input>(start: (child: Child<Input>) => void | Promise<void>): void {
  new SupervisedChild<Input>(ownThread()).run(start);
}

class SupervisedChild<Input> implements Child<Input> {
  readonly meter: BlockWriter;
  readonly #thread: OwnThread;
  readonly #handlers = new Map<string, LinkHandlers>();
  /** Ports by link name and peer; those whose name nobody has asked for yet wait in here too. */
  readonly #ports = new Map<string, Map<string, { readonly port: MessagePort; readonly peer: Peer }>>();
  readonly #drains: (() => void | Promise<void>)[] = [];
  #toldEarly: unknown[] = [];
  #handleTell: ((body: unknown) => void | Promise<void>) | undefined;
  #stopping = false;
  #note: unknown;

  constructor(thread: OwnThread) {
    this.#thread = thread;
    this.#note = thread.order.note;
    this.meter = new BlockWriter(thread.order.block, Date.now);
  }

  get id(): string {
    return this.#thread.order.id;
  }

  get epoch(): number {
    return this.#thread.order.epoch;
  }

  get input(): Input {
    return this.#thread.order.input as Input;
  }

  get suspects(): readonly Suspect[] {
    return this.#thread.order.suspects;
  }

  get note(): unknown {
    return this.#note;
  }

  run(start: (child: Child<Input>) => void | Promise<void>): void {
    this.#thread.onFailure((thrown) => this.#fail(thrown));
    this.#startBeat();
    this.#thread.listen((message) => this.#receive(message));
    this.#thread.post({ epoch: this.epoch, type: 'hello' });
    // One place for a throw and for a rejection; those of later handlers arrive at `onFailure`.
    Promise.try(start, this).catch((thrown: unknown) => this.#fail(thrown));
  }

  onLink(name: string, laid: (port: MessagePort, peer: Peer) => void, lost?: (peer: Peer) => void): void {
    this.#handlers.set(name, { laid, lost });
    for (const { port, peer } of this.#ports.get(name)?.values() ?? []) laid(port, peer);
  }

  tell(body: unknown): void {
    this.#thread.post({ epoch: this.epoch, type: 'tell', body });
  }

  onTell(handle: (body: unknown) => void | Promise<void>): void {
    this.#handleTell = handle;
    const early = this.#toldEarly;
    this.#toldEarly = [];
    for (const body of early) this.#hear(body);
  }

  handle<Value>(work: () => Promise<Value>): Promise<Value>;
  handle<Value>(work: () => Value): Value;
  handle(work: () => unknown): unknown {
    const handler = this.meter.begin();
    let result: unknown;
    try {
      result = work();
    } catch (error) {
      this.meter.settle(handler);
      throw error;
    }
    if (result instanceof Promise) return result.finally(() => this.meter.settle(handler));
    this.meter.settle(handler);
    return result;
  }

  onStop(drain: () => void | Promise<void>): void {
    this.#drains.push(drain);
  }

  ready(info?: unknown): void {
    this.#thread.post({ epoch: this.epoch, type: 'ready', ...(info === undefined ? {} : { info }) });
    setTimeout(() => this.#thread.keepCompiled(), KEEP_AFTER_MS).unref();
  }

  end(): void {
    void this.#stop();
  }

  #receive(message: ToChild): void {
    switch (message.type) {
      case 'link':
        this.#lay(message.name, message.port, message.peer);
        break;
      case 'unlink':
        this.#unlay(message.name, message.peer);
        break;
      case 'tell':
        this.#hear(message.body);
        break;
      case 'note':
        this.#note = message.note;
        break;
      case 'ping':
        this.meter.beat(this.#thread.busyMs());
        break;
      case 'stop':
        void this.#stop();
        break;
      default:
        assertNever(message);
    }
  }

  #hear(body: unknown): void {
    const handle = this.#handleTell;
    // A rejection has nobody to catch it here, and so ends the actor.
    if (handle) void this.handle(() => handle(body));
    else this.#toldEarly.push(body);
  }

  #lay(name: string, port: MessagePort, peer: Peer): void {
    const ports = this.#ports.get(name) ?? new Map();
    this.#ports.set(name, ports);
    ports.get(peer.id)?.port.close();
    ports.set(peer.id, { port, peer });
    this.#handlers.get(name)?.laid(port, peer);
  }

  #unlay(name: string, peer: Peer): void {
    const ports = this.#ports.get(name);
    if (ports?.get(peer.id)?.peer.epoch !== peer.epoch) return;
    // Not closed here: what the peer sent before it died is still in the port, which closes itself after that.
    ports.delete(peer.id);
    this.#handlers.get(name)?.lost?.(peer);
  }

  async #stop(): Promise<void> {
    if (this.#stopping) return;
    this.#stopping = true;
    for (const drain of this.#drains.reverse()) await drain();
    this.#thread.post({ epoch: this.epoch, type: 'bye' });
    this.#thread.exit(0);
  }

  #fail(thrown: unknown): void {
    this.#thread.post({ epoch: this.epoch, type: 'failure', failure: toFailure(thrown) });
    this.#thread.exit(1);
  }

  /** The beat must not keep a thread alive that has nothing left to do. */
  #startBeat(): void {
    const beat = () => {
      const { heapBytes, externalBytes } = this.#thread.memory();
      this.meter.memory(heapBytes, externalBytes);
      this.meter.beat(this.#thread.busyMs());
    };
    beat();
    setInterval(beat, BEAT_MS).unref();
  }
}
