import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type Actor, readActors, readEvents, systemVerdict, visibleActors } from '../../ui/components/system/actors.ts';
import { impactOf, isPossible } from '../../ui/components/system/impact.ts';
import { incidentsOf, planIncidents, SPAN_MS } from '../../ui/components/system/incident-plan.ts';
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
  it('only what the supervisor would take is offered', () => {
    const possible = (state: string) => {
      const gateway = actorOf(readActors(tree, live({ 'gateway/state': state })), 'gateway');
      return (['restart', 'stop', 'start', 'kill'] as const).filter((command) => isPossible(command, gateway));
    };
    assert.deepEqual(possible('running'), ['restart', 'stop', 'kill']);
    assert.deepEqual(possible('stopped'), ['restart', 'start']);
  });

  it('a kill says the next epoch, the budget it uses and what is read again', () => {
    const actor = actorOf(
      readActors(tree, live({ 'aggregator-0/depth': 12, 'aggregator-0/epoch': 4 })),
      'aggregator-0',
    );
    const lines = impactOf('kill', actor).join(' ');
    assert.match(lines, /epoch 5/);
    assert.match(lines, /restart 3 of 10/);
    assert.match(lines, /12 waiting messages/);
  });
});

describe('incidents of the System page', () => {
  const event = (id: number, ago: number, kind: string, actor: string, text = '') => ({
    id,
    at: NOW - ago,
    kind,
    actor,
    epoch: 1,
    text,
  });

  it('plain starts, orderly exits and what is older than an hour are no incidents', () => {
    const events = readEvents({
      items: [
        event(1, SPAN_MS + 1, 'hung', 'a'),
        event(2, 5000, 'starting', 'a'),
        event(3, 4000, 'exited', 'a', 'a has ended (shutdown): asked'),
        event(4, 3000, 'exited', 'a', 'a has ended (crashed): boom'),
        event(5, 2000, 'command', 'b'),
        { nonsense: true },
      ],
    });
    assert.deepEqual(
      incidentsOf(events, NOW).map(({ id }) => id),
      [5, 4],
    );
  });

  it('marks of one actor that lie close together are one with a count', () => {
    const events = [event(3, 1000, 'hung', 'a'), event(2, 2000, 'hung', 'a'), event(1, SPAN_MS / 2, 'hung', 'a')];
    const { lanes, hidden } = planIncidents(events, NOW);
    assert.equal(hidden, 0);
    assert.deepEqual(
      lanes[0]?.marks.map(({ event: { id }, count }) => [id, count]),
      [
        [3, 2],
        [1, 1],
      ],
    );
  });
});
