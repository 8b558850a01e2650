import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Actor, readActors, systemVerdict, visibleActors } from '../../ui/components/system/actors.ts';
import { impactOf, type Preview } from '../../ui/components/system/impact.ts';
import { downtimes, kindOf, planIncidents, readIncidents } from '../../ui/components/system/incidents.ts';
import { planPipeline } from '../../ui/components/system/pipeline-plan.ts';
import type { ChannelData } from '../../ui/data/store.ts';

const NOW = 1_763_650_000_000;

function worker(id: string, over: Record<string, unknown> = {}): Record<string, unknown> {
  return { id, kind: 'worker', state: 'running', epoch: 1, mailbox: { depth: 0, oldest_ms: 0 }, rate: 10, ...over };
}

function supervisor(id: string, children: unknown[], over: Record<string, unknown> = {}): Record<string, unknown> {
  return { id, kind: 'supervisor', state: 'running', epoch: 1, strategy: 'one_for_one', children, ...over };
}

const lane = (index: number) =>
  supervisor(`lane-${index}`, [worker(`aggregator-${index}`), worker(`consumer-${index}`)]);
const tree = supervisor(
  'root',
  [worker('gateway'), worker('log-writer'), supervisor('lanes', [lane(0), lane(1)]), worker('generator')],
  { restarts: { used: 2, budget: 10, period_ms: 60_000 } },
);

function live(values: Record<string, string | number | null>): ChannelData {
  return { values: new Map(Object.entries(values)), version: 1, asOf: NOW, watermark: NOW, ready: true };
}

function actorOf(actors: readonly Actor[], id: string): Actor {
  const actor = actors.find((one) => one.id === id);
  assert.ok(actor, id);
  return actor;
}

describe('actors of the System page', () => {
  it('tree is read flat, parents first, with levels and paths', () => {
    const actors = readActors(tree, undefined);
    assert.equal(actors.length, 11);
    assert.deepEqual(actorOf(actors, 'consumer-1').path, ['root', 'lanes', 'lane-1']);
    assert.equal(actorOf(actors, 'consumer-1').level, 4);
    assert.deepEqual(actorOf(actors, 'gateway').budget, { used: 2, max: 10, periodMs: 60_000 });
  });

  it('live values lie over the tree', () => {
    const values = { 'gateway/state': 'backing-off', 'gateway/epoch': 4, 'gateway/depth': 7, 'consumer%2D0/rate': 99 };
    const actors = readActors(tree, live(values));
    const { state, epoch, depth, rate } = actorOf(actors, 'gateway');
    assert.deepEqual({ state, epoch, depth, rate }, { state: 'backing-off', epoch: 4, depth: 7, rate: 10 });
    assert.equal(actorOf(actors, 'consumer-0').rate, 99);
  });

  it('an answer that is no tree gives no actors', () => {
    for (const answer of [undefined, null, 'busy', [], {}, { id: 5 }])
      assert.deepEqual(readActors(answer, undefined), []);
  });

  it('verdict is failing before degraded before ok', () => {
    const verdict = (state: string) => systemVerdict(readActors(tree, live({ 'gateway/state': state })));
    assert.equal(verdict('running'), 'ok');
    assert.equal(verdict('stopped'), 'ok');
    assert.equal(verdict('backing-off'), 'degraded');
    assert.equal(verdict('unresponsive'), 'failing');
    assert.equal(systemVerdict([]), 'unknown');
  });

  it('a filter keeps what stands above a match, folding hides what stands below', () => {
    const actors = readActors(tree, live({ 'aggregator-1/state': 'failed' }));
    const ids = (filter: string, problemsOnly: boolean, folded: string[] = []) =>
      visibleActors(actors, { filter, problemsOnly, folded: new Set(folded) }).map(({ id }) => id);
    assert.deepEqual(ids('GATE', false), ['root', 'gateway']);
    assert.deepEqual(ids('', true), ['root', 'lanes', 'lane-1', 'aggregator-1']);
    assert.deepEqual(ids('', false, ['lanes']), ['root', 'gateway', 'log-writer', 'lanes', 'generator']);
    assert.deepEqual(ids('nobody', false), []);
  });
});

describe('pipeline of the System page', () => {
  it('lanes are joined one to one, everything else with everyone', () => {
    const { nodes, edges, rows } = planPipeline(readActors(tree, undefined), false);
    assert.equal(rows, 2);
    assert.deepEqual(
      edges.map(({ from, to }) => `${from.id}>${to.id}`),
      [
        'generator>log-writer',
        'log-writer>consumer-0',
        'log-writer>consumer-1',
        'consumer-0>aggregator-0',
        'consumer-1>aggregator-1',
        'aggregator-0>gateway',
        'aggregator-1>gateway',
      ],
    );
    assert.ok(nodes.every(({ x, y }) => x > 0 && x < 1 && y > 0 && y < 1));
  });

  it('an edge into an actor that is down is cut, a stopped generator holds up nobody', () => {
    const actors = readActors(tree, live({ 'aggregator-0/state': 'backing-off', 'generator/state': 'stopped' }));
    const kinds = new Map(planPipeline(actors, true).edges.map(({ from, to, kind }) => [`${from.id}>${to.id}`, kind]));
    assert.equal(kinds.get('consumer-0>aggregator-0'), 'cut');
    assert.equal(kinds.get('aggregator-0>gateway'), 'cut');
    assert.equal(kinds.get('generator>log-writer'), 'flow');
    assert.equal(kinds.get('gateway>clients'), 'flow');
  });
});

describe('commands of the System page', () => {
  const preview: Preview = {
    possible: true,
    because: null,
    stops: ['aggregator-0'],
    next_epoch: 5,
    budget: { of: 'lane-0', used: 3, budget: 10, period_ms: 60_000, spent: false },
    escalation: [],
    ends_process: false,
    replays: { events: 12 },
    affects: ['lane', 'unheard-of'],
  };
  const said = (over: Partial<Preview>, ...args: [Parameters<typeof impactOf>[0], Parameters<typeof impactOf>[2]?]) =>
    impactOf(args[0], { ...preview, ...over }, args[1]).map(({ text }) => text);

  it('a kill says the next epoch, the budget it uses, what is read again and what stands still', () => {
    const lines = said({}, 'kill');
    assert.equal(lines.length, 4);
    for (const [at, pattern] of [/epoch 5/, /restart 3 of 10 .*lane-0/, /About 12 events/, /stand still/].entries())
      assert.match(lines[at] ?? '', pattern);
  });

  it('a budget that is spent by it, and the end of the process, are grave', () => {
    const spent = { of: 'lane-0', used: 11, budget: 10, period_ms: 60_000, spent: true };
    const over = {
      budget: spent,
      escalation: [{ ...spent, of: 'root' }],
      ends_process: true,
      stops: ['a', 'b', 'c', 'd', 'e'],
    };
    const grave = impactOf('kill', { ...preview, ...over }).filter((line) => line.grave);
    assert.deepEqual(
      grave.map(({ text }) => text),
      ['That is one too many: lane-0 gives up.', 'That is one too many: root gives up.', 'The whole process ends.'],
    );
    assert.ok(said(over, 'kill').includes('5 actors go down: a, b, c, d, ….'));
  });

  it('a fault says what it breaks, and one that the actor outlives costs nothing', () => {
    assert.match(said({}, 'fault', 'hang').join(), /loops for ever.*restart 3 of 10/);
    assert.deepEqual(said({}, 'fault', 'slow'), ['200 ms more a batch, for 10 s.']);
    assert.doesNotMatch(said({}, 'fault', 'poison').join(), /restart 3/);
    assert.deepEqual(said({ possible: false, because: 'it is stopped' }, 'kill'), ['Not now: it is stopped']);
  });
});

describe('incidents of the System page', () => {
  const HOUR = 3_600_000;
  const item = (id: number, ago: number, over: Record<string, unknown> = {}) => ({
    ...{ id, at: NOW - ago, actor: 'a', what: 'crashed', why: 'boom', state: 'recovered' },
    ...{ down_at: NOW - ago, recovered_at: NOW - ago + HOUR / 16, recovery_ms: HOUR / 16, detection_ms: 0 },
    ...over,
  });
  const read = (...items: unknown[]) => readIncidents({ items });

  it('an answer is read with care', () => {
    assert.deepEqual(readIncidents(undefined), []);
    assert.deepEqual(readIncidents({ items: 'none' }), []);
    assert.deepEqual(
      read(null, { nonsense: true }, item(1, 5)).map(({ id }) => id),
      [1],
    );
  });

  it('marks of one actor that lie close together are one with a count', () => {
    const { lanes, hidden } = planIncidents(read(item(3, 1000), item(2, 2000), item(1, HOUR / 2)), NOW, HOUR);
    assert.equal(hidden, 0);
    assert.deepEqual(
      lanes[0]?.marks.map(({ incident: { id }, count }) => [id, count]),
      [
        [3, 2],
        [1, 1],
      ],
    );
  });

  it('more than eight actors are told by their number', () => {
    const items = Array.from({ length: 11 }, (_, id) => item(id, id * 1_000, { actor: `a${id}` }));
    const { lanes, hidden } = planIncidents(read(...items), NOW, HOUR);
    assert.deepEqual([lanes.length, hidden], [8, 3]);
  });

  it('how long an actor was down is a stretch of the range, up to now while it is not back', () => {
    const open = item(2, HOUR / 4, { state: 'open', recovered_at: null });
    const cut = item(3, HOUR / 8, { state: 'cut', recovered_at: null });
    const stretches = downtimes(read(cut, open, item(1, HOUR * 2), item(0, HOUR / 2)), NOW, HOUR);
    assert.deepEqual(
      stretches.map(({ from, to, open: now }) => [from, to, now]),
      [
        [0.5, 0.5625, false],
        [0, 0, false],
        [0.75, 1, true],
        [0.875, 0.875, false],
      ],
    );
  });

  it('deaths, commands and what is only worth a note are told apart', () => {
    const kinds = read(
      item(1, 1),
      item(2, 1, { what: 'drain' }),
      item(3, 1, { what: 'memory', state: 'noted', down_at: null }),
    );
    assert.deepEqual(kinds.map(kindOf), ['deaths', 'commands', 'other']);
  });
});
