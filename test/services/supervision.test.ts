/** Actors that die in every way on Kafka and MongoDB: all come back, and every figure is the model's. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { reportText } from '../../actors/commands/chaos/report.ts';
import { runChaos } from '../../actors/commands/chaos/run.ts';
import { portsTo } from '../../actors/commands/chaos.ts';
import { DEATHS } from '../../protocol/fault.ts';
import { RECORD_BYTES } from '../model/rules.ts';
import {
  assertDelivered,
  eventsOf,
  modelOf,
  poisonedPlaces,
  postableLines,
  withoutChaos,
} from '../system/against-model.ts';
import { untilCounted, untilReady } from '../system/exactness.ts';
import { type InProcess, startInProcess } from '../system/in-process.ts';
import { produce } from '../system/producer.ts';
import { differences, dropLinks, strike, untilMore } from '../system/striking.ts';
import { place } from './pulso.ts';
import { needs } from './servers.ts';

/** So that events come in all the time that faults do. */
const EVENTS = 20_000;
const PACE = 250;
const MINUTE = 60_000;
/** The servers answer for others too: what waits for them without saying so is not what is judged. */
const LIMIT_MS = 1_500;
const READY_MS = 90_000;
const POISONS = 2;
/** All that speak to the servers themselves, struck at the same time; the second lane goes on meanwhile. */
const ACTORS = ['log-writer', 'bus', 'projector', 'aggregator-0', 'consumer-0'];

/** By the code of `pulso chaos`, which is asked for it by name, as others may read these topics. */
async function poison(pulso: InProcess): Promise<ReadonlySet<string>> {
  const { signal } = new AbortController();
  const plan = {
    url: pulso.url,
    seed: 1,
    spanMs: POISONS * 5_000,
    faults: POISONS,
    kinds: ['poison'],
    signal,
  } as const;
  const report = await runChaos(plan, portsTo(pulso));
  assert.ok(report.held && report.all.recovered === POISONS, reportText(report));
  const places = await poisonedPlaces(pulso.url);
  assert.equal(places.size, POISONS);
  return places;
}

test(
  'every kind of fault of those who speak to Kafka and MongoDB is recovered from, and every figure stays exact',
  needs('KAFKA_BROKERS', 'MONGODB_URI'),
  async (t) => {
    const here = await place(t, { who: 'faults', on: ['KAFKA_BROKERS', 'MONGODB_URI'] });
    const pulso = await startInProcess(t, { dataDir: here.dataDir('a'), lanes: 2, limitMs: LIMIT_MS, env: here.env });
    try {
      await untilReady(pulso.url, READY_MS);
      const lines = postableLines({ events: EVENTS, seed: 3, start: Date.now() - 10 * MINUTE, spanMs: 5 * MINUTE });
      const sendable = lines.filter(({ length }) => length <= RECORD_BYTES / 2);
      const stop = new AbortController();
      t.after(() => stop.abort());
      const producer = produce(() => pulso.url, sendable, PACE, stop.signal);
      await untilMore(pulso);
      for (const actor of ACTORS) await dropLinks(pulso, actor);
      for (const kind of DEATHS) {
        const took = await strike(pulso, ACTORS, kind);
        t.diagnostic(`${kind}: ${ACTORS.map((actor, at) => `${actor} ${took[at]} ms`).join(', ')}`);
        await untilMore(pulso);
      }
      const poisoned = await poison(pulso);
      stop.abort();
      await producer.finished;
      const log = await here.readLog();
      assertDelivered(withoutChaos(log), producer);
      const model = modelOf(log, poisoned, here);
      await untilCounted(pulso.url, eventsOf(model));
      assert.deepEqual((await differences(pulso, model)).slice(0, 20), []);
    } finally {
      // Before the topics go, as they cannot while it is a member of their group.
      await pulso.stop();
    }
  },
);
