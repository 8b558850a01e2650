/** Orders that actors are made to die of, over HTTP, and what must be said of them: used on every backend. */
import assert from 'node:assert/strict';
import type { LogRecord } from '../model/log.ts';
import { Model, type ModelOptions, type ModelResult } from '../model/model.ts';
import { ask } from '../model/questions.ts';
import { modelOf } from './against-model.ts';
import { type Pulso, post, taken, until } from './exactness.ts';

/** Which order an actor is to die of, and how. */
export type Victim = { readonly actor: string; readonly id: string; readonly death: string };

export type Letter = {
  id: string;
  topic: string;
  partition: number;
  offset: number;
  reason: string;
  excerpt: string;
  attempts: number;
  error: string;
  replayed_at: number | null;
  replayed_to: number | null;
};

/** So long that an order that is replayed counts, whatever came in meanwhile. */
export const LATENESS_MS = 7 * 86_400_000;
export const LATENESS = '7d';

/** Orders that come once and in a record of their own, in the order of the log, with their partition. */
export function loneOrders(
  lines: readonly Uint8Array[],
  options: ModelOptions = {},
): { readonly order: string; readonly partition: number }[] {
  const model = new Model({ latenessMs: LATENESS_MS, ...options });
  for (const line of lines) model.add(line);
  const { orders } = model.result();
  const times = Map.groupBy(orders, ({ order }) => order.id);
  const alone = orders.filter(({ id, order }) => times.get(order.id)?.length === 1 && id.split(':').length === 3);
  return alone.map(({ id, order }) => ({ order: order.id, partition: Number(id.split(':')[1]) }));
}

/** Answers all that the actor dies of from now on; with `off` of this order no more. */
export async function poison(pulso: Pulso, { actor, id, death }: Victim, more = {}): Promise<unknown> {
  const order = { kind: 'poison', order_id: id, death, ...more };
  const { status, body } = await taken(() => post(pulso, `/system/actors/${actor}/fault`, order));
  assert.equal(status, 200, JSON.stringify(body));
  return (body as { poisoned: unknown }).poisoned;
}

export const heal = (pulso: Pulso, victim: Victim) => poison(pulso, victim, { off: true });

export const poisonLetters = async (pulso: Pulso) =>
  ((await ask(pulso.url, '/dead-letters?reason=poison&limit=1000')) as { items: Letter[] }).items;

/** What the records come to when those at these places have become dead letters. */
export function modelWithout(
  log: Iterable<LogRecord>,
  poisoned: ReadonlySet<string>,
  options: ModelOptions = {},
): ModelResult {
  return modelOf(log, poisoned, { latenessMs: LATENESS_MS, ...options });
}

/** What the supervisor has noted of an actor. */
export async function notedOf(pulso: Pulso, actor: string, kind: string): Promise<string[]> {
  type Event = { actor: string; kind: string; text: string };
  const { items } = (await ask(pulso.url, '/system/events?limit=1000')) as { items: Event[] };
  return items.filter((event) => event.actor === actor && event.kind === kind).map(({ text }) => text);
}

/** Their letters, each after two deaths. */
export async function untilParked(pulso: Pulso, count: number, limitMs: number): Promise<Letter[]> {
  let found: Letter[] = [];
  await until(`${count} orders are dead letters`, limitMs, async () => {
    found = await poisonLetters(pulso);
    return { done: found.length === count, state: found };
  });
  assert.deepEqual(new Set(found.map(({ attempts }) => attempts)), new Set([2]));
  return found;
}

/** Each was found to be poison once, and none of their deaths is in the budgets of the lanes. */
export async function assertCostNothing(pulso: Pulso, actors: readonly string[], victims: number): Promise<void> {
  const noted = async (kind: string) =>
    (await Promise.all(actors.map((actor) => notedOf(pulso, actor, kind)))).flat().length;
  assert.equal(await noted('poison'), victims);
  const deaths = await noted('exited');
  type Node = { restarts: { used: number } };
  const lanes = (await Promise.all(['lane-0', 'lane-1'].map((id) => ask(pulso.url, `/system/actors/${id}`)))) as Node[];
  const used = lanes.reduce((sum, { restarts }) => sum + restarts.used, 0);
  // On a machine that has too much to do somebody may have been taken for hung besides.
  assert.ok(deaths >= 2 * victims && used <= deaths - 2 * victims, `${used} of ${deaths} deaths were counted`);
}

/** After the fix: all go into the log again, once, and `assertExact` holds with them counted. */
export async function assertReplayed(
  pulso: Pulso,
  orders: readonly string[],
  assertExact: () => Promise<void>,
): Promise<void> {
  const replay = async (note: string) => {
    const { status, body } = await taken(() => post(pulso, '/dead-letters/replay', { reason: 'poison', note }));
    assert.equal(status, 200, JSON.stringify(body));
    return body as { replayed: number; refused: unknown[] };
  };
  const first = await replay('healed');
  assert.deepEqual([first.replayed, first.refused], [orders.length, []]);
  await assertExact();
  for (const id of orders) {
    const { mark } = (await ask(pulso.url, `/orders/${encodeURIComponent(id)}`)) as { mark: unknown };
    assert.equal(mark, null);
  }
  const letters = await poisonLetters(pulso);
  assert.ok(
    letters.every(({ replayed_to: to }) => to !== null),
    JSON.stringify(letters),
  );
  assert.equal((await replay('again')).replayed, 0);
}
