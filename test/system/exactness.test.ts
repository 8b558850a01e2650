import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it, type TestContext } from 'node:test';
import { overload } from '../helpers/overload.ts';
import { writeHostileFile } from '../model/hostile.ts';
import { readLog } from '../model/log.ts';
import { Model, type ModelResult } from '../model/model.ts';
import { assertDelivered, assertExact, dataDir, eventsOf, modelOfLog, postableLines } from './against-model.ts';
import {
  actors,
  command,
  ledgerTotal,
  type Pulso,
  type PulsoOptions,
  recoveryMs,
  replay,
  setLanes,
  startPulso,
  until,
  untilCounted,
  untilReady,
  workOff,
} from './exactness.ts';
import { type Producer, produce } from './producer.ts';

/** 300000 for the figures that count; fewer here, so that all tests stay under five minutes. */
const EVENTS = Number(process.env.TEST_EVENTS ?? 10_000);
const KILLS = 5;
const PACE = 5000;
/**
 * A killed actor must be running again within this, by the supervisor's own events; within longer only while the
 * machine has more to do than it has cores.
 */
const BACK_MS = 500;
const backMs = () => BACK_MS * overload();
/** Kills of an actor until one is fast enough: the machine may have had other things to do, but not each time. */
const KILL_TRIES = 5;
/** Restarts that a supervisor keeps for what nobody has commanded. */
const SPARE_RESTARTS = 1;

/** A data folder whose log holds the hostile file, and what the model makes of that file. */
async function filled(t: TestContext): Promise<{ options: PulsoOptions; model: ModelResult }> {
  const dir = dataDir(t);
  const file = join(dir, 'hostile.ndjson');
  writeHostileFile(file, { events: EVENTS });
  const options = { dataDir: join(dir, 'data') };
  await replay(file, options);
  const model = new Model();
  model.addLines(readFileSync(file));
  return { options, model: model.result() };
}

/** The events arrive while the test does its worst; a test that fails does not leave them coming. */
async function producing(t: TestContext, pulso: () => Pulso): Promise<Producer> {
  await untilReady(pulso().url);
  const stop = new AbortController();
  t.after(() => stop.abort());
  return produce(() => pulso().url, postableLines({ events: EVENTS, seed: 2 }), PACE, stop.signal);
}

/** Some more events are counted than before, or nearly all: a slow machine may have had them while it was busy. */
async function untilMore(pulso: Pulso, events: number): Promise<void> {
  const wanted = Math.min((await ledgerTotal(pulso.url)).in + events, EVENTS * 0.9);
  await until('more events counted', 60_000, async () => {
    const total = await ledgerTotal(pulso.url);
    return { done: total.in >= wanted, state: total };
  });
}

async function finish(pulso: Pulso, dir: string, producer: Producer): Promise<void> {
  await Promise.race([
    producer.finished,
    pulso.ended.then((how) => assert.fail(`${JSON.stringify(how)} ${pulso.log()}`)),
  ]);
  assertDelivered(readLog(dir), producer);
  const model = modelOfLog(dir);
  await untilCounted(pulso.url, eventsOf(model));
  await assertExact(pulso, model);
  assert.deepEqual(await pulso.stop(), { code: 0, signal: null });
  const again = await startPulso(['--no-generator'], { dataDir: dir });
  await untilCounted(again.url, eventsOf(model));
  await assertExact(again, model);
}

/** Kills an actor, waits until its successor runs, and answers how long that took by the supervisor's own events. */
async function kill(pulso: Pulso, id: string): Promise<number> {
  await until(`restarts to spend on ${id}`, 90_000, async () => {
    const { used, budget } = (await actors(pulso.url)).get(id)?.restarts ?? assert.fail(`no ${id}`);
    return { done: used + SPARE_RESTARTS < budget, state: used };
  });
  const epoch = (await actors(pulso.url)).get(id)?.epoch ?? 0;
  assert.equal((await command(pulso, id, 'kill')).status, 200, id);
  await until(`${id} running again`, 60_000, async () => {
    const actor = (await actors(pulso.url)).get(id);
    return { done: actor?.state === 'running' && actor.epoch > epoch, state: actor };
  });
  return recoveryMs(pulso.url, id);
}

describe('pulso against the model', () => {
  it('a hostile file that was replayed and worked off gives exactly the figures of the model', async (t) => {
    const { options, model } = await filled(t);
    const { code, output } = await workOff(options);
    assert.equal(code, 0, output);
    const pulso = await startPulso(['--no-generator'], options);
    await untilCounted(pulso.url, eventsOf(model));
    await assertExact(pulso, model);
  });

  it('kill -9 of the process five times while it works the log off changes nothing', async (t) => {
    const { options, model } = await filled(t);
    const all = eventsOf(model);
    for (let kill = 1; kill <= KILLS; kill++) {
      const pulso = await startPulso(['--no-generator'], options);
      await until(`${kill} of ${KILLS + 1} parts counted`, 120_000, async () => {
        const total = await ledgerTotal(pulso.url);
        return { done: total.in >= (all * kill) / (KILLS + 1), state: total };
      });
      await pulso.kill9();
    }
    const pulso = await startPulso(['--no-generator'], options);
    await untilCounted(pulso.url, all);
    await assertExact(pulso, model);
  });

  it('any actor killed under load is back at once with a higher epoch, and every figure stays exact', async (t) => {
    const dir = dataDir(t);
    const pulso = await startPulso(['--no-generator', '--lanes', '2'], { dataDir: dir });
    const producer = await producing(t, () => pulso);
    const slow: string[] = [];
    for (const [id] of await actors(pulso.url)) {
      const tries: number[] = [];
      while (tries.length < KILL_TRIES && !tries.some((took) => took <= backMs())) tries.push(await kill(pulso, id));
      if (!tries.some((took) => took <= backMs())) slow.push(`${id} ${tries.join(', ')} ms`);
    }
    await finish(pulso, dir, producer);
    assert.deepEqual(slow, []);
  });

  it('what POST /events has accepted survives a kill -9 of the process, and counts once', async (t) => {
    const dir = dataDir(t);
    const args = ['--no-generator', '--lanes', '2'];
    let pulso = await startPulso(args, { dataDir: dir });
    const producer = await producing(t, () => pulso);
    for (let kill = 0; kill < 2; kill++) {
      await untilMore(pulso, EVENTS / 10);
      await pulso.kill9();
      pulso = await startPulso(args, { dataDir: dir });
    }
    await finish(pulso, dir, producer);
  });

  it('lanes 2 -> 4 -> 1 under load lose nothing and count nothing twice', async (t) => {
    const dir = dataDir(t);
    const pulso = await startPulso(['--no-generator', '--lanes', '2'], { dataDir: dir });
    const producer = await producing(t, () => pulso);
    for (const lanes of [4, 1]) {
      await untilMore(pulso, EVENTS / 10);
      assert.equal((await setLanes(pulso, lanes)).status, 200);
    }
    await finish(pulso, dir, producer);
  });
});
