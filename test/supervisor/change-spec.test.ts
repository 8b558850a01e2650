/** Specs that change at run time, children that are started again or decline, and epochs of the deleted: the corners, on a virtual clock. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { Histories } from '../../supervisor/history.ts';
import { supervisor, World, worker } from './virtual.ts';

const link = (name: string, to: string) => ({ links: [{ name, to }] });
const linksOf = (world: World, id: string) =>
  world
    .of(id)
    .heard.flatMap((heard) =>
      heard.type === 'link' || heard.type === 'unlink' ? [`${heard.type} ${heard.name}`] : [],
    );

test('changed spec leaves links that stay alone, cuts those that go, and lays new ones at once', async () => {
  const world = await new World(
    supervisor('root', [worker('a'), worker('b', link('old', 'a')), worker('c', link('same', 'a'))]),
  ).up();
  const specs = [worker('a'), worker('b', link('new', 'a')), worker('c', link('same', 'a'))];
  await world.settle(world.tree.changeSpec('root', supervisor('root', specs)));
  assert.deepEqual(linksOf(world, 'b'), ['link old', 'unlink old', 'link new']);
  assert.deepEqual(linksOf(world, 'c'), ['link same']);
  assert.deepEqual(linksOf(world, 'a'), ['link old', 'link same', 'unlink old', 'link new']);
  world.of('b').crash();
  world.clock.advance(100);
  assert.deepEqual(linksOf(world, 'b'), ['link new']);
  await world.down();
});

test('changed spec of a supervisor leaves the children of those below it to them', async () => {
  const world = await new World(supervisor('root', [supervisor('s', [worker('a')])])).up();
  const wider = supervisor('s', [worker('a'), worker('b')], { intensity: 1 });
  await world.tree.changeSpec('root', supervisor('root', [wider], { intensity: 3 }));
  assert.deepEqual([world.node('root')?.budget?.max, world.node('s')?.budget?.max], [3, 10]);
  await world.settle(world.tree.stopChild('s'));
  await world.settle(world.tree.restartChild('s'));
  assert.equal(world.running, 'a2', 'it keeps its children');
  assert.equal(world.node('s')?.budget?.max, 1, 'and has the rest of its new spec from its next start on');
  await world.down();
});

test('changed spec is refused where it has no supervisor that could take it, or an id is taken elsewhere', async () => {
  const world = await new World(supervisor('root', [supervisor('s', [worker('a')]), worker('x')])).up();
  const change = (id: string, ...ids: string[]) =>
    world.tree.changeSpec(
      id,
      supervisor(
        id,
        ids.map((child) => worker(child)),
      ),
    );
  await assert.rejects(change('x'), /Cannot take "x" for a supervisor as it is none/);
  await assert.rejects(change('nobody'), /none is called so/);
  await assert.rejects(change('s', 'a', 'x'), /"x" as id must be unique/);
  await assert.rejects(change('s', 'a', 'a'), /"a" as id must be unique/);
  await world.settle(world.tree.stopChild('s'));
  await assert.rejects(change('s', 'b'), /Cannot change "s" as it is no running supervisor but stopped/);
  assert.equal(world.running, 'x1');
  await world.down();
});

test('changed spec counts what was spent, and its pauses begin with the next failure', async () => {
  const root = (intensity: number, capMs: number) =>
    supervisor('root', [worker('a', { backoff: { baseMs: capMs, capMs } })], { intensity });
  const world = await new World(root(5, 50)).up();
  for (let crashes = 0; crashes < 2; crashes++) {
    world.of('a').crash();
    world.clock.advance(100);
  }
  await world.tree.changeSpec('root', root(2, 70));
  assert.deepEqual(world.node('root')?.budget, { max: 2, periodMs: 60_000, used: 2 });
  world.of('a').crash();
  world.clock.advance(100);
  assert.equal((await world.tree.done).reason, 'gave-up');

  const patient = await new World(root(5, 50)).up();
  await patient.tree.changeSpec('root', root(5, 70));
  patient.of('a').crash();
  patient.clock.advance(20);
  patient.of('a').crash();
  assert.equal(patient.node('a')?.nextRetryAt, patient.clock.now() + 70);
  await patient.down();
});

test('changed spec of a supervisor that keeps its children is what it comes back with', async () => {
  const keeping = (...ids: string[]) =>
    supervisor(
      's',
      ids.map((id) => worker(id)),
      { keepDynamic: true, restartable: true },
    );
  const world = await new World(supervisor('root', [keeping('a')])).up();
  await world.settle(world.tree.startChild('s', worker('b')));
  await world.tree.changeSpec('s', keeping('c', 'a'));
  await world.tree.command('s', 'restart');
  world.clock.advance(500);
  assert.equal(world.running, 'c1 a2 b2');
  await world.down();
});

test('start on request that is stopped before it is up, or falls with its supervisor, is told so', async () => {
  const world = await new World(supervisor('root', [worker('a'), worker('b')])).up();
  const startAgain = async () => {
    await world.settle(world.tree.stopChild('a'));
    world.manner('a', { readyMs: undefined });
    const started = world.tree.restartChild('a');
    world.clock.advance(10);
    return { started };
  };
  const first = await startAgain();
  const told = assert.rejects(first.started, /a was stopped while it started/);
  await world.settle(world.tree.stopChild('a'));
  await told;
  const second = await startAgain();
  const ended = assert.rejects(second.started, /root has ended: stopped as asked/);
  await world.down();
  await ended;
});

test('start on request that a group restart overtakes is told when the child is up at last', async () => {
  const world = await new World(supervisor('root', [worker('a'), worker('b')], { strategy: 'one_for_all' })).up();
  await world.settle(world.tree.stopChild('b'));
  world.manner('b', { readyMs: 50 });
  const started = world.tree.restartChild('b');
  world.of('a').crash();
  assert.deepEqual(await world.settle(started), { epoch: 3 });
  assert.equal(world.running, 'a2 b3');
  await world.down();
});

test('supervisor that declines when it is to come back stays down, and its parent goes on', async () => {
  let declined = false;
  const inner = supervisor('s', [worker('a')], { intensity: 0, declines: () => declined });
  const world = await new World(supervisor('root', [inner, worker('x')])).up();
  declined = true;
  world.of('a').crash();
  world.clock.advance(500);
  assert.deepEqual([world.running, world.state('s')], ['x1', 'stopped']);
  declined = false;
  assert.deepEqual(await world.settle(world.tree.restartChild('s')), { epoch: 3 });
  await world.down();
});

test('epochs of deleted ids go on rising, however many ids come and go', () => {
  const histories = new Histories();
  for (let epoch = 1; epoch <= 7; epoch++) histories.nextEpoch('old');
  histories.forget('old');
  assert.equal(histories.nextEpoch('old'), 8);
  histories.forget('old');
  assert.equal(histories.nextEpoch('fresh'), 1);
  for (let index = 0; index < 10_000; index++) {
    histories.nextEpoch(`passing ${index}`);
    histories.forget(`passing ${index}`);
  }
  assert.equal(histories.nextEpoch('old'), 9, 'it is not known any more, and yet no epoch comes twice');
});
