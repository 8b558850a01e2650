/**
 * Orders that kill whoever handles them, under load: each actor dies twice of each and never again, the lanes go on, and
 * every figure is the model's without these orders; after the fix they are replayed, and it is the model's with them.
 */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { compareAll } from '../model/compare.ts';
import { hostileLines } from '../model/hostile.ts';
import { readLog } from '../model/log.ts';
import { RECORD_BYTES } from '../model/rules.ts';
import { eventsOf } from './against-model.ts';
import { type Pulso, startPulso, until, untilCounted, untilReady } from './exactness.ts';
import { folderFor } from './folder.ts';
import {
  assertCostNothing,
  assertReplayed,
  heal,
  LATENESS,
  loneOrders,
  modelWithout,
  notedOf,
  poison,
  untilParked,
  type Victim,
} from './poisoned.ts';
import { produce } from './producer.ts';

const EVENTS = Number(process.env.TEST_POISON_EVENTS ?? 1_500);
const PACE = 1_500;
/** Short, as the comparison asks for every ten minutes. */
const SPAN_MS = 20 * 60_000;
const LANES = 2;

const lines = [...hostileLines({ events: EVENTS, seed: 5, spanMs: SPAN_MS })].flatMap(({ bytes, record }) =>
  record && bytes.length <= RECORD_BYTES ? [bytes] : [],
);

/** Orders that come once, in a record of their own, of each lane in turn. */
function victims(): Victim[] {
  const alone = loneOrders(lines);
  const ofLane = (lane: number) => alone.filter(({ partition }) => partition % LANES === lane);
  const pick = (lane: number, share: number) => ofLane(lane)[Math.floor(ofLane(lane).length * share)]?.order as string;
  return [
    { actor: 'consumer-0', id: pick(0, 0.2), death: 'crash' },
    { actor: 'aggregator-0', id: pick(0, 0.6), death: 'hang' },
    { actor: 'aggregator-1', id: pick(1, 0.3), death: 'crash' },
    { actor: 'consumer-1', id: pick(1, 0.7), death: 'block' },
  ];
}

async function start(t: TestContext): Promise<{ pulso: Pulso; dataDir: string }> {
  const dataDir = folderFor(t, 'poison');
  const env = { PULSO_LATENESS: LATENESS };
  const pulso = await startPulso(['--no-generator', '--lanes', String(LANES)], { dataDir, env });
  await untilReady(pulso.url);
  return { pulso, dataDir };
}

async function assertExact(pulso: Pulso, dataDir: string, poisoned: ReadonlySet<string>): Promise<void> {
  const model = modelWithout(readLog(dataDir), poisoned);
  await untilCounted(pulso.url, eventsOf(model));
  assert.deepEqual((await compareAll(pulso.url, model)).slice(0, 20), []);
}

test('poisoned orders are passed after two deaths each, and count once healed and replayed', async (t) => {
  const { pulso, dataDir } = await start(t);
  const all = victims();
  for (const victim of all) await poison(pulso, victim);
  const stop = new AbortController();
  t.after(() => stop.abort());
  await produce(() => pulso.url, lines, PACE, stop.signal).finished;
  const parked = await untilParked(pulso, all.length, 60_000);
  assert.deepEqual(parked.map(({ error }) => error.split(':')[0]).sort(), [
    'OrderedCrash',
    'OrderedCrash',
    'hung',
    'hung',
  ]);
  const poisoned = new Set(parked.map(({ id }) => id));
  await assertExact(pulso, dataDir, poisoned);

  for (const { actor } of all) assert.equal((await notedOf(pulso, actor, 'poison')).length, 1, actor);
  await assertCostNothing(
    pulso,
    all.map(({ actor }) => actor),
    all.length,
  );
  for (const victim of all) assert.deepEqual(await heal(pulso, victim), []);
  const orders = all.map(({ id }) => id);
  await assertReplayed(pulso, orders, () => assertExact(pulso, dataDir, poisoned));
});

/** The same order is the same bytes, whenever it is sent. */
const SENT_AT = Date.now();
const order = (id: string) =>
  JSON.stringify({
    type: 'order',
    order_id: id,
    timestamp: SENT_AT,
    customer_state: 'SP',
    items: [{ product_id: 'p1', quantity: 1, price: 5 }],
    payment_value: 5,
  });

async function send(pulso: Pulso, id: string): Promise<{ status: number; text: string }> {
  const headers = { 'content-type': 'application/x-ndjson' };
  const answer = await fetch(new URL('/events', pulso.url), { method: 'POST', headers, body: order(id) });
  return { status: answer.status, text: await answer.text() };
}

async function seek(pulso: Pulso, id: string): Promise<{ status: number; text: string }> {
  const answer = await fetch(new URL(`/orders/${id}`, pulso.url));
  return { status: answer.status, text: await answer.text() };
}

/** As long as its actor is away everything is refused. */
async function once(ask: () => Promise<{ status: number; text: string }>): Promise<{ status: number; text: string }> {
  for (;;) {
    const answer = await ask();
    if (!answer.text.includes('not running')) return answer;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

test('a request that kills log-writer or reader is refused, not delivered again, and known after two deaths', async (t) => {
  const { pulso } = await start(t);
  for (const [actor, ask, fine] of [
    ['log-writer', send, 202],
    ['reader', seek, 404],
  ] as const) {
    await poison(pulso, { actor, id: 'bad', death: 'crash' });
    const ordered = async () => (await notedOf(pulso, actor, 'exited')).filter((text) => text.includes('OrderedCrash'));
    for (let death = 1; death <= 2; death++) {
      const refused = await once(() => ask(pulso, 'bad'));
      assert.equal(refused.status, 503, refused.text);
      assert.match(refused.text, new RegExp(`the ${actor} went away`));
      assert.equal((await once(() => ask(pulso, `good-${actor}-${death}`))).status, fine, 'others are answered');
      // The supervisor's word of it comes beside the answers.
      await until(`death ${death} is noted`, 60_000, async () => {
        const state = await ordered();
        return { done: state.length === death, state };
      });
    }
    const known = await once(() => ask(pulso, 'bad'));
    assert.equal(known.status, 400, known.text);
    assert.match(known.text, /has ended its actor 2 times.*OrderedCrash/);
    assert.equal((await ordered()).length, 2);
  }
});
