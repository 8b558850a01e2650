/**
 * The fault `poison`: an order of this run's own that its aggregator dies of until it is passed as a dead letter; then
 * it is healed, replayed and counted. An order of nothing: its payment has failed, so it earns and sells nothing.
 */
import { AppError } from '../../../protocol/errors.ts';
import { isObject, type JsonObject } from '../../../protocol/fields.ts';
import { route } from '../../../protocol/route.ts';
import type { ChaosPorts } from './run.ts';

type PoisonPorts = Pick<ChaosPorts, 'get' | 'post' | 'append' | 'now' | 'wait' | 'name'>;

/** Of the orders that chaos makes: whoever looks at figures can leave them out. */
export const CHAOS_STATE = 'chaos';
const LOOK_MS = 200;
/** Each step of the way; actors that were struck before may still be on their way back. */
const STEP_MS = 20_000;
/** A replay whose answer was lost shows by then, if it was carried out. */
const DOUBT_MS = 5_000;
/** More ids than any number of partitions needs to hit one of an actor's. */
const MOST_IDS = 1_000;
const encoder = new TextEncoder();

type ChaosOrder = { readonly id: string; readonly time: number; readonly line: string };

type Letter = { readonly id: string; readonly replayedAt: number | null; readonly replayedTo: number | null };

export class Poisoning {
  readonly #ports: PoisonPorts;
  readonly #stop: AbortSignal;
  /** Those that are in the log. */
  readonly #sent: ChaosOrder[] = [];
  readonly #topic: string;
  #ids = 0;

  /** `topic`: where orders go. */
  constructor(ports: PoisonPorts, topic: string, stop: AbortSignal) {
    this.#ports = ports;
    this.#topic = topic;
    this.#stop = stop;
  }

  /** Whether orders go to a partition of this aggregator; it may just be getting its own, of a group. */
  async reaches(actor: string): Promise<boolean> {
    return (await this.#until(() => this.#orderFor(actor))) !== undefined;
  }

  /** From the order that kills to the order that counts; answers what went wrong, if anything did. */
  async carryOut(actor: string): Promise<string | undefined> {
    const armed: string[] = [];
    const order = await this.#until(() => this.#send(actor, armed));
    if (order !== undefined) this.#sent.push(order);
    const parked = order && (await this.#until(() => this.#letter(order)));
    for (const id of armed) await this.#heal(actor, id);
    if (order === undefined) return 'its order was not taken';
    if (parked === undefined) return 'its order has become no dead letter';
    if (!(await this.#until(() => this.#replayed(order)))) return 'its order was not replayed';
    const counts = await this.#until(async () => (await this.#counted(order)).length > 0 || undefined);
    return counts ? undefined : 'its order does not count';
  }

  /** What does not hold of all orders so far: each is one dead letter, and counts once. */
  async breaches(): Promise<string[]> {
    const found: string[] = [];
    for (const order of this.#sent) {
      const looked = await this.#until(async () => [
        (await this.#letters(order)).length,
        (await this.#counted(order)).length,
      ]);
      const [letters, counted] = looked ?? [];
      if (letters !== 1) found.push(`order ${order.id} is ${letters} dead letters`);
      if (counted !== 1) found.push(`order ${order.id} counts ${counted} times`);
    }
    return found;
  }

  get count(): number {
    return this.#sent.length;
  }

  /** Where its answer is lost it is another order's turn: this one may be in, and is to be there once. */
  async #send(actor: string, armed: string[]): Promise<ChaosOrder | undefined> {
    const order = await this.#orderFor(actor);
    if (order === undefined) return undefined;
    await this.#ports.post(`/system/actors/${actor}/fault`, { kind: 'poison', order_id: order.id, reason: 'chaos' });
    armed.push(order.id);
    await this.#ports.append(order.line);
    return order;
  }

  async #orderFor(actor: string): Promise<ChaosOrder | undefined> {
    const { get, name } = this.#ports;
    const own = objectOf(objectOf(await get(`/system/actors/${actor}/inspect`)).own);
    const ofOrders = (rows: unknown) => objectsOf(rows).filter(({ topic }) => topic === this.#topic);
    const mine = new Set(ofOrders(own.partitions).map(({ partition }) => partition));
    const all = ofOrders(objectOf(await get('/ledger')).partitions).length;
    const time = await this.#time();
    for (let tries = 0; tries < MOST_IDS && mine.size > 0; tries++) {
      const order = orderOf(`${name}-${++this.#ids}`, time);
      if (mine.has(route(encoder.encode(order.line), all).partition)) return order;
    }
    return undefined;
  }

  /** Also by whoever ends early: nobody is to die of it later. */
  async #heal(actor: string, id: string): Promise<void> {
    const body = { kind: 'heal', order_id: id, reason: 'chaos' };
    const heal = () => this.#ports.post(`/system/actors/${actor}/fault`, body).then(() => true);
    if (this.#stop.aborted) await heal().catch(ignoreRefusal);
    else await this.#until(heal);
  }

  /** That of the newest event: later than anything, the order would make what comes after it late. */
  async #time(): Promise<number> {
    const { watermark } = objectOf(await this.#ports.get('/kpi/latest'));
    if (typeof watermark === 'number') return watermark;
    return Number(objectOf(objectOf(await this.#ports.get('/system/tree')).summary).at);
  }

  async #letters({ id }: ChaosOrder): Promise<Letter[]> {
    const items = itemsOf(await this.#ports.get('/dead-letters?reason=poison&limit=1000'));
    const mine = items.filter(({ excerpt }) => String(excerpt).includes(`"${id}"`));
    return mine.map((item) => ({
      id: String(item.id),
      replayedAt: numberOrNull(item.replayed_at),
      replayedTo: numberOrNull(item.replayed_to),
    }));
  }

  async #letter(order: ChaosOrder): Promise<Letter | undefined> {
    return (await this.#letters(order))[0];
  }

  async #counted({ id, time }: ChaosOrder): Promise<JsonObject[]> {
    const path = `/orders?from=${time}&to=${time + 1}&state=${CHAOS_STATE}&limit=1000`;
    return itemsOf(await this.#ports.get(path)).filter(({ order_id, mark }) => order_id === id && mark === null);
  }

  /** Whether it is done; where an answer was lost, it is looked for before it is done again. */
  async #replayed(order: ChaosOrder): Promise<true | undefined> {
    const { post, now, wait } = this.#ports;
    const letter = await this.#letter(order);
    if (letter === undefined) return undefined;
    if (letter.replayedTo !== null) return true;
    const again = letter.replayedAt !== null;
    for (const until = now() + DOUBT_MS; again && now() < until && !this.#stop.aborted; ) {
      if ((await this.#counted(order)).length > 0) return true;
      await wait(LOOK_MS, this.#stop);
    }
    await post('/dead-letters/replay', { ids: [letter.id], again, note: 'chaos' });
    return true;
  }

  /** Done again where there is no answer or nothing yet, as long as a step may take. */
  async #until<Value>(step: () => Promise<Value | undefined>): Promise<Value | undefined> {
    const { now, wait } = this.#ports;
    for (const deadline = now() + STEP_MS; now() < deadline && !this.#stop.aborted; ) {
      const value = await step().catch(ignoreRefusal);
      if (value !== undefined) return value;
      await wait(LOOK_MS, this.#stop);
    }
    return undefined;
  }
}

function orderOf(id: string, time: number): ChaosOrder {
  const line = JSON.stringify({
    type: 'order',
    order_id: id,
    timestamp: time,
    customer_state: CHAOS_STATE,
    payment_status: 'failed',
    payment_value: 0,
    items: [{ product_id: CHAOS_STATE, category: CHAOS_STATE, quantity: 1, price: 0 }],
  });
  return { id, time, line };
}

function ignoreRefusal(thrown: unknown): undefined {
  if (!(thrown instanceof AppError)) throw thrown;
}

function itemsOf(answer: unknown): JsonObject[] {
  return objectsOf(objectOf(answer).items);
}

function objectsOf(value: unknown): JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

function objectOf(value: unknown): JsonObject {
  return isObject(value) ? value : {};
}

function numberOrNull(value: unknown): number | null {
  return typeof value === 'number' ? value : null;
}
