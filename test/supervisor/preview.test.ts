/** What a command would come to, against what it then does. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SupervisorSpec } from '../../supervisor/child-spec.ts';
import { commandsOf, PREVIEWED, type PreviewedCommand, previewOf } from '../../supervisor/preview.ts';
import { supervisor, World, worker } from './virtual.ts';

const abc = (more: Partial<SupervisorSpec>) =>
  supervisor('root', [supervisor('lane', [worker('a'), worker('b'), worker('c')], { restartable: true, ...more })]);

const look = (world: World, actor: string, command: PreviewedCommand) => {
  const preview = previewOf(world.tree.status(), actor, command);
  return preview ?? assert.fail(`no preview of ${actor}`);
};

/** Threads that ended and that started while it ran, in order. */
async function whatHappens(world: World, run: () => Promise<unknown>): Promise<{ stops: string[]; starts: string[] }> {
  const from = world.tree.events().at(-1)?.id ?? 0;
  await run();
  world.clock.advance(30_000);
  const workers = new Set(world.threads.map(({ id }) => id));
  const of = (kind: string) =>
    world.tree
      .events()
      .flatMap((event) => (event.id > from && event.kind === kind && workers.has(event.actor) ? [event.actor] : []));
  return { stops: of('exited'), starts: of('starting') };
}

for (const strategy of ['one_for_one', 'one_for_all', 'rest_for_one'] as const) {
  for (const actor of ['a', 'b', 'c', 'lane']) {
    for (const command of ['kill', 'restart', 'stop'] as const) {
      test(`preview of ${command} ${actor} says what ${strategy} does`, async () => {
        const world = await new World(abc({ strategy })).up();
        const { stops, starts, budgets, possible } = look(world, actor, command);
        assert.ok(possible);
        const happened = await whatHappens(world, () => world.tree.command(actor, command));
        assert.deepEqual({ stops: stops.toSorted(), starts }, { ...happened, stops: happened.stops.toSorted() });
        const [use] = budgets;
        const supervisorOf = actor === 'lane' ? 'root' : 'lane';
        if (command === 'kill') assert.equal(world.node(supervisorOf)?.budget?.used, use?.used);
        else assert.deepEqual(budgets, []);
        await world.down();
      });
    }
  }
}

test('preview of a kill too many says that the supervisor gives up, and who pays for that', async () => {
  const world = await new World(abc({ intensity: 1 })).up();
  await world.tree.command('a', 'kill');
  world.clock.advance(100);
  const { stops, starts, budgets, endsProcess } = look(world, 'a', 'kill');
  assert.deepEqual(
    budgets.map(({ of, used, max, spent }) => [of, used, max, spent]),
    [
      ['lane', 2, 1, true],
      ['root', 1, 10, false],
    ],
  );
  assert.deepEqual([stops.toSorted(), starts, endsProcess], [['a', 'b', 'c'], ['a', 'b', 'c'], false]);
  const happened = await whatHappens(world, () => world.tree.command('a', 'kill'));
  assert.deepEqual([happened.stops.toSorted(), happened.starts], [stops.toSorted(), starts]);
  assert.equal(world.node('root')?.budget?.used, 1);
  await world.down();
});

test('preview says when the process would end with it', async () => {
  const world = await new World(supervisor('root', [worker('a'), worker('b')], { intensity: 0 })).up();
  const { endsProcess, starts, stops } = look(world, 'a', 'fault');
  assert.deepEqual([endsProcess, starts, stops.toSorted()], [true, [], ['a', 'b']]);
  world.of('a').crash();
  world.clock.advance(10_000);
  assert.equal((await world.tree.done).reason, 'gave-up');
});

test('preview of a temporary child says that it does not come back and costs nothing', async () => {
  const world = await new World(supervisor('root', [worker('a', { restart: 'temporary' })])).up();
  const { starts, budgets, nextEpoch } = look(world, 'a', 'kill');
  assert.deepEqual([starts, budgets, nextEpoch], [[], [], null]);
  await world.down();
});

test('preview says possible only of what the supervisor takes on, in every state', async () => {
  const world = await new World(abc({})).up();
  const check = async (state: string) => {
    assert.equal(world.state('a'), state);
    for (const command of PREVIEWED) {
      if (command === 'drain' || command === 'fault') continue;
      for (const actor of ['a', 'lane', 'root']) {
        // Only what is refused is given: the others would change the state.
        const { possible, because } = look(world, actor, command);
        if (possible) continue;
        await assert.rejects(
          world.tree.command(actor, command),
          { code: 'conflict' },
          `${command} ${actor} in ${state}: ${because}`,
        );
      }
    }
  };
  await check('running');
  await world.tree.command('a', 'stop');
  await check('draining');
  world.clock.advance(100);
  await check('stopped');
  assert.deepEqual(
    PREVIEWED.filter((command) => look(world, 'a', command).possible),
    ['restart', 'stop', 'start', 'drain'],
  );
  assert.equal(look(world, 'a', 'start').nextEpoch, 2);
  await world.tree.command('lane', 'stop');
  world.clock.advance(100);
  await check('stopped');
  assert.equal(look(world, 'a', 'start').because, 'its supervisor is not running');
  const lane = world.node('lane');
  assert.deepEqual(
    lane?.children.flatMap((child) => commandsOf(child, lane)),
    [],
  );
  assert.equal(previewOf(world.tree.status(), 'nobody', 'kill'), undefined);
  await world.down();
});
