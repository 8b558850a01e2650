/** What chaos makes of what it sees: outcomes of faults, invariants, the report. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Invariants } from '../../../../actors/commands/chaos/invariants.ts';
import { type ChaosReport, kindReports, reportText, spreadOf } from '../../../../actors/commands/chaos/report.ts';
import type { ChaosKind } from '../../../../actors/commands/chaos/schedule.ts';
import { type Noted, type Outcome, readEvents, Timeline } from '../../../../actors/commands/chaos/timeline.ts';
import { Totals } from '../../../../actors/commands/chaos/totals.ts';
import { readSeenTree, type SeenTree } from '../../../../actors/commands/chaos/tree.ts';
import { AppError } from '../../../../protocol/errors.ts';

type Short = readonly [at: number, kind: string, actor: string, epoch: number, text: string];

function noted(events: readonly Short[], from = 1): Noted[] {
  return events.map(([at, kind, actor, epoch, text], index) => ({ id: from + index, at, kind, actor, epoch, text }));
}

function outcomeOf(kind: ChaosKind, events: readonly Short[], now = 2_000): Outcome | undefined {
  const timeline = new Timeline();
  timeline.hear(noted([[900, 'command', 'a', 1, `fault ${kind} a`]]), 900);
  timeline.strike({ number: 1, atMs: 0, actor: 'a', kind });
  timeline.hear(noted(events, 2), now);
  return timeline.outcomes()[0];
}

const ORDERED: Short = [1_000, 'command', 'a', 1, 'fault hang a'];
const STRUCK: Short = [1_040, 'struck', 'a', 1, 'hang strikes a as ordered'];
const HUNG: Short = [1_640, 'hung', 'a', 1, 'a hangs: its loop has not turned for 500 ms'];

test('fault is measured from its effect to the first event that shows it, and to its actor running again', () => {
  assert.equal(outcomeOf('hang', [])?.state, 'waiting');
  const others: Short[] = [
    [1_100, 'hung', 'b', 1, 'b hangs'],
    [1_200, 'running', 'b', 2, 'b runs'],
  ];
  assert.equal(outcomeOf('hang', [ORDERED, STRUCK, ...others])?.state, 'struck');
  const dead: Short[] = [ORDERED, STRUCK, HUNG, [1_650, 'exited', 'a', 1, 'a has ended']];
  assert.equal(outcomeOf('hang', [...dead, [1_655, 'running', 'a', 1, 'a runs']])?.state, 'seen');
  assert.deepEqual(outcomeOf('hang', [...dead, [1_800, 'running', 'a', 2, 'a runs']]), {
    ...{ number: 1, actor: 'a', kind: 'hang', state: 'recovered' },
    ...{ struckAt: 1_040, seenMs: 600, seenAs: 'hung', backMs: 760 },
  });
});

test('kill is measured from its command, a dropped link by whoever lays it again, slowness only passes', () => {
  const killed = outcomeOf('kill', [
    [1_000, 'command', 'a', 1, 'kill a'],
    [1_001, 'terminated', 'a', 1, 'a is terminated'],
    [1_120, 'running', 'a', 2, 'a runs'],
  ]);
  assert.deepEqual([killed?.seenMs, killed?.backMs], [1, 120]);
  const dropped: Short = [1_000, 'command', 'a', 1, 'fault drop-link a'];
  const relinked = (text: string): Short => [1_030, 'relinked', 'b', 1, text];
  assert.equal(outcomeOf('drop-link', [dropped, relinked('The link l of b and a was lost, and so on')])?.backMs, 30);
  assert.equal(outcomeOf('drop-link', [dropped, relinked('The link l of b and aa was lost')])?.state, 'struck');
  assert.equal(outcomeOf('drop-link', [dropped], 7_000)?.state, 'passed');
  const slow: Short = [1_000, 'command', 'a', 1, 'fault slow a'];
  assert.equal(outcomeOf('slow', [slow], 5_000)?.state, 'struck');
  assert.equal(outcomeOf('slow', [slow], 14_000)?.state, 'passed');
  assert.equal(outcomeOf('hang', [ORDERED, STRUCK], 60_000)?.state, 'struck');
});

test('poison is measured from the first death, seen when it is named, and over when the one that passes it runs', () => {
  const died = (at: number, epoch: number): Short => [at, 'exited', 'a', epoch, 'a has ended'];
  const runs = (at: number, epoch: number): Short => [at, 'running', 'a', epoch, 'a runs'];
  const named: Short = [1_310, 'poison', 'a', 2, 'a has died for the second time at offset 7'];
  const first = [died(1_000, 1), runs(1_150, 2), died(1_300, 2)];
  assert.equal(outcomeOf('poison', [])?.state, 'waiting');
  assert.equal(outcomeOf('poison', first)?.state, 'struck');
  assert.equal(outcomeOf('poison', [...first, named])?.state, 'seen');
  assert.deepEqual(outcomeOf('poison', [...first, named, runs(1_450, 3)]), {
    ...{ number: 1, actor: 'a', kind: 'poison', state: 'recovered' },
    ...{ struckAt: 1_000, seenMs: 310, seenAs: 'poison', backMs: 450 },
  });
});

test('actor is down from the first sign of it until it runs, whoever did it', () => {
  const timeline = new Timeline();
  const deaths: Short[] = [STRUCK, HUNG, [1_650, 'exited', 'a', 1, ''], [1_800, 'running', 'a', 2, '']];
  timeline.hear(noted([...deaths, [2_000, 'exited', 'b', 1, ''], [2_500, 'exited', 'a', 2, '']]), 3_000);
  assert.deepEqual(timeline.downs('a'), [
    { from: 1_040, to: 1_800 },
    { from: 2_500, to: null },
  ]);
  assert.deepEqual([timeline.upSince('a'), timeline.upSince('b')], [1_800, 0]);
});

test('events are taken as they come, and only events', () => {
  assert.deepEqual(readEvents({ items: [noted([ORDERED])[0], 5, { id: 'x' }] }), noted([ORDERED]));
  assert.deepEqual(readEvents('nonsense'), []);
});

function tree(over: { used?: number; epoch?: number; startedAt?: number; state?: string } = {}): SeenTree {
  const { used = 2, epoch = 3, startedAt = 50, state = 'running' } = over;
  const worker = { kind: 'worker', epoch, commandable: true, limits: { heartbeat_ms: 500, progress_ms: 2_000 } };
  return readSeenTree({
    ...{ id: 'root', kind: 'supervisor', state: 'running', epoch: 1, started_at: startedAt, summary: { at: 99 } },
    restarts: { used, budget: 10, period_ms: 60_000 },
    children: [
      { ...worker, id: 'a', state },
      { ...worker, id: 'done', state: 'stopped' },
    ],
  });
}

test('tree is read as whom to strike, at whose cost; what is no tree is refused', () => {
  const { targets, spending, at, startedAt } = tree();
  assert.deepEqual(targets, [{ actor: 'a', supervisor: 'root', progressMs: 2_000, countsOrders: false }]);
  assert.deepEqual(spending.get('root'), { used: 2, max: 10, periodMs: 60_000 });
  assert.deepEqual([at, startedAt], [99, 50]);
  for (const answer of [undefined, [], { id: 5 }]) assert.throws(() => readSeenTree(answer), AppError);
});

const ROW = { topic: 'orders', partition: 0, in: 10, counted: 6, late: 1, dead: 2, duplicates: 1, offset: 9 };

function ledger(over: Partial<Record<keyof typeof ROW | 'lag' | 'end_offset', number>> = {}): unknown {
  const row = { ...ROW, lag: 1, end_offset: 10, ...over };
  return { total: row, partitions: [row] };
}

function breaches(look: (invariants: Invariants) => void): string[] {
  const invariants = new Invariants();
  invariants.tree(tree());
  invariants.ledger(ledger());
  look(invariants);
  return invariants.list().flatMap((one) => one.breaches);
}

const RECOVERED: Outcome = {
  ...{ number: 1, actor: 'a', kind: 'hang', state: 'recovered' },
  ...{ struckAt: 0, seenMs: 600, backMs: 700, seenAs: 'hung' },
};

test('system that is well breaks no invariant', () => {
  const found = breaches((invariants) => {
    invariants.totals('e1', [['total/orders', 5]]);
    invariants.totals('e2', [['total/orders', 1]]);
    invariants.totals('e2', [['hour/orders', 0]]);
    invariants.latest(100, 'refused');
    invariants.latest(900, undefined);
    invariants.expectProgress();
    invariants.ledger(ledger({ offset: 10, lag: 0 }));
    assert.ok(invariants.progressed);
    assert.equal(invariants.longestSilenceMs, 800);
    invariants.end(tree({ used: 10, epoch: 4 }), [RECOVERED], [{ from: 90, to: 500 }], 1_000);
  });
  assert.deepEqual(found, []);
});

test('every breach of an invariant is found and said', () => {
  const cases: [RegExp, (invariants: Invariants) => void][] = [
    [/in is 11, its outcomes add up to 10/, (one) => one.ledger(ledger({ in: 11 }))],
    [/offset 9 \+ lag 2 is not 10/, (one) => one.ledger(ledger({ lag: 2 }))],
    [/went back from 9 to 8/, (one) => one.ledger(ledger({ offset: 8, lag: 2 }))],
    [/went back from epoch 3 to 2/, (one) => one.tree(tree({ epoch: 2 }))],
    [/root has spent 11 of 10/, (one) => one.tree(tree({ used: 11 }))],
    [/root gives up/, (one) => one.events(noted([[1, 'gave-up', 'root', 1, 'root gives up: more than 10']]))],
    [/started again/, (one) => one.tree(tree({ startedAt: 51 }))],
    [/no answer for 30 s/, (one) => one.gone('no answer for 30 s')],
    [/a is backing-off/, (one) => one.end(tree({ state: 'backing-off' }), [], [], 0)],
    [/fault 1, hang of a: seen/, (one) => one.end(tree(), [{ ...RECOVERED, state: 'seen' }], [], 0)],
    [
      /total\/orders fell from 5 to 4/,
      (one) => {
        one.totals('e1', [['total/orders', 5]]);
        one.totals('e1', [['total/orders', 4]]);
      },
    ],
    [
      /no answer for 400 ms: refused/,
      (one) => {
        one.latest(100, 'refused');
        one.latest(500, undefined);
        one.end(tree(), [], [{ from: 9_000, to: 9_500 }], 10_000);
      },
    ],
    [
      /orders\/0 stands at 9/,
      (one) => {
        one.expectProgress();
        one.ledger(ledger());
        assert.ok(!one.progressed);
        one.end(tree(), [], [], 0);
      },
    ],
  ];
  for (const [pattern, look] of cases) {
    const found = breaches(look);
    assert.ok(found.length > 0 && found.every((text) => pattern.test(text)), `${pattern}: ${found.join(' | ')}`);
  }
});

test('totals are those of the channel as a client has them', () => {
  const totals = new Totals();
  const frame = (rest: object) => totals.receive(JSON.stringify(rest));
  assert.equal(frame({ t: 'hello', proto: 1, epoch: 'e7', server_time: 1, tick_ms: 50 }), false);
  const common = { ch: 'overview', as_of: 1, watermark: null };
  assert.ok(frame({ t: 'snap', ...common, seq: 1, d: ['total/orders', 5, 'total/late', 1] }));
  assert.ok(frame({ t: 'd', ...common, from: 1, to: 2, d: ['total/orders', 6] }));
  assert.deepEqual([totals.epoch, ...totals.values], ['e7', ['total/orders', 6], ['total/late', 1]]);
  assert.ok(frame({ t: 'snap', ...common, seq: 3, d: ['total/orders', 7] }));
  assert.deepEqual([...totals.values], [['total/orders', 7]]);
});

test('spread is by nearest rank', () => {
  assert.equal(spreadOf([]), null);
  assert.deepEqual(spreadOf([7]), { p50: 7, p99: 7, max: 7 });
  const hundred = Array.from({ length: 200 }, (_, at) => 200 - at);
  assert.deepEqual(spreadOf(hundred), { p50: 100, p99: 198, max: 200 });
});

test('report says what was struck, how it came back and what was broken', () => {
  const outcomes = [
    RECOVERED,
    { ...RECOVERED, number: 2, actor: 'b', backMs: 900 },
    { ...RECOVERED, kind: 'slow' as const },
  ];
  const report: ChaosReport = {
    ...{ url: 'http://x', seed: 7, planned: 9, skipped: 1, interrupted: true, tookMs: 72_000, longestSilenceMs: 3 },
    ...kindReports([outcomes[0] as Outcome, outcomes[1] as Outcome, { ...RECOVERED, state: 'seen', kind: 'oom' }]),
    invariants: [
      { name: 'epochs rise', held: true, looks: 5, breaches: [] },
      { name: 'no supervisor gives up', held: false, looks: 2, breaches: ['root gives up: too much'] },
    ],
    ...{ held: false, outcomes },
  };
  const text = reportText(report);
  assert.match(text, /^3 faults in 1 min 12 s on http:\/\/x, seed 7\nended early: 3 of 9 .*\n1 skipped/);
  assert.match(text, /^hang +2 +2 +600 +600 +600 +700 +900 +900 +b$/m);
  assert.match(text, /^oom +1 +0 /m);
  assert.match(text, /^BROKEN {2}no supervisor gives up \(2 looks\)\n +root gives up: too much$/m);
  assert.match(text, /An invariant was broken\.\n$/);
});
