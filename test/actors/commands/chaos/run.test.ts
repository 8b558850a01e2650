/** A whole run against a system that is none, on a clock of its own. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ChaosReport } from '../../../../actors/commands/chaos/report.ts';
import { type ChaosOptions, type ChaosPorts, runChaos } from '../../../../actors/commands/chaos/run.ts';
import { AppError } from '../../../../protocol/errors.ts';

/** Time stands while anything is at work, and then goes on to the next thing that is waited for. */
class Clock {
  now = 1_000;
  #waits = new Map<() => void, number>();

  wait(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const wake = () => {
        this.#waits.delete(wake);
        resolve();
      };
      if (signal.aborted) resolve();
      else this.#waits.set(wake, this.now + Math.max(0, ms));
      signal.addEventListener('abort', wake, { once: true });
    });
  }

  /** Until the work is done; answers what it came to. */
  async run<Value>(work: Promise<Value>): Promise<Value> {
    let done = false;
    const end = () => {
      done = true;
    };
    work.then(end, end);
    while (!done) {
      await new Promise((resolve) => setImmediate(resolve));
      const [next] = [...this.#waits].sort(([, a], [, b]) => a - b);
      if (next === undefined) continue;
      this.now = Math.max(this.now, next[1]);
      next[0]();
    }
    return work;
  }
}

type Event = { id: number; at: number; kind: string; actor: string; epoch: number; text: string };
type Behaviour = {
  used?: number;
  /** How long the struck stay away; for ever by default of `Infinity`. */
  awayMs?: number;
  /** Of each order, by its count: lost on its way, its answer lost, or taken. */
  order?: (count: number) => 'lost' | 'unanswered' | 'taken';
  deadFrom?: number;
  poison?: PoisonBehaviour;
};
type PoisonBehaviour = {
  /** How often a poisoned order is parked, and counts once it is replayed: 1 by default. */
  letters?: number;
  counts?: number;
  /** Asked by its count: whether the answer is lost. */
  appendLost?: (count: number) => boolean;
  replayLost?: (count: number) => boolean;
  elsewhere?: boolean;
  sharedLog?: boolean;
};
type FakeLetter = { id: string; excerpt: string; replayed_at: number | null; replayed_to: number | null };
type FakeOrder = { order_id: string; timestamp: number; mark: null };

/** Two actors below a root, and one that counts orders where poison is in play: whoever is struck is away for a while, as its events say. */
class FakeSystem {
  readonly orders: string[] = [];
  readonly clock = new Clock();
  readonly #events: Event[] = [];
  readonly #behaviour: Behaviour;
  #epochs = new Map([
    ['a', 1],
    ['b', 1],
  ]);
  #offset = 0;
  readonly armed = new Set<string>();
  #letters: FakeLetter[] = [];
  #counted: FakeOrder[] = [];
  #appends = 0;
  #replays = 0;

  constructor(behaviour: Behaviour = {}) {
    this.#behaviour = behaviour;
    if (behaviour.poison !== undefined) this.#epochs = new Map([['aggregator-0', 1]]);
  }

  run(over: Partial<ChaosOptions> = {}): Promise<ChaosReport> {
    const { signal } = new AbortController();
    const options = {
      url: 'http://fake',
      seed: 3,
      spanMs: 60_000,
      faults: 6,
      kinds: ['hang', 'kill'],
      signal,
    } as const;
    return this.clock.run(runChaos({ ...options, ...over }, this.#ports()));
  }

  #ports(): ChaosPorts {
    return {
      get: async (path) => this.#get(path),
      post: async (path, body) => this.#post(path, body as { kind?: string }),
      append: async (event) => this.#append(JSON.parse(event)),
      watchTotals: () => ({ close: () => {} }),
      now: () => this.clock.now,
      wait: (ms, signal) => this.clock.wait(ms, signal),
      show: () => {},
      name: 'run',
    };
  }

  #get(path: string): unknown {
    if (this.clock.now >= (this.#behaviour.deadFrom ?? Number.POSITIVE_INFINITY)) throw refused();
    if (path === '/system/tree') return this.#tree();
    if (path === '/ledger') return this.#ledger();
    if (path.endsWith('/inspect')) return { own: { partitions: this.#owned() } };
    if (path.startsWith('/dead-letters')) return { items: this.#letters };
    if (path.startsWith('/orders')) {
      const from = Number(/from=(\d+)/.exec(path)?.[1]);
      return { items: this.#counted.filter(({ timestamp }) => timestamp === from) };
    }
    const since = Number(/since=(\d+)/.exec(path)?.[1] ?? Number.NaN);
    return { items: this.#past().filter(({ id }) => id > since) };
  }

  #owned() {
    return this.#behaviour.poison?.elsewhere ? [] : [{ topic: 'orders', partition: 0 }];
  }

  /** An order that is armed kills twice, and is parked. */
  #append(order: FakeOrder & { customer_state: string }): unknown {
    const { letters = 1, appendLost = () => false } = this.#behaviour.poison ?? {};
    assert.ok(this.armed.has(order.order_id), 'armed before it is sent');
    this.#strike('aggregator-0', 'poison', 'exited');
    this.#strike('aggregator-0', 'poison', 'poison');
    for (let letter = 0; letter < letters; letter++) {
      const id = `orders:0:${this.#letters.length}`;
      this.#letters.push({ id, excerpt: JSON.stringify(order), replayed_at: null, replayed_to: null });
    }
    if (appendLost(++this.#appends)) throw refused();
    return { accepted: 1 };
  }

  #replay({ ids, again }: { ids: string[]; again: boolean }): unknown {
    const { counts = 1, replayLost = () => false } = this.#behaviour.poison ?? {};
    const letter = this.#letters.find(({ id }) => id === ids[0]) ?? assert.fail('no such letter');
    const order = JSON.parse(letter.excerpt) as FakeOrder;
    assert.ok(!this.armed.has(order.order_id), 'healed before it is replayed');
    assert.ok(letter.replayed_at === null || again, 'a doubtful one only by "again"');
    letter.replayed_at = this.clock.now;
    if (replayLost(++this.#replays)) throw refused();
    letter.replayed_to = 100;
    for (let count = 0; count < counts; count++) this.#counted.push({ ...order, mark: null });
    return { replayed: 1 };
  }

  #post(path: string, body: { kind?: string; order_id?: string }): unknown {
    const { kind = 'kill', order_id: order } = body;
    if (path === '/dead-letters/replay') return this.#replay(body as { ids: string[]; again: boolean });
    if (order !== undefined) return kind === 'heal' ? this.armed.delete(order) : this.armed.add(order);
    const [, actor = ''] = /^\/system\/actors\/([\w-]+)\//.exec(path) ?? [];
    this.orders.push(`${kind} ${actor}`);
    const fate = this.#behaviour.order?.(this.orders.length) ?? 'taken';
    if (fate === 'lost') throw refused();
    this.#strike(actor, kind);
    if (fate === 'unanswered') throw refused();
    return { accepted: true };
  }

  #strike(actor: string, kind: string, sign = 'exited'): void {
    const epoch = this.#epochs.get(actor) ?? 0;
    const { now } = this.clock;
    const note = (at: number, what: string, text: string, of = epoch) =>
      this.#events.push({ id: 0, at, kind: what, actor, epoch: of, text });
    if (kind !== 'poison') note(now, 'command', kind === 'kill' ? `kill ${actor}` : `fault ${kind} ${actor}`);
    note(now + 500, sign, `${actor} has ended`);
    note(now + 500 + (this.#behaviour.awayMs ?? 100), 'running', `${actor} runs`, epoch + 1);
    this.#epochs.set(actor, epoch + 1);
  }

  /** What has happened so far, numbered as it did. */
  #past(): Event[] {
    return this.#events
      .filter(({ at }) => at <= this.clock.now)
      .sort((one, other) => one.at - other.at)
      .map((event, at) => ({ ...event, id: at + 1 }));
  }

  #tree(): unknown {
    const past = this.#past();
    const worker = (id: string) => {
      const last = past.findLast(({ actor, kind }) => actor === id && kind !== 'command');
      const state = last === undefined || last.kind === 'running' ? 'running' : 'restarting';
      return { id, kind: 'worker', state, epoch: last?.epoch ?? 1, commandable: true, limits: { progress_ms: 1 } };
    };
    return {
      ...{ id: 'root', kind: 'supervisor', state: 'running', epoch: 1, started_at: 5 },
      summary: { at: this.clock.now, shared_log: this.#behaviour.poison?.sharedLog, orders_topic: 'orders' },
      restarts: { used: this.#behaviour.used ?? 0, budget: 10, period_ms: 60_000 },
      children: [...this.#epochs.keys()].map(worker),
    };
  }

  #ledger(): unknown {
    const offset = this.#offset++;
    const row = { in: offset, counted: offset, late: 0, dead: 0, duplicates: 0 };
    return {
      total: row,
      partitions: [{ ...row, topic: 'orders', partition: 0, offset, lag: 1, end_offset: offset + 1 }],
    };
  }
}

function refused(): AppError {
  return new AppError('unavailable', 'Cannot reach it');
}

const brokenIn = ({ invariants }: ChaosReport) => invariants.filter(({ held }) => !held).map(({ name }) => name);

test('run strikes as planned, each once, and all is well where everybody comes back', async () => {
  const system = new FakeSystem();
  const report = await system.run();
  assert.deepEqual(brokenIn(report), []);
  assert.deepEqual([report.all.faults, report.all.recovered, system.orders.length], [6, 6, 6]);
  assert.deepEqual(report.all.back, { p50: 600, p99: 600, max: 600 });
  assert.ok(report.tookMs >= 30_000 && report.held && !report.interrupted);
});

test('order that was lost is given again, one whose answer was lost is not', async () => {
  const lost = new FakeSystem({ order: (count) => (count === 2 ? 'lost' : 'taken') });
  assert.equal((await lost.run()).all.recovered, 6);
  assert.equal(lost.orders.length, 7);
  assert.equal(lost.orders[1], lost.orders[2]);
  const unanswered = new FakeSystem({ order: () => 'unanswered' });
  assert.equal((await unanswered.run()).all.recovered, 6);
  assert.equal(unanswered.orders.length, 6);
});

test('run ends with the reason where no order is taken', async () => {
  const system = new FakeSystem({ order: () => 'lost' });
  await assert.rejects(system.run(), /Cannot reach it/);
  assert.equal(system.orders.length, 4);
});

test('nobody is struck whose supervisor has no restart to spare', async () => {
  const system = new FakeSystem({ used: 9 });
  const report = await system.run({ faults: 2 });
  assert.deepEqual([report.skipped, system.orders.length, report.held], [2, 0, true]);
});

test('actor that has only just come back is left alone until it is healthy, however late its first fault came', async () => {
  const system = new FakeSystem({ awayMs: 12_000 });
  const report = await system.run({ kinds: ['kill'], faults: 8, spanMs: 40_000 });
  const strikes = Map.groupBy(report.outcomes, ({ actor }) => actor);
  for (const [, own] of strikes)
    for (const [at, { struckAt }] of own.entries())
      if (at > 0) assert.ok((struckAt ?? 0) - (own[at - 1]?.struckAt ?? 0) >= 12_500 + 5_250, JSON.stringify(own));
  assert.ok(report.held && strikes.size === 2);
});

test('actor that stays away breaks the run, and is not waited for without end', async () => {
  const report = await new FakeSystem({ awayMs: Number.POSITIVE_INFINITY }).run({ faults: 1 });
  assert.deepEqual(brokenIn(report), ['every fault is recovered from', 'every actor runs at the end']);
});

test('process that is gone ends the run', async () => {
  const report = await new FakeSystem({ deadFrom: 20_000 }).run();
  assert.ok(brokenIn(report).includes('the process is alive, and the same'));
  assert.ok(report.tookMs < 60_000, `${report.tookMs} ms`);
  await assert.rejects(new FakeSystem({ deadFrom: 0 }).run(), /Cannot reach it/);
});

test('run that is ended early reports what was over by then', async () => {
  const end = new AbortController();
  const system = new FakeSystem({
    order: (count) => {
      if (count === 3) end.abort();
      return 'taken';
    },
  });
  const report = await system.run({ signal: end.signal });
  assert.deepEqual([report.interrupted, report.held, report.all.faults, report.planned], [true, true, 2, 6]);
});

test('run refuses where nobody can be struck', async () => {
  await assert.rejects(new FakeSystem().run({ spanMs: 1, faults: 1 }), /Cannot strike anybody/);
});

const poisoned = (poison: PoisonBehaviour, over: Partial<ChaosOptions> = {}) => {
  const system = new FakeSystem({ poison });
  return { system, report: system.run({ kinds: ['poison'], faults: 2, ...over }) };
};

test('poisoned orders are parked, healed, replayed and counted, and measured from the first death', async () => {
  const { system, report } = poisoned({});
  const { held, all, invariants, outcomes } = await report;
  assert.deepEqual([held, all.faults, all.recovered, system.armed.size], [true, 2, 2, 0]);
  assert.deepEqual(
    outcomes.map(({ seenAs, backMs }) => [seenAs, backMs]),
    [
      ['poison', 100],
      ['poison', 100],
    ],
  );
  assert.equal(invariants.find(({ name }) => name.startsWith('a poisoned order'))?.looks, 2);
});

test('poisoned order whose answer is lost is followed by another, and a replay whose answer is lost is looked for first', async () => {
  const lost = await poisoned({ appendLost: (count) => count === 1 }).report;
  assert.deepEqual(brokenIn(lost), []);
  const doubtful = await poisoned({ replayLost: (count) => count === 1 }).report;
  assert.deepEqual(brokenIn(doubtful), []);
});

test('poisoned orders that are parked twice, never, or count twice break their invariant', async () => {
  const name = 'a poisoned order becomes one dead letter, and counts once when it is replayed';
  for (const wrong of [{ letters: 2 }, { letters: 0 }, { counts: 2 }, { counts: 0 }])
    assert.deepEqual(brokenIn(await poisoned(wrong, { faults: 1 }).report), [name], JSON.stringify(wrong));
});

test('nobody is poisoned to whom no order goes, nor where others may read the log unless it is asked for', async () => {
  const elsewhere = await poisoned({ elsewhere: true }, { kinds: ['poison', 'kill'] }).report;
  assert.deepEqual([elsewhere.skipped > 0, elsewhere.held], [true, true]);
  const all = (sharedLog: boolean) => poisoned({ sharedLog }, { kinds: undefined, faults: 30, spanMs: 600_000 }).report;
  const kindsOf = async (sharedLog: boolean) => new Set((await all(sharedLog)).outcomes.map(({ kind }) => kind));
  assert.ok((await kindsOf(false)).has('poison'));
  const shared = await kindsOf(true);
  assert.ok(shared.size > 1 && !shared.has('poison'));
});

test('who ends a run early leaves no order that somebody is to die of', async () => {
  const end = new AbortController();
  const poison = {
    letters: 0,
    appendLost: () => {
      end.abort();
      return false;
    },
  };
  const { system, report } = poisoned(poison, { signal: end.signal });
  const { interrupted, held } = await report;
  assert.deepEqual([interrupted, held, system.armed.size], [true, true, 0]);
});
