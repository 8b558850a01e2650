/**
 * One incarnation of a worker: its thread from spawn to end. Every way to an end leads through one place, once:
 * afterwards the incarnation is fenced, and whatever its thread still says is dropped and counted.
 */

import type { MessagePort } from 'node:worker_threads';
import type { Worker } from './child-spec.ts';
import type { TreeContext } from './context.ts';
import { ControlLine } from './control.ts';
import { Deadline } from './deadline.ts';
import { classifyExit, type ExitReason, type Failure, toFailure } from './exit.ts';
import { describeMemory, MemoryGuard } from './memory-guard.ts';
import type { HandledMessage } from './recent.ts';
import { type Measures, NO_MEASURES, type Run, type RunEvents, type RunPhase } from './run.ts';
import { BlockReader, createBlock } from './shared-block.ts';
import type { Thread } from './spawn.ts';
import { describeHang, type Hang, Watch } from './watch.ts';
import { type FromChild, isFromChild, type LostLink, type Peer, type ToChild } from './wire.ts';

/** A terminated thread that has not ended by then is left behind: native code may hold it for seconds. */
const ZOMBIE_MS = 250;
/** From a thread's last word (bye, failure) to its end: it only has to exit. */
const LAST_WORD_MS = 1_000;
/** What a timer can hold. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;
/** From a link's loss until it is laid again: a peer that has died closes its ports too, and is known to be gone by then. */
const RELAY_MS = 50;
/**
 * Heartbeat limits that one who is on its way out may be silent: the last writes and closes take longer than any other
 * step, but a loop that hangs must not use up the whole time for stopping.
 */
const DRAINING_PATIENCE = 4;
/** And while the machine is overloaded: who gets no processor cannot show a sign of life. */
const OVERLOAD_PATIENCE = 2;

export class WorkerRun implements Run {
  readonly epoch: number;
  readonly #spec: Worker;
  readonly #shared = createBlock();
  readonly #block = new BlockReader(this.#shared);
  readonly #tree: TreeContext;
  readonly #events: RunEvents;
  readonly #deadline: Deadline;
  #phase: RunPhase = 'starting';
  #thread: Thread | undefined;
  /** From the moment it runs. */
  #watch: Watch | undefined;
  readonly #memory: MemoryGuard;
  /** From the first call on. */
  #line: ControlLine | undefined;
  /** Its thread, as the machine knows it. */
  #task: string | undefined;
  #started = false;
  #asked = false;
  #bye = false;
  #zombie = false;
  #failure: Failure | undefined;
  #terminated: { readonly reason: ExitReason; readonly detail: string } | undefined;

  constructor(spec: Worker, epoch: number, tree: TreeContext, events: RunEvents) {
    this.#spec = spec;
    this.epoch = epoch;
    this.#tree = tree;
    this.#events = events;
    this.#deadline = new Deadline(tree.clock);
    this.#memory = new MemoryGuard(spec.memory);
  }

  get id(): string {
    return this.#spec.id;
  }

  get phase(): RunPhase {
    return this.#phase;
  }

  start(): void {
    const { id, entry, input, startMs } = this.#spec;
    const { histories } = this.#tree;
    const suspects = histories.suspectsOf(this.#spec.workGroup ?? id).list;
    const order = { id, epoch: this.epoch, input, block: this.#shared, suspects, note: histories.of(id).note };
    this.#tree.live.add(this);
    this.#tree.fences.begin(this.#block);
    this.#limitStart(startMs);
    try {
      this.#thread = this.#tree.spawner.thread(entry, order, {
        message: (message) => this.#tree.turn(() => this.#receive(message)),
        error: (thrown) => this.#tree.turn(() => this.#failed(toFailure(thrown))),
        exit: (code) => this.#tree.turn(() => this.#exited(code)),
      });
    } catch (error) {
      this.#failure = toFailure(error);
      this.#tree.turn(() => this.#finish(1));
    }
  }

  /** Drained: it is asked over its control port to finish what it has in hand, and to end only after that. */
  stop(drained = false): void {
    if (this.#phase !== 'starting' && this.#phase !== 'running') return;
    const { shutdownMs } = this.#spec;
    this.#asked = true;
    this.#phase = 'draining';
    this.#tree.links.leave(this);
    this.#tree.events.add('stopping', this.id, this.epoch, `${this.id} is asked to stop`);
    if (shutdownMs === 'kill') {
      this.#terminate('killed', 'stopped without grace');
    } else {
      this.#limit(shutdownMs, () => this.#terminate('killed', `did not stop within ${shutdownMs} ms`));
      if (drained) this.#drain(shutdownMs);
      else this.post({ type: 'stop' });
    }
  }

  #drain(limitMs: number): void {
    const stop = () => this.post({ type: 'stop' });
    // Whatever comes of it, the limit for stopping holds.
    this.line.call('drain', (remote) => remote.drain(), Math.min(limitMs, LONGEST_TIMER_MS)).then(stop, stop);
  }

  get line(): ControlLine {
    if (this.#line === undefined) {
      const [near, far] = this.#tree.spawner.channel();
      this.#line = new ControlLine(this.peer, near, this.#tree.clock);
      this.post({ type: 'control', port: far }, [far]);
    }
    return this.#line;
  }

  kill(detail: string): void {
    this.#terminate('killed', detail);
  }

  measure(): Measures {
    if (this.#phase === 'ended') return NO_MEASURES;
    const { depth, mailboxBytes, oldestAt, handled, handlingSince, heapBytes, externalBytes, waiting } = this.#block;
    const ageOf = (since: number) => (since > 0 ? Math.max(0, this.#tree.clock.now() - since) : 0);
    return {
      ...NO_MEASURES,
      depth,
      bytes: mailboxBytes,
      oldestMs: depth > 0 ? ageOf(oldestAt) : 0,
      handlingMs: ageOf(handlingSince),
      handled,
      rate: this.#watch?.rate ?? 0,
      busy: this.#watch?.busy ?? 0,
      handleP99Ms: this.#watch?.handleP99Ms ?? null,
      heapBytes,
      externalBytes,
      waiting,
    };
  }

  messages(): HandledMessage[] {
    return this.#block.recent.list(this.epoch);
  }

  tell(body: unknown): boolean {
    if (this.#phase === 'ended') return false;
    this.post({ type: 'tell', body });
    return true;
  }

  note(note: unknown): void {
    if (this.#phase !== 'ended') this.post({ type: 'note', note });
  }

  add(): boolean {
    return false;
  }

  change(): boolean {
    return false;
  }

  discard(): void {}

  post(message: ToChild, transfer: readonly MessagePort[] = []): void {
    this.#thread?.post(message, transfer);
  }

  /** `sinceTickMs` is how long ago the last tick was. */
  tick(now: number, sinceTickMs: number): void {
    if (this.#terminated) return;
    this.#lookAtMemory(sinceTickMs);
    if (!this.#watch || this.#terminated) return;
    const patience = this.#phase === 'draining' ? DRAINING_PATIENCE : 1;
    const seen = this.#watch.look({ now, sinceTickMs, patience, waits: this.#waitsMs() > 0 });
    if (seen === 'ask') this.post({ type: 'ping' });
    else if (seen !== 'well' && !this.#isExcused(seen)) this.#hangs(seen);
  }

  #lookAtMemory(sinceTickMs: number): void {
    const state = this.#memory.look(this.#block, sinceTickMs);
    if (state === 'well' || (state === 'soft' && this.#phase !== 'running')) return;
    const used = describeMemory(this.#block);
    const follows = state === 'soft' ? 'restarted in order' : 'terminated';
    this.#tree.events.add('memory', this.id, this.epoch, `${this.id} is ${follows}: ${used}`);
    if (state === 'soft') this.#events.worn();
    else this.#terminate('memory', used);
  }

  #isExcused({ kind, ms }: Hang): boolean {
    const limitMs = kind === 'loop' ? this.#spec.heartbeatMs : this.#spec.progressMs;
    return ms < limitMs * OVERLOAD_PATIENCE && this.#tree.spawner.isOverloaded();
  }

  #hangs(hang: Hang): void {
    const detail = describeHang(hang, this.#task && this.#tree.spawner.activity?.(this.#task));
    this.#tree.events.add('hung', this.id, this.epoch, `${this.id} hangs: ${detail}`);
    this.#phase = 'unresponsive';
    this.#terminate('hung', detail);
  }

  #receive(message: unknown): void {
    if (this.#phase === 'ended' || !isFromChild(message, this.epoch)) this.#drop();
    else this.#hear(message);
  }

  #hear(message: FromChild): void {
    switch (message.type) {
      case 'hello':
        this.#task = message.task;
        this.#tree.links.join(this);
        break;
      case 'ready':
        this.#ready(message.info);
        break;
      case 'tell':
        this.#tree.told(this.id, this.epoch, message.body);
        break;
      case 'link-lost':
        this.#lostLink(message);
        break;
      case 'failure':
        this.#failed(message.failure);
        break;
      case 'struck':
        this.#tree.events.add('struck', this.id, this.epoch, `${message.fault} strikes ${this.id} as ordered`);
        break;
      case 'bye':
        this.#bye = true;
        this.#expectExit();
        break;
      default:
        message satisfies never;
        this.#drop();
    }
  }

  #lostLink(lost: LostLink): void {
    const again = this.#tree.links.dropped(this, lost);
    if (again === undefined) return;
    const relay = () => {
      const text = `The link ${lost.name} of ${this.id} and ${lost.peer.id} was lost, and is laid again`;
      if (again()) this.#tree.events.add('relinked', this.id, this.epoch, text);
    };
    this.#tree.clock.setTimeout(() => this.#tree.turn(relay), RELAY_MS);
  }

  #ready(info: unknown): void {
    if (this.#phase !== 'starting') return;
    this.#deadline.clear();
    this.#phase = 'running';
    this.#started = true;
    const { heartbeatMs, progressMs } = this.#spec;
    const options = { heartbeatMs, progressMs, tickMs: this.#tree.tickMs, now: this.#tree.clock.monotonic() };
    if (this.#thread) this.#watch = new Watch(this.#block, this.#thread, options);
    this.#events.up(info);
  }

  /** The first failure is the cause; what follows is its noise. */
  #failed(failure: Failure): void {
    if (this.#phase === 'ended') return;
    this.#failure ??= failure;
    this.#expectExit();
  }

  #expectExit(): void {
    this.#tree.links.leave(this);
    if (this.#terminated) return;
    const { name, message } = this.#failure ?? { name: 'Goodbye', message: 'said without an end' };
    const reason = this.#failure ? 'crashed' : 'killed';
    this.#limit(LAST_WORD_MS, () => this.#terminate(reason, `${name}: ${message}`));
  }

  #terminate(reason: ExitReason, detail: string): void {
    if (this.#phase === 'ended' || this.#terminated) return;
    this.#terminated = { reason, detail };
    this.#block.giveUp();
    if (this.#phase !== 'unresponsive') this.#phase = 'draining';
    this.#tree.links.leave(this);
    this.#tree.events.add('terminated', this.id, this.epoch, `${this.id} is terminated: ${detail}`);
    this.#limit(ZOMBIE_MS, () => this.#abandon());
    this.#thread?.terminate();
  }

  #abandon(): void {
    this.#tree.counts.zombies++;
    this.#tree.counts.zombiesEver++;
    this.#tree.events.add('zombie', this.id, this.epoch, `${this.id} does not end: left behind, fenced`);
    this.#thread?.forget();
    this.#finish(1, true);
  }

  #exited(code: number): void {
    if (this.#phase !== 'ended') this.#finish(code);
    else if (this.#zombie) this.#buried();
  }

  #buried(): void {
    this.#zombie = false;
    this.#tree.counts.zombies--;
    this.#tree.events.add('zombie-ended', this.id, this.epoch, `${this.id} of epoch ${this.epoch} has ended at last`);
  }

  #finish(code: number, zombie = false): void {
    this.#phase = 'ended';
    this.#zombie = zombie;
    this.#deadline.clear();
    this.#tree.live.delete(this);
    this.#tree.links.leave(this);
    this.#tree.links.lose(this, zombie);
    this.#tree.fences.end(this.#block);
    this.#line?.end();
    const work = this.#block.work;
    const exit = classifyExit({
      started: this.#started,
      asked: this.#asked,
      bye: this.#bye,
      code,
      failure: this.#failure,
      terminated: this.#terminated,
    });
    this.#events.down(work === null ? exit : { ...exit, work });
  }

  /** One that says what outside it waits for has until then. */
  #limitStart(ms: number): void {
    this.#limit(ms, () => {
      const waitsMs = this.#waitsMs();
      if (waitsMs > 0) this.#limitStart(waitsMs);
      else this.#terminate('start-timeout', `was not ready within ${this.#spec.startMs} ms`);
    });
  }

  /** How much longer it may, by what it has said itself. */
  #waitsMs(): number {
    return (this.#block.waiting?.deadline ?? 0) - this.#tree.clock.now();
  }

  #limit(ms: number, passed: () => void): void {
    this.#deadline.set(ms, () => this.#tree.turn(passed));
  }

  /** What a fenced incarnation says is only counted; an odd message of a living one is worth a line. */
  #drop(): void {
    this.#tree.counts.dropped++;
    if (this.#phase === 'ended') {
      this.#tree.fences.refused();
    } else {
      const text = `A message of ${this.id} was dropped: it is not one of epoch ${this.epoch}`;
      this.#tree.events.add('dropped', this.id, this.epoch, text);
    }
  }

  /** This incarnation, as its peers are told. */
  get peer(): Peer {
    return { id: this.id, epoch: this.epoch };
  }
}
