/** A supervisor's world without threads and without time: a clock that tests turn, and threads that tests act out. */

import type { ChildSpec, SupervisorSpec } from '../../supervisor/child-spec.ts';
import type { Clock } from '../../supervisor/clock.ts';
import { BlockWriter } from '../../supervisor/shared-block.ts';
import type { Spawner, Thread, ThreadEvents } from '../../supervisor/spawn.ts';
import { SupervisorTree, type TreeOptions } from '../../supervisor/tree.ts';
import type { ChildOrder, FromChild, ToChild } from '../../supervisor/wire.ts';

type Alarm = { readonly at: number; readonly order: number; readonly run: () => void };

export class VirtualClock implements Clock {
  #now = 1_000;
  #order = 0;
  readonly #alarms = new Set<Alarm>();

  now(): number {
    return 1_700_000_000_000 + this.#now;
  }

  monotonic(): number {
    return this.#now;
  }

  setTimeout(run: () => void, ms: number): Alarm {
    const alarm = { at: this.#now + ms, order: this.#order++, run };
    this.#alarms.add(alarm);
    return alarm;
  }

  clearTimeout(timer: unknown): void {
    this.#alarms.delete(timer as Alarm);
  }

  get pending(): number {
    return this.#alarms.size;
  }

  advance(ms: number): void {
    const until = this.#now + ms;
    for (let next = this.#next(until); next; next = this.#next(until)) {
      this.#alarms.delete(next);
      this.#now = Math.max(this.#now, next.at);
      next.run();
    }
    this.#now = until;
  }

  /** As if this thread had been blocked: time passes and nothing runs. */
  block(ms: number): void {
    this.#now += ms;
  }

  #next(until: number): Alarm | undefined {
    let first: Alarm | undefined;
    for (const alarm of this.#alarms) {
      if (alarm.at > until) continue;
      if (!first || alarm.at < first.at || (alarm.at === first.at && alarm.order < first.order)) first = alarm;
    }
    return first;
  }
}

export type Manner = {
  /** From spawn to ready; undefined never gets ready. */
  readonly readyMs: number | undefined;
  /** From the order to stop to bye; undefined never stops. */
  readonly stopMs: number | undefined;
  /** From terminate to exit; undefined never ends, `now` ends within the call as Deno's threads do. */
  readonly endMs: number | undefined | 'now';
  /** Answers when it is asked for a sign of life. */
  readonly beats: boolean;
  /** Its loop is seen to wait. */
  readonly idles: boolean;
  /** Throws instead of getting ready. */
  readonly failsToStart: boolean;
};

const WELL_BEHAVED: Manner = { readyMs: 10, stopMs: 5, endMs: 2, beats: true, idles: false, failsToStart: false };

export class FakeThread implements Thread {
  readonly order: ChildOrder;
  readonly heard: ToChild[] = [];
  readonly meter: BlockWriter;
  manner: Manner;
  ended = false;
  forgotten = false;
  readonly #clock: VirtualClock;
  readonly #events: ThreadEvents;
  readonly #alarms = new Set<Alarm>();

  constructor(order: ChildOrder, events: ThreadEvents, clock: VirtualClock, manner: Manner) {
    this.order = order;
    this.manner = manner;
    this.#events = events;
    this.#clock = clock;
    this.meter = new BlockWriter(order.block, () => clock.now());
    this.#later(0, () => this.say({ type: 'hello' }));
    if (manner.failsToStart) this.#later(manner.readyMs ?? 0, () => this.crash('cannot start'));
    else if (manner.readyMs !== undefined) this.#later(manner.readyMs, () => this.say({ type: 'ready' }));
  }

  get id(): string {
    return this.order.id;
  }

  get epoch(): number {
    return this.order.epoch;
  }

  post(message: ToChild): void {
    this.heard.push(message);
    if (message.type === 'ping' && this.manner.beats) this.meter.beat(0);
    if (message.type !== 'stop') return;
    const { stopMs } = this.manner;
    if (stopMs === undefined) return;
    this.#later(stopMs, () => {
      this.say({ type: 'bye' });
      this.exit(0);
    });
  }

  terminate(): void {
    const { endMs } = this.manner;
    if (endMs === 'now') this.exit(1);
    else if (endMs !== undefined) this.#later(endMs, () => this.exit(1));
  }

  forget(): void {
    this.forgotten = true;
  }

  idleMs(): number | undefined {
    return this.manner.idles ? this.#clock.monotonic() : undefined;
  }

  say(message: Omit<FromChild, 'epoch'> & Record<string, unknown>, epoch = this.epoch): void {
    this.#events.message({ ...message, epoch });
  }

  sayAnything(message: unknown): void {
    this.#events.message(message);
  }

  crash(message = 'boom'): void {
    this.say({ type: 'failure', failure: { name: 'Error', message } });
    this.exit(1);
  }

  error(thrown: unknown): void {
    this.#events.error(thrown);
  }

  exit(code: number): void {
    if (this.ended) return;
    this.ended = true;
    for (const alarm of this.#alarms) this.#clock.clearTimeout(alarm);
    this.#events.exit(code);
  }

  #later(ms: number, run: () => void): void {
    const alarm = this.#clock.setTimeout(() => {
      this.#alarms.delete(alarm);
      run();
    }, ms);
    this.#alarms.add(alarm);
  }
}

const ENTRY = new URL('file:///actor.ts');

export function worker(id: string, more: Partial<ChildSpec> = {}): ChildSpec {
  return { id, type: 'worker', entry: ENTRY, ...more } as ChildSpec;
}

export function supervisor(id: string, children: readonly ChildSpec[], more: Partial<SupervisorSpec> = {}) {
  return { id, type: 'supervisor', children, ...more } satisfies SupervisorSpec;
}

/** A tree on a virtual clock, and everything that its threads did. */
export class World implements Spawner {
  readonly clock = new VirtualClock();
  /** All threads ever, oldest first. */
  readonly threads: FakeThread[] = [];
  readonly tree: SupervisorTree;
  readonly #manners = new Map<string, Partial<Manner>>();
  readonly #failing = new Map<string, number>();
  /** No jitter unless a test asks for it: a pause is its whole ceiling. */
  random = () => 1;
  /** What the machine says of itself. */
  overloaded = false;

  constructor(spec: SupervisorSpec, options: Partial<TreeOptions> = {}) {
    this.tree = new SupervisorTree(spec, {
      clock: this.clock,
      random: () => this.random(),
      spawn: this,
      ...options,
    });
  }

  thread(_entry: URL, order: ChildOrder, events: ThreadEvents): Thread {
    const failing = this.#failing.get(order.id) ?? 0;
    this.#failing.set(order.id, failing - 1);
    const manner = { ...WELL_BEHAVED, ...this.#manners.get(order.id), ...(failing > 0 ? { failsToStart: true } : {}) };
    const thread = new FakeThread(order, events, this.clock, manner);
    this.threads.push(thread);
    return thread;
  }

  channel(): ReturnType<Spawner['channel']> {
    return [{}, {}] as unknown as ReturnType<Spawner['channel']>;
  }

  isOverloaded(): boolean {
    return this.overloaded;
  }

  /** How the next threads of that actor behave. */
  manner(id: string, manner: Partial<Manner>): void {
    this.#manners.set(id, manner);
  }

  /** The next so many starts of that actor fail. */
  failNext(id: string, times: number): void {
    this.#failing.set(id, times);
  }

  /** Starts the tree and waits until it is up. */
  async up(): Promise<this> {
    const started = this.tree.start();
    this.clock.advance(1_000);
    await started;
    return this;
  }

  /** The outcome of a promise, with as much time as it takes. */
  async settle<Value>(promise: Promise<Value>, ms = 1_000): Promise<Value> {
    this.clock.advance(ms);
    return await promise;
  }

  async down(): Promise<void> {
    await this.settle(this.tree.stop(), 60_000);
  }

  /** The newest thread of that actor. */
  of(id: string): FakeThread {
    const thread = this.threads.findLast((candidate) => candidate.id === id);
    if (!thread) throw new Error(`No thread of ${id} was ever started`);
    return thread;
  }

  get alive(): FakeThread[] {
    return this.threads.filter((thread) => !thread.ended);
  }

  /** Ids of the running actors with their epochs, in no particular order: `a1 b2`. */
  get running(): string {
    const list: string[] = [];
    const visit = (node: {
      id: string;
      type: string;
      state: string;
      epoch: number;
      children: readonly (typeof node)[];
    }) => {
      if (node.type === 'worker' && node.state === 'running') list.push(`${node.id}${node.epoch}`);
      node.children.forEach(visit);
    };
    visit(this.tree.status());
    return list.join(' ');
  }

  node(id: string) {
    const visit = (node: ReturnType<SupervisorTree['status']>['children'][number]): typeof node | undefined =>
      node.id === id ? node : node.children.map(visit).find((found) => found);
    return visit(this.tree.status());
  }

  state(id: string): string | undefined {
    return this.node(id)?.state;
  }

  /** What happened, as `kind actor`, of the given kinds. */
  story(...kinds: string[]): string[] {
    return this.tree
      .events()
      .filter(({ kind }) => kinds.includes(kind))
      .map(({ kind, actor }) => `${kind} ${actor}`);
  }
}
