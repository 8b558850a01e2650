/**
 * Seeded chaos on a virtual clock: random trees, ill-behaved threads, commands and crashes at random moments. What must
 * hold after every step is checked after every step; a failure names its seed.
 */

import assert from 'node:assert/strict';
import test from 'node:test';
import { type ChildSpec, RESTART_TYPES, STRATEGIES, type SupervisorSpec } from '../../supervisor/child-spec.ts';
import type { Command } from '../../supervisor/tree.ts';
import { type Manner, supervisor, World, worker } from './virtual.ts';

const SEEDS = 400;
const STEPS = 60;
const COMMANDS: readonly Command[] = ['restart', 'stop', 'start', 'kill'];

/** Mulberry32. */
function randomOf(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

class Chaos {
  readonly random: () => number;
  readonly world: World;
  readonly workers: string[] = [];
  readonly promises: Promise<unknown>[] = [];
  readonly stoppedByHand = new Set<string>();
  readonly temporary = new Set<string>();
  #supervisors = ['root'];
  #next = 0;

  constructor(seed: number) {
    this.random = randomOf(seed);
    this.world = new World(this.#tree('root', 2));
    this.world.random = this.random;
  }

  pick<Item>(list: readonly Item[]): Item {
    return list[Math.floor(this.random() * list.length)] as Item;
  }

  chance(share: number): boolean {
    return this.random() < share;
  }

  #tree(id: string, depth: number): SupervisorSpec {
    const children: ChildSpec[] = [];
    for (let n = 1 + Math.floor(this.random() * 3); n > 0; n--) {
      if (depth > 0 && this.chance(0.4)) {
        const inner = `s${this.#next++}`;
        this.#supervisors.push(inner);
        children.push(this.#tree(inner, depth - 1));
      } else children.push(this.#worker());
    }
    return supervisor(id, children, {
      strategy: this.pick(STRATEGIES),
      intensity: this.pick(id === 'root' ? [3, 20, 40] : [0, 1, 5]),
      periodMs: this.pick([1_000, 10_000]),
      restartable: this.chance(0.5),
      keepDynamic: this.chance(0.5),
    });
  }

  #worker(): ChildSpec {
    const id = `w${this.#next++}`;
    const restart = this.chance(0.6) ? 'permanent' : this.pick(RESTART_TYPES);
    const links = this.workers.length > 0 && this.chance(0.5) ? [{ name: 'l', to: this.pick(this.workers) }] : [];
    this.workers.push(id);
    if (restart === 'temporary') this.temporary.add(id);
    return worker(id, { restart, links, shutdownMs: this.pick([50, 400, 'kill']), startMs: 300 });
  }

  #manner(): Partial<Manner> {
    return {
      readyMs: this.chance(0.05) ? undefined : 1 + Math.floor(this.random() * 40),
      failsToStart: this.chance(0.15),
      stopMs: this.chance(0.2) ? undefined : Math.floor(this.random() * 60),
      endMs: this.pick([2, 'now', 20, undefined]),
    };
  }

  /** One thing that happens, then a while. */
  step(): void {
    const { world } = this;
    const id = this.pick(this.workers);
    if (this.chance(0.3)) world.manner(id, this.#manner());
    const thread = world.threads.findLast((candidate) => candidate.id === id);
    const what = this.random();
    if (what < 0.35) thread?.crash();
    else if (what < 0.5) thread?.exit(0);
    else if (what < 0.55 && thread) thread.manner = { ...thread.manner, beats: false };
    else if (what < 0.75) this.#command(this.chance(0.8) ? id : this.pick(this.#supervisors));
    else if (what < 0.85) this.#promise(world.tree.startChild(this.pick(this.#supervisors), this.#worker()));
    else if (what < 0.9) this.#remove(id);
    if (this.chance(0.05)) world.clock.block(this.random() * 2_000);
    world.clock.advance(this.chance(0.5) ? this.random() * 10 : this.random() * 300);
  }

  #command(id: string): void {
    const command = this.pick(COMMANDS);
    if (command === 'stop') this.stoppedByHand.add(id);
    this.#promise(this.world.tree.command(id, command));
  }

  #remove(id: string): void {
    const { tree } = this.world;
    this.stoppedByHand.add(id);
    this.#promise(tree.stopChild(id).then(() => tree.deleteChild(id)));
  }

  #promise(promise: Promise<unknown>): void {
    this.promises.push(promise.catch((error: Error) => assert.equal(error.name, 'AppError', error.stack)));
  }

  /** What holds at any moment. */
  check(): void {
    const epochs = new Map<string, number>();
    const alive = new Set<string>();
    for (const thread of this.world.threads) {
      assert.ok(thread.epoch > (epochs.get(thread.id) ?? 0), `epochs of ${thread.id} rise`);
      epochs.set(thread.id, thread.epoch);
      if (thread.ended || thread.forgotten) continue;
      assert.ok(!alive.has(thread.id), `one incarnation of ${thread.id} at a time`);
      alive.add(thread.id);
    }
    const visit = (node: ReturnType<World['tree']['status']>['children'][number]) => {
      if (node.budget) assert.ok(node.budget.used <= node.budget.max + 1, `budget of ${node.id}`);
      if (node.state === 'running' && node.type === 'worker') assert.ok(alive.has(node.id), `${node.id} runs`);
      if (node.state === 'backing-off') assert.ok(Number(node.nextRetryAt) > this.world.clock.now() - 1);
      node.children.forEach(visit);
    };
    visit(this.world.tree.status());
  }

  /** With peace and well-behaved threads, all that should be up is up. */
  settleDown(): void {
    for (const id of this.workers) this.world.manner(id, {});
    this.world.clock.advance(30_000);
    // What was broken before may still have been enough to make it give up.
    if (this.world.state('root') === 'failed') return;
    const visit = (node: ReturnType<World['tree']['status']>['children'][number], excused: boolean) => {
      const stopped = excused || this.stoppedByHand.has(node.id);
      const spared = node.lastExit?.reason === 'normal' && node.state === 'stopped';
      if (!stopped && !spared) assert.equal(node.state, 'running', `${node.id} is up again`);
      for (const child of node.children) visit(child, stopped);
    };
    visit(this.world.tree.status(), false);
  }
}

async function run(seed: number): Promise<string> {
  const chaos = new Chaos(seed);
  const { world } = chaos;
  let end: string | undefined;
  void world.tree.done.then(({ reason }) => {
    end = reason;
  });
  const started = world.tree.start().catch(() => {});
  if (chaos.chance(0.7)) world.clock.advance(1_000);
  for (let step = 0; step < STEPS && end === undefined; step++) {
    chaos.step();
    chaos.check();
    await Promise.resolve();
  }
  if (end === undefined) {
    if (chaos.chance(0.5)) chaos.settleDown();
    const stopping = world.tree.stop();
    world.clock.advance(60_000);
    await stopping;
  }
  await Promise.all([started, ...chaos.promises]);
  await world.tree.done;
  world.clock.advance(1_000);
  assert.deepEqual(
    world.threads.filter((thread) => !thread.ended && !thread.forgotten).map(({ id }) => id),
    [],
    'nobody is left',
  );
  for (const thread of world.threads) thread.exit(1);
  world.clock.advance(1_000);
  assert.equal(world.clock.pending, 0, 'no timer is left');
  assert.equal(world.tree.status().zombies, 0);
  return (await world.tree.done).reason;
}

test(`tree keeps its invariants in ${SEEDS} seeded schedules`, async () => {
  const ends = new Map<string, number>();
  for (let seed = 1; seed <= SEEDS; seed++) {
    try {
      const end = await run(seed);
      ends.set(end, (ends.get(end) ?? 0) + 1);
    } catch (error) {
      throw new Error(`Seed ${seed}: ${(error as Error).message}`, { cause: error });
    }
  }
  assert.ok(Number(ends.get('shutdown')) > SEEDS / 4, `most trees live to be stopped: ${JSON.stringify([...ends])}`);
});
