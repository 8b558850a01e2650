/** What the events of real supervision, on a virtual clock, come to as incidents. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SupervisorSpec } from '../../supervisor/child-spec.ts';
import { balanceOf, type Incident, IncidentLog } from '../../supervisor/incidents.ts';
import { supervisor, World, worker } from './virtual.ts';

/** A tree that is up, and the incidents of everything that happens to it from its start on. */
async function watched(spec: SupervisorSpec, kept: readonly Incident[] = [], most = 100) {
  const log = new IncidentLog(most, kept);
  const world = new World(spec, { lastEventId: log.lastEventId });
  world.tree.onEvent((event) => log.add(event, (actor) => balanceOf(world.tree.status(), actor)));
  await world.up();
  return { world, log };
}

const ab = (more: Partial<SupervisorSpec> = {}) => supervisor('root', [worker('a'), worker('b')], more);
const story = (log: IncidentLog) => log.list.map(({ actor, what, state }) => `${actor} ${what} ${state}`);

test('an ordinary start and an ordinary stop are no incidents', async () => {
  const { world, log } = await watched(ab());
  await world.down();
  assert.deepEqual(log.list, []);
});

test('a crash is an incident with its reason, its recovery time, and what it took of the budget', async () => {
  const { world, log } = await watched(ab());
  world.of('a').crash('boom');
  assert.deepEqual(story(log), ['a crashed open']);
  world.clock.advance(100);
  const [crash] = log.list;
  assert.deepEqual(
    { ...crash, id: 0, at: 0, downAt: 0, recoveredAt: 0, events: crash?.events.map(({ kind }) => kind) },
    {
      id: 0,
      at: 0,
      actor: 'a',
      epoch: 1,
      what: 'crashed',
      why: 'Error: boom',
      detectionMs: 0,
      downAt: 0,
      recoveredAt: 0,
      recoveryMs: 10,
      attempts: 1,
      restarts: 1,
      budget: { of: 'root', used: 1, max: 10 },
      state: 'recovered',
      events: ['exited', 'starting', 'running'],
    },
  );
  await world.down();
});

test('a hang is seen after its silence, and the recovery is counted from there', async () => {
  const { world, log } = await watched(ab());
  world.of('a').manner = { ...world.of('a').manner, beats: false };
  world.clock.advance(2_000);
  const [hang] = log.list;
  assert.deepEqual([hang?.what, hang?.state, hang?.attempts], ['hung', 'recovered', 1]);
  assert.ok((hang?.detectionMs as number) >= 500 && (hang?.detectionMs as number) < 800, String(hang?.detectionMs));
  assert.ok((hang?.recoveryMs as number) > 0 && (hang?.recoveryMs as number) < 100, String(hang?.recoveryMs));
  assert.deepEqual(
    hang?.events.map(({ kind }) => kind),
    ['hung', 'terminated', 'exited', 'starting', 'running'],
  );
  await world.down();
});

test('deaths on the way back belong to the same incident, and a later one is the next', async () => {
  const { world, log } = await watched(ab());
  world.manner('a', { failsToStart: true });
  world.of('a').crash();
  world.clock.advance(30);
  world.manner('a', {});
  world.clock.advance(1_000);
  assert.deepEqual(story(log), ['a crashed recovered']);
  assert.ok((log.list[0]?.attempts as number) >= 2);
  assert.ok((log.list[0]?.recoveryMs as number) > 50, 'the pause counts');
  world.of('a').crash();
  world.clock.advance(1_000);
  assert.deepEqual(story(log), ['a crashed recovered', 'a crashed recovered']);
  assert.equal(log.list[1]?.epoch, world.of('a').epoch - 1);
  await world.down();
});

test('a kill by command, a restart, a stop and a later start are told apart', async () => {
  const { world, log } = await watched(ab());
  await world.tree.command('a', 'kill');
  world.clock.advance(100);
  await world.tree.command('b', 'restart');
  world.clock.advance(100);
  await world.tree.command('a', 'stop');
  world.clock.advance(60_000);
  assert.deepEqual(story(log), ['a killed recovered', 'b restart recovered', 'a stop down']);
  assert.match(log.list[0]?.why ?? '', /killed by command/);
  await world.tree.command('a', 'start');
  world.clock.advance(100);
  assert.equal(log.list[2]?.state, 'recovered');
  assert.ok((log.list[2]?.recoveryMs as number) >= 60_000, 'as long as it was down');
  await world.down();
});

test('a supervisor that gives up is one, and its children come back with it', async () => {
  const inner = supervisor('lane', [worker('a')], { intensity: 1, periodMs: 60_000 });
  const { world, log } = await watched(supervisor('root', [inner, worker('b')]));
  for (let death = 0; death < 2; death++) {
    world.of('a').crash();
    world.clock.advance(200);
  }
  world.clock.advance(5_000);
  assert.deepEqual(story(log), ['a crashed recovered', 'a crashed recovered', 'lane gave-up recovered']);
  assert.match(log.list[2]?.why ?? '', /more than 1 restarts/);
  await world.down();
});

test('what a group restart takes down with it is no incident of its own', async () => {
  const { world, log } = await watched(ab({ strategy: 'one_for_all' }));
  world.of('a').crash();
  world.clock.advance(1_000);
  assert.deepEqual(story(log), ['a crashed recovered', 'root group-restart noted']);
  await world.down();
});

test('incidents of a former process stand before the new ones, and what was open is cut off', async () => {
  const first = await watched(ab());
  first.world.of('a').crash();
  first.world.clock.advance(100);
  first.world.manner('b', { readyMs: undefined });
  first.world.of('b').crash();
  await first.world.tree.command('a', 'stop');
  first.world.clock.advance(100);
  assert.equal(first.log.list.at(-1)?.state, 'down');
  const kept = JSON.parse(JSON.stringify(first.log.list)) as Incident[];
  const second = await watched(ab(), kept.toReversed());
  second.world.of('a').crash();
  second.world.clock.advance(100);
  assert.deepEqual(story(second.log), ['a crashed recovered', 'b crashed cut', 'a stop cut', 'a crashed recovered']);
  const ids = second.log.list.flatMap(({ events }) => events.map(({ id }) => id));
  assert.equal(new Set(ids).size, ids.length, 'no id is given twice');
  assert.deepEqual(
    second.log.list.map(({ id }) => id),
    second.log.list.map(({ id }) => id).sort((a, b) => a - b),
  );
  await Promise.all([first.world.down(), second.world.down()]);
});

test('a process that died is an incident until its successor runs', () => {
  const log = new IncidentLog(10);
  const died = log.processDied('root', 5_000);
  assert.deepEqual([died.what, died.state, died.id], ['killed', 'open', 1]);
  const event = (id: number, at: number, kind: 'starting' | 'running') =>
    log.add({ id, at, kind, actor: 'root', epoch: 1, text: '' }, () => undefined);
  event(10, 5_100, 'starting');
  assert.deepEqual([event(11, 5_400, 'running')?.state, log.list[0]?.recoveryMs], ['recovered', 400]);
});

test('a fault that was ordered names its kind, and becomes what the actor died of', () => {
  const log = new IncidentLog(10);
  const tell = (id: number, at: number, kind: 'command' | 'exited', text: string) =>
    log.add({ id, at, kind, actor: 'a', epoch: 1, text }, () => undefined);
  const ordered = tell(1, 1_000, 'command', 'fault drop-link a');
  assert.deepEqual([ordered?.what, ordered?.why, ordered?.state], ['fault', 'drop-link', 'noted']);
  const died = tell(2, 1_200, 'exited', 'a has ended (crashed): Error: no link');
  assert.deepEqual([died?.id, died?.what, died?.why, died?.state], [1, 'crashed', 'Error: no link', 'open']);
  tell(3, 20_000, 'command', 'fault slow a');
  assert.equal(log.list.length, 1, 'while it is open, all belongs to it');
});

test('a restart for its memory is one, from the look that found it to the run that followed', () => {
  const log = new IncidentLog(10);
  const kinds = ['memory', 'stopping', 'exited', 'starting', 'running'] as const;
  const texts = ['a is restarted in order: 70 MB of heap', '', 'a has ended (shutdown): stopped as asked', '', ''];
  for (const [at, kind] of kinds.entries()) {
    const event = { id: at + 1, at: at * 10, kind, actor: 'a', epoch: at < 3 ? 1 : 2, text: texts[at] ?? '' };
    log.add(event, () => undefined);
  }
  assert.deepEqual(
    log.list.map(({ what, why, state, recoveryMs, attempts }) => [what, why, state, recoveryMs, attempts]),
    [['memory', '70 MB of heap', 'recovered', 30, 1]],
  );
});

test('incidents are bounded: in number, in events and in text', async () => {
  const { world, log } = await watched(ab({ intensity: 1_000 }), [], 3);
  for (let death = 0; death < 5; death++) {
    world.of('a').crash('x'.repeat(5_000));
    world.clock.advance(6_000);
  }
  assert.equal(log.list.length, 3);
  world.manner('a', { failsToStart: true });
  world.of('a').crash();
  world.clock.advance(100_000);
  const last = log.list.at(-1) as Incident;
  assert.ok(last.attempts > 12 && last.events.length === 12, `${last.attempts} ${last.events.length}`);
  assert.ok(log.list.every(({ why, events }) => why.length <= 500 && events.every(({ text }) => text.length <= 500)));
  await world.down();
});
