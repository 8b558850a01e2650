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
};

/** Two actors below a root: whoever is struck is away for a while, as its events say. */
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

  constructor(behaviour: Behaviour = {}) {
    this.#behaviour = behaviour;
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
    const since = Number(/since=(\d+)/.exec(path)?.[1] ?? Number.NaN);
    return { items: this.#past().filter(({ id }) => id > since) };
  }

  #post(path: string, { kind = 'kill' }: { kind?: string }): unknown {
    const [, actor = ''] = /^\/system\/actors\/(\w+)\//.exec(path) ?? [];
    this.orders.push(`${kind} ${actor}`);
    const fate = this.#behaviour.order?.(this.orders.length) ?? 'taken';
    if (fate === 'lost') throw refused();
    this.#strike(actor, kind);
    if (fate === 'unanswered') throw refused();
    return { accepted: true };
  }

  #strike(actor: string, kind: string): void {
    const epoch = this.#epochs.get(actor) ?? 0;
    const { now } = this.clock;
    const note = (at: number, what: string, text: string, of = epoch) =>
      this.#events.push({ id: 0, at, kind: what, actor, epoch: of, text });
    note(now, 'command', kind === 'kill' ? `kill ${actor}` : `fault ${kind} ${actor}`);
    note(now + 500, 'exited', `${actor} has ended`);
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
      summary: { at: this.clock.now },
      restarts: { used: this.#behaviour.used ?? 0, budget: 10, period_ms: 60_000 },
      children: [worker('a'), worker('b')],
    };
  }

  #ledger(): unknown {
    const offset = this.#offset++;
    const row = { in: offset, counted: offset, late: 0, dead: 0, duplicates: 0 };
    return { total: row, partitions: [{ ...row, topic: 't', partition: 0, offset, lag: 1, end_offset: offset + 1 }] };
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
