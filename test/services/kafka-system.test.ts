/** pulso on Kafka with its embedded store: exact whatever dies, and a gap that a person has to accept. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { compareAll } from '../model/compare.ts';
import { hostileLines } from '../model/hostile.ts';
import { Model, type ModelResult } from '../model/model.ts';
import { ask } from '../model/questions.ts';
import { RECORD_BYTES } from '../model/rules.ts';
import {
  actors,
  command,
  ledgerTotal,
  type Pulso,
  post,
  runPulso,
  setLanes,
  until,
  untilCounted,
  untilReady,
} from '../system/exactness.ts';
import { expire } from './kafka-log.ts';
import { createTopics, withAdmin } from './kafka-place.ts';
import { type Place, place } from './pulso.ts';
import { needs } from './servers.ts';

const EVENTS = Number(process.env.TEST_EVENTS ?? 12_000);
const SOON_MS = 60_000;
/** Long enough for a consumer to have read something, had it been allowed to. */
const PAUSED_MS = 2_000;
const ARGS = ['--no-generator', '--lanes', '2'];

function hostileRecords(): Uint8Array[] {
  const lines = [...hostileLines({ events: EVENTS, seed: 3 })].filter(({ record }) => record).map(({ bytes }) => bytes);
  return lines.filter(({ length }) => length <= RECORD_BYTES / 2);
}

async function modelOf(here: Place): Promise<ModelResult> {
  const model = new Model(here);
  for (const { topic, partition, bytes, at } of await here.readLog()) model.addTo(topic, partition, bytes, at);
  return model.result();
}

const eventsOf = ({ partitions }: ModelResult) => [...partitions.values()].reduce((sum, { in: all }) => sum + all, 0);

async function untilMore(pulso: Pulso, least: number): Promise<void> {
  await until(`${least} events counted`, SOON_MS, async () => {
    const total = await ledgerTotal(pulso.url);
    return { done: total.in >= least, state: total };
  });
}

async function killActor(pulso: Pulso, id: string): Promise<void> {
  const before = (await actors(pulso.url)).get(id)?.epoch ?? 0;
  assert.equal((await command(pulso, id, 'kill')).status, 200);
  await until(`${id} up again`, SOON_MS, async () => {
    const actor = (await actors(pulso.url)).get(id);
    return { done: (actor?.epoch ?? 0) > before && actor?.state === 'running', state: actor };
  });
}

test(
  'hostile events from Kafka count exactly, whatever is killed and however lanes change',
  needs('KAFKA_BROKERS'),
  async (t) => {
    const here = await place(t, { who: 'kafka', on: ['KAFKA_BROKERS'] });
    const records = hostileRecords();
    const part = Math.ceil(records.length / 6);
    const produce = (at: number) => here.produce(records.slice(at * part, (at + 1) * part));
    await produce(0);
    let pulso = await here.start('a', ARGS);
    await untilMore(pulso, part / 2);
    await Promise.all([produce(1), pulso.kill9()]);
    pulso = await here.start('a', ARGS);
    await untilReady(pulso.url);
    await untilMore(pulso, part);
    await Promise.all([produce(2), killActor(pulso, 'aggregator-0')]);
    await Promise.all([produce(3), killActor(pulso, 'consumer-1')]);
    await untilMore(pulso, part * 2);
    const [, scaled] = await Promise.all([produce(4), setLanes(pulso, 4)]);
    assert.equal(scaled.status, 200);
    const [, shrunk] = await Promise.all([produce(5), setLanes(pulso, 1)]);
    assert.equal(shrunk.status, 200);
    const model = await modelOf(here);
    await untilCounted(pulso.url, eventsOf(model));
    assert.deepEqual((await compareAll(pulso.url, model)).slice(0, 20), []);
    await untilReady(pulso.url);
    await pulso.kill9();
    pulso = await here.start('a', ARGS);
    await untilCounted(pulso.url, eventsOf(model));
    assert.deepEqual((await compareAll(pulso.url, model)).slice(0, 20), []);
    assert.deepEqual(await pulso.stop(), { code: 0, signal: null });
  },
);

test(
  'POST /events goes to Kafka and comes back counted, after a pause of ingest as well',
  needs('KAFKA_BROKERS'),
  async (t) => {
    const here = await place(t, { who: 'kafka', on: ['KAFKA_BROKERS'] });
    const pulso = await here.start('a', ARGS);
    await untilReady(pulso.url);
    await postClicks(pulso, 200);
    await untilCounted(pulso.url, 200);
    assert.equal((await here.readLog()).length, 200);
    assert.equal((await post(pulso, '/system/ingest/pause', {})).status, 200);
    await postClicks(pulso, 100);
    await until('what came in waits in the log', SOON_MS, async () => {
      const { in: counted, lag } = await ledgerTotal(pulso.url);
      return { done: counted === 200 && lag === 100, state: { counted, lag } };
    });
    assert.equal((await command(pulso, 'consumer-0', 'restart')).status, 200);
    await until('consumer-0 is a member again', SOON_MS, async () => {
      const { epoch, state } = (await actors(pulso.url)).get('consumer-0') ?? {};
      return { done: (epoch ?? 0) > 1 && state === 'running', state };
    });
    await new Promise((resolve) => setTimeout(resolve, PAUSED_MS));
    assert.equal((await ledgerTotal(pulso.url)).in, 200);
    assert.equal((await post(pulso, '/system/ingest/resume', {})).status, 200);
    await untilCounted(pulso.url, 300);
  },
);

test('--exit-when-done works off all that is in the topics', needs('KAFKA_BROKERS'), async (t) => {
  const here = await place(t, { who: 'kafka', on: ['KAFKA_BROKERS'] });
  await here.produce(hostileRecords().slice(0, 3_000));
  const done = await here.start('a', [...ARGS, '--exit-when-done']);
  assert.deepEqual(await done.ended, { code: 0, signal: null });
  const model = await modelOf(here);
  const again = await here.start('a', ARGS);
  await untilCounted(again.url, eventsOf(model));
  assert.deepEqual((await compareAll(again.url, model)).slice(0, 20), []);
});

test(
  'expired records stop their partition until a person accepts the gap, and the ledger keeps how many they were',
  needs('KAFKA_BROKERS'),
  async (t) => {
    const here = await place(t, { who: 'kafka', on: ['KAFKA_BROKERS'] });
    const [orders] = here.topics;
    // Broken records go by their bytes: some to every partition.
    const broken = (from: number, to: number) =>
      Array.from({ length: to - from }, (_, index) => Buffer.from(`broken ${from + index}`));
    await here.produce(broken(0, 400));
    let pulso = await here.start('a', ARGS);
    await untilCounted(pulso.url, 400);
    const stored = await ledgerOf(pulso, orders, 1);
    assert.equal((await pulso.stop()).code, 0);
    await here.produce(broken(400, 800));
    await expire(orders, 1, stored.offset + 30);
    pulso = await here.start('a', ARGS);
    await until('the gap told', SOON_MS, async () => {
      const answer = await fetch(new URL('/readyz', pulso.url));
      const text = await answer.text();
      return {
        done: answer.status === 503 && text.includes(`${orders}/1 stands still`) && text.includes('30 offsets'),
        state: text,
      };
    });
    const { items } = (await ask(pulso.url, '/quality')) as { items: { id: string; severity: string }[] };
    assert.equal(items.find(({ id }) => id === `gap/${orders}/1`)?.severity, 'critical');
    await until('the others read on', SOON_MS, async () => {
      const others = await Promise.all([0, 2, 3].map((partition) => ledgerOf(pulso, orders, partition)));
      return { done: others.every(({ lag }) => lag === 0) && others.some(({ in: all }) => all > 0), state: others };
    });
    assert.deepEqual(await ledgerOf(pulso, orders, 1).then(({ offset, gap }) => ({ offset, gap })), {
      offset: stored.offset,
      gap: 0,
    });

    assert.equal((await accept(pulso, orders, 0)).status, 409);
    assert.equal((await accept(pulso, orders, 17)).status, 404);
    assert.equal((await accept({ ...pulso, token: 'wrong-token' }, orders, 1)).status, 401);
    const accepted = await accept(pulso, orders, 1);
    assert.equal(accepted.status, 200);
    assert.deepEqual(accepted.body, {
      accepted: true,
      partition: `${orders}/1`,
      command: 'accept-gap',
      offset: stored.offset + 30,
      skipped: 30,
    });
    await untilCounted(pulso.url, 800 - 30);
    assert.equal((await ledgerOf(pulso, orders, 1)).gap, 30);
    await untilReady(pulso.url);
    const audit = (await ask(pulso.url, '/system/audit')) as {
      items: { command: string; partition: string; outcome: string }[];
    };
    assert.deepEqual(
      audit.items
        .filter(({ outcome }) => outcome === 'accepted')
        .map(({ command, partition }) => ({ command, partition })),
      [{ command: 'accept-gap', partition: `${orders}/1` }],
    );
    await pulso.kill9();
    pulso = await here.start('a', ARGS);
    await untilCounted(pulso.url, 800 - 30);
    assert.equal((await ledgerOf(pulso, orders, 1)).gap, 30);
  },
);

test('topics keep the partitions that they have, each its own number', needs('KAFKA_BROKERS'), async (t) => {
  const here = await place(t, { who: 'kafka', on: ['KAFKA_BROKERS'], partitions: 2 });
  const [orders] = here.topics;
  const more = `${here.name}-more`;
  await createTopics([more], 5);
  const env = { PULSO_TOPICS: `${more},${orders}`, PULSO_PARTITIONS: '3' };
  const pulso = await here.start('a', ARGS, env);
  await untilReady(pulso.url);
  // No topic is called as a type is, so all goes to the first, over its five partitions.
  await postClicks(pulso, 300);
  await untilCounted(pulso.url, 300);
  const { partitions } = (await ask(pulso.url, '/ledger')) as { partitions: LedgerRow[] };
  const of = (topic: string) => partitions.filter((row) => row.topic === topic);
  assert.deepEqual([of(more).length, of(orders).length], [5, 2]);
  assert.ok(of(more).every((row) => row.in > 0));
  assert.equal((await setLanes(pulso, 6)).status, 400);
  assert.equal((await setLanes(pulso, 5)).status, 200);
  await untilReady(pulso.url);
  await postClicks(pulso, 100);
  await untilCounted(pulso.url, 400);
});

test('a store that is ahead of the log is refused at start, with both offsets', needs('KAFKA_BROKERS'), async (t) => {
  const here = await place(t, { who: 'kafka', on: ['KAFKA_BROKERS'], partitions: 1 });
  const [orders] = here.topics;
  await here.produce(Array.from({ length: 50 }, (_, index) => Buffer.from(`broken ${index}`)));
  const pulso = await here.start('a', ['--no-generator']);
  await untilCounted(pulso.url, 50);
  assert.equal((await pulso.stop()).code, 0);
  await withAdmin((admin) => admin.deleteTopics({ topics: [orders] }));
  await until('the topic is gone', SOON_MS, async () => {
    const topics = await withAdmin((admin) => admin.listTopics());
    return { done: !topics.includes(orders) };
  });
  const refused = await runPulso(['start', '--port', '0', '--no-generator'], {
    dataDir: here.dataDir('a'),
    env: here.env,
  });
  assert.equal(refused.code, 2);
  assert.match(refused.output, new RegExp(`${orders}/0 stands at offset 50 and its log ends at 0`));
});

type LedgerRow = { topic: string; partition: number; offset: number; gap: number; lag: number; in: number };

async function ledgerOf(pulso: Pulso, topic: string, partition: number): Promise<LedgerRow> {
  const { partitions } = (await ask(pulso.url, '/ledger')) as { partitions: LedgerRow[] };
  return partitions.find((row) => row.topic === topic && row.partition === partition) as LedgerRow;
}

async function accept(pulso: Pulso, topic: string, partition: number): Promise<{ status: number; body: unknown }> {
  const answer = await fetch(new URL(`/system/partitions/${topic}/${partition}/accept-gap`, pulso.url), {
    method: 'POST',
    headers: { authorization: `Bearer ${pulso.token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ reason: 'test' }),
  });
  return { status: answer.status, body: await answer.json() };
}

async function postClicks(pulso: Pulso, count: number): Promise<void> {
  const now = Date.now();
  const lines = Array.from({ length: count }, (_, index) =>
    JSON.stringify({
      type: 'click',
      timestamp: now,
      event_type: 'view',
      product_id: `p${index}`,
      user_id: `u${index}`,
    }),
  );
  const answer = await fetch(new URL('/events', pulso.url), {
    method: 'POST',
    headers: { 'content-type': 'application/x-ndjson' },
    body: lines.join('\n'),
  });
  assert.deepEqual([answer.status, await answer.json()], [202, { accepted: count, rejected: [] }]);
}
