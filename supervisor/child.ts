/**
 * The worker's side of supervision: `runChild` turns a thread into a supervised actor. It says hello, shows that
 * its loop turns, hands out links as they are laid, and ends in order: bye and exit 0, or the failure and exit 1.
 */

import type { MessagePort } from 'node:worker_threads';
import { assertNever } from '../protocol/errors.ts';
import type { Death } from '../protocol/fault.ts';
import { ChildLinks } from './child-links.ts';
import type { ControlAdditions, Controlled } from './control-child.ts';
import { toFailure } from './exit.ts';
import { die, type Faults } from './faults.ts';
import { MemoryGauge } from './memory-gauge.ts';
import { BlockWriter, type InWork, type Meter } from './shared-block.ts';
import { fencePort, type OwnThread, ownThread } from './spawn.ts';
import type { Suspect } from './suspects.ts';
import type { Peer, ToChild } from './wire.ts';

export { numberSetting } from './settings.ts';
export type { MessagePort };

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
   * then. `lost` is called when the peer has gone, or its port has closed; what it sent before may still come.
   */
  onLink(name: string, laid: (port: MessagePort, peer: Peer) => void, lost?: (peer: Peer) => void): void;
  /** To the owner of the tree. */
  tell(body: unknown): void;
  /** Runs as a handler, like all that an actor does on its own or for a message should. */
  onTell(handle: (body: unknown) => void | Promise<void>): void;
  /**
   * Runs one handler: the work for a message, a batch, a tick. While it is in work its supervisor sees for how long,
   * and kills the actor when that is longer than its `progressMs`, unless `meter.waiting` says what for. How long all
   * took is counted, and of the last 20 it can be looked up: their `type` (the name of the function, if none is given),
   * `bytes` and time; nothing else of them.
   */
  handle<Value>(work: () => Promise<Value>, type?: string, bytes?: number): Promise<Value>;
  handle<Value>(work: () => Value, type?: string, bytes?: number): Value;
  /** What this actor adds to the control interface that all have (`tree.control`). */
  onControl(additions: ControlAdditions): void;
  /** What to finish before the end, run last registered first; then bye and exit. */
  onStop(drain: () => void | Promise<void>): void;
  /** Running: state loaded and links laid. The next child starts only now. `info` goes to whoever asked for this start. */
  ready(info?: unknown): void;
  /** An ordered death of what the handler that waits for this has in work. Never resolves. */
  die(death: Death): Promise<never>;
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
  readonly #links: ChildLinks;
  readonly #memory: MemoryGauge;
  readonly #drains: (() => void | Promise<void>)[] = [];
  #toldEarly: unknown[] = [];
  #handleTell: ((body: unknown) => void | Promise<void>) | undefined;
  #additions: ControlAdditions = {};
  #faults: Faults | undefined;
  #drained: Promise<void> | undefined;
  #stopping = false;
  #note: unknown;

  constructor(thread: OwnThread) {
    this.#thread = thread;
    this.#note = thread.order.note;
    this.meter = new BlockWriter(thread.order.block, Date.now, () => performance.now());
    this.#memory = new MemoryGauge(thread.memory, (memory) => this.meter.memory(memory));
    this.#links = new ChildLinks(
      (link) => thread.post({ epoch: this.epoch, type: 'link-lost', ...link }),
      (port) => fencePort(port, () => this.meter.fenced()),
    );
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
    this.#thread.post({ epoch: this.epoch, type: 'hello', task: this.#thread.task });
    // One place for a throw and for a rejection; those of later handlers arrive at `onFailure`.
    Promise.try(start, this).catch((thrown: unknown) => this.#fail(thrown));
  }

  onLink(name: string, laid: (port: MessagePort, peer: Peer) => void, lost?: (peer: Peer) => void): void {
    this.#links.handle(name, { laid, lost });
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

  handle<Value>(work: () => Promise<Value>, type?: string, bytes?: number): Promise<Value>;
  handle<Value>(work: () => Value, type?: string, bytes?: number): Value;
  handle(work: () => unknown, type?: string, bytes?: number): unknown {
    const handler = this.meter.begin(type ?? (work.name || undefined), bytes);
    this.#memory.lookIfDue();
    let result: unknown;
    try {
      result = this.#faults?.strike() ?? work();
    } catch (error) {
      this.meter.settle(handler, true);
      throw error;
    }
    if (result instanceof Promise) return this.#settles(result, handler);
    this.meter.settle(handler);
    return result;
  }

  async #settles(result: Promise<unknown>, handler: InWork): Promise<unknown> {
    let threw = true;
    try {
      const value = await result;
      threw = false;
      return value;
    } finally {
      this.meter.settle(handler, threw);
    }
  }

  onControl(additions: ControlAdditions): void {
    this.#additions = additions;
  }

  onStop(drain: () => void | Promise<void>): void {
    this.#drains.push(drain);
  }

  ready(info?: unknown): void {
    this.#thread.post({ epoch: this.epoch, type: 'ready', ...(info === undefined ? {} : { info }) });
    setTimeout(() => this.#thread.keepCompiled(), KEEP_AFTER_MS).unref();
  }

  die(death: Death): Promise<never> {
    return die(death);
  }

  end(): void {
    void this.#stop();
  }

  #receive(message: ToChild): void {
    switch (message.type) {
      case 'link':
        this.#links.lay(message);
        break;
      case 'unlink':
        this.#links.unlay(message.name, message.peer, message.fenced);
        break;
      case 'tell':
        this.#hear(message.body);
        break;
      case 'note':
        this.#note = message.note;
        break;
      case 'control':
        void this.#serveControl(message.port);
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
    if (handle) void this.handle(() => handle(body), kindOf(body));
    else this.#toldEarly.push(body);
  }

  async #serveControl(port: MessagePort): Promise<void> {
    const { serveControl } = await import('./control-child.ts');
    this.#faults = serveControl(port, {
      additions: () => this.#additions,
      about: () => this.#about(),
      drain: () => this.#drain(),
      handle: (work, type) => this.handle(work, type),
      alive: () => this.meter.handled(0),
      dropLinks: () => this.#links.dropAll(),
      struck: (fault) => this.#thread.post({ epoch: this.epoch, type: 'struck', fault }),
    });
  }

  #about(): ReturnType<Controlled['about']> {
    const { heapBytes, externalBytes } = this.#thread.memory();
    return {
      id: this.id,
      epoch: this.epoch,
      up_ms: Math.round(performance.now()),
      heap_bytes: heapBytes,
      external_bytes: externalBytes,
      links: this.#links.list().map(({ name, peer }) => ({ name, peer: peer.id, epoch: peer.epoch })),
    };
  }

  /** Once, whoever asks first. */
  #drain(): Promise<void> {
    const run = async () => {
      for (const drain of this.#drains.reverse()) await drain();
    };
    this.#drained ??= run();
    return this.#drained;
  }

  async #stop(): Promise<void> {
    if (this.#stopping) return;
    this.#stopping = true;
    await this.#drain();
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
      this.#memory.look();
      this.meter.beat(this.#thread.busyMs());
    };
    beat();
    setInterval(beat, BEAT_MS).unref();
  }
}

/** Of a message as they are here: a tagged union on `type`. */
function kindOf(body: unknown): string {
  const type = typeof body === 'object' && body !== null && 'type' in body ? body.type : undefined;
  return typeof type === 'string' ? type : 'tell';
}
