/**
 * The stream of a shop's events in order of time, written as JSON bytes. It is a pure function of its options: slot by
 * slot it is planned (slot-plan.ts), and each item of the plan is drawn and written when its turn comes. What cannot be
 * drawn again is only the stock, so that a stream goes on after a restart from a few kilobytes of state.
 */
import { TOPICS, type Topic } from '../../protocol/route.ts';
import { Arrivals } from './arrivals.ts';
import { writeBroken } from './broken.ts';
import type { ByteWriter } from './byte-writer.ts';
import { type Catalogue, makeCatalogue, type NameSource } from './catalogue.ts';
import { type ClickCatalogue, makeClickCatalogue } from './click-catalogue.ts';
import type { Curve } from './curve.ts';
import { EventWriter } from './event-writer.ts';
import { EVENTS_PER_ORDER, type GeneratorOptions } from './options.ts';
import { FATE, makeOrderClasses, ORDER_CLASSES, STEP } from './order-classes.ts';
import { OrderModel } from './order-model.ts';
import { NULL_SHARES, SESSION } from './profile-clicks.ts';
import { hash3, hashText, Random, toUnit } from './random.ts';
import { clickRate, extraRefunds, orderRate, paymentSurge } from './rates.ts';
import { makeSessionClasses, SESSION_CLASSES } from './session-classes.ts';
import { ITEM, SlotPlan } from './slot-plan.ts';
import { Stock } from './stock.ts';

/** Takes one record after the other; each has been written to `out` from `start` to its length. */
export interface EventSink {
  readonly out: ByteWriter;
  /** The key stands at keyStart..keyEnd of `out`; a record without one is its own key. */
  record(topic: Topic, start: number, keyStart: number, keyEnd: number): void;
}

/** Where a stream stands, small enough to be stored with every second. */
export type GeneratorState = {
  readonly version: 1;
  readonly options: GeneratorOptions;
  /** Number of the current slot, and how many items of its plan are behind us. */
  readonly slot: number;
  readonly done: number;
  /** Time of the last item behind us. */
  readonly time: number;
  readonly stock: string;
};

const [ORDERS, DELIVERIES, CLICKS] = TOPICS as readonly [Topic, Topic, Topic];
/** The order and, unless its payment failed, the opening of its delivery. */
const EVENTS_AT_ONCE = 1.98;
/** Users are drawn with a liking for the low numbers: some come often. */
const USERS = 400_000;
/** Ids keep their length as long as a slot has no more arrivals than so many times the mean. */
const PEAK = 6;

export class OrderStream {
  readonly options: GeneratorOptions;
  readonly #orderRate: Curve;
  readonly #clickRate: Curve;
  readonly #catalogue: Catalogue;
  readonly #clicks: ClickCatalogue;
  readonly #order: OrderModel;
  readonly #plan: SlotPlan;
  readonly #stock: Stock;
  readonly #seed: number;
  readonly #random: Random;
  readonly #click = { time: 0, kind: 0, product: 0, user: 0, slot: 0, index: 0, anonymous: false };
  #writer: EventWriter | undefined;
  #slot: number;
  #place = 0;
  #time: number;

  constructor(options: GeneratorOptions, names: NameSource, state?: GeneratorState) {
    this.options = options;
    const seed = hashText(options.seed);
    this.#seed = seed;
    this.#random = new Random(seed ^ 0xb40c);
    this.#catalogue = makeCatalogue(seed, names);
    this.#clicks = makeClickCatalogue(seed);
    this.#stock = new Stock(this.#catalogue, options.ordersPerSecond);
    const classes = makeOrderClasses(seed);
    const { slotMs } = options;
    this.#orderRate = orderRate(options);
    this.#clickRate = clickRate(options);
    const orders = new Arrivals({ seed: seed ^ 1, slotMs, classes: ORDER_CLASSES, perSecond: this.#orderRate });
    const sessions = new Arrivals({ seed: seed ^ 2, slotMs, classes: SESSION_CLASSES, perSecond: this.#clickRate });
    const surge = paymentSurge(options);
    this.#order = new OrderModel({ seed, arrivals: orders, classes, catalogue: this.#catalogue, surge });
    this.#plan = new SlotPlan({
      seed,
      slotMs,
      orders,
      orderSteps: classes.followUps,
      sessions,
      sessionSteps: makeSessionClasses(seed),
      warehouses: this.#catalogue.warehouses.length,
      extraRefunds: extraRefunds(options),
    });
    if (state) this.#stock.restore(state.stock);
    const startAt = Math.max(options.startAt, state?.time ?? 0);
    this.#slot = Math.floor(startAt / slotMs);
    this.#time = startAt;
    this.#plan.fill(this.#slot);
    if (state && state.slot === this.#slot && sameOptions(state.options, options)) this.#place = state.done;
    else this.#skipTo(state ? startAt + 1 : startAt);
  }

  /** Time of the last event that was written; nothing before it will come. */
  get time(): number {
    return this.#time;
  }

  /** Time of the next event. */
  get nextTime(): number {
    this.#settle();
    return this.#plan.timeOf(this.#place);
  }

  /** Events a second that are asked for at a moment; later steps of orders come from days before, so at the mean rate. */
  rateAt(time: number): number {
    const now = this.#orderRate(time) * EVENTS_AT_ONCE + this.#clickRate(time) * SESSION.events;
    return (now + this.options.ordersPerSecond * (EVENTS_PER_ORDER - EVENTS_AT_ONCE)) / (1 - this.options.brokenShare);
  }

  /**
   * Writes events up to and with `until` (epoch ms), and stops early once at least `most` records are written.
   * Answers how many records that were: restocks that belong to a sale come with it, and broken events come behind
   * readable ones, so it may be a few above `most`.
   */
  next(until: number, most: number, sink: EventSink): number {
    const writer = this.#writerFor(sink);
    let records = 0;
    for (let time = this.nextTime; records < most && time <= until; time = this.nextTime) {
      this.#time = time;
      const readable = this.#emit(this.#plan.at(this.#place), writer, sink);
      records += readable + this.#emitBroken(readable, sink);
      this.#place++;
    }
    return records;
  }

  snapshot(): GeneratorState {
    return {
      version: 1,
      options: this.options,
      slot: this.#slot,
      done: this.#place,
      time: this.#time,
      stock: this.#stock.snapshot(),
    };
  }

  /** On to the next slot that holds something, where this one is used up. */
  #settle(): void {
    while (this.#place >= this.#plan.length) {
      this.#slot++;
      this.#place = 0;
      this.#plan.fill(this.#slot);
    }
  }

  #skipTo(time: number): void {
    while (this.#place < this.#plan.length && this.#plan.timeOf(this.#place) < time) this.#place++;
  }

  #writerFor(sink: EventSink): EventWriter {
    if (this.#writer?.out !== sink.out) {
      const { slotMs, ordersPerSecond, clicksPerSecond } = this.options;
      this.#writer = new EventWriter(sink.out, {
        catalogue: this.#catalogue,
        clicks: this.#clicks,
        seed: this.#seed,
        slotMs,
        mostPerSlot: 100 + (PEAK * (ordersPerSecond * EVENTS_PER_ORDER + clicksPerSecond) * slotMs) / 1000,
      });
    }
    return this.#writer;
  }

  #emit(at: number, writer: EventWriter, sink: EventSink): number {
    const plan = this.#plan;
    switch (plan.kind(at)) {
      case ITEM.order:
        return this.#emitOrder(plan.index(at), writer, sink);
      case ITEM.orderStep:
        return this.#emitStep(plan.sourceSlot(at), plan.index(at), plan.step(at), writer, sink);
      case ITEM.click:
        return this.#emitClick(plan.sourceSlot(at), plan.index(at), plan.step(at), writer, sink);
      case ITEM.round:
        return this.#emitRound(plan.index(at), writer, sink);
      default:
        return this.#emitExtraRefund(plan.sourceSlot(at), plan.index(at), writer, sink);
    }
  }

  #emitOrder(index: number, writer: EventWriter, sink: EventSink): number {
    const order = this.#order;
    const paid = order.head(this.#slot, index);
    order.rest();
    let records = 1;
    for (let line = 0; line < order.lines; line++) {
      const product = order.products[line] as number;
      const opening = this.#stock.open(product);
      if (paid) this.#stock.take(product, order.quantities[line] as number);
      if (opening === 0) continue;
      this.#restock(writer, sink, order.warehouse, product, opening);
      records++;
    }
    const start = sink.out.length;
    writer.order(order);
    sink.record(ORDERS, start, writer.keyStart, writer.keyEnd);
    return records;
  }

  #emitStep(slot: number, index: number, step: number, writer: EventWriter, sink: EventSink): number {
    const order = this.#order;
    if (!order.head(slot, index)) return 0;
    const start = sink.out.length;
    if (step === STEP.refund) {
      order.rest();
      writer.refund(order, this.#time);
      sink.record(ORDERS, start, writer.keyStart, writer.keyEnd);
    } else {
      writer.delivery(order, step, this.#time);
      sink.record(DELIVERIES, start, writer.keyStart, writer.keyEnd);
    }
    return 1;
  }

  #emitExtraRefund(slot: number, index: number, writer: EventWriter, sink: EventSink): number {
    if (!this.#order.head(slot, index) || this.#order.fate !== FATE.delivered) return 0;
    return this.#emitStep(slot, index, STEP.refund, writer, sink);
  }

  #emitClick(slot: number, index: number, step: number, writer: EventWriter, sink: EventSink): number {
    const click = this.#click;
    const visitor = hash3(this.#seed ^ 0xc11c, slot, index);
    click.time = this.#time;
    click.kind = step & 3;
    click.product = this.#clicks.byViews.pick(toUnit(hash3(visitor, step >> 2, 1)));
    const user = toUnit(hash3(visitor, 0, 2));
    click.user = 1 + Math.floor(USERS * user * Math.sqrt(user));
    click.slot = slot;
    click.index = index;
    click.anonymous = toUnit(hash3(visitor, 0, 3)) < NULL_SHARES.session;
    const start = sink.out.length;
    writer.click(click);
    sink.record(CLICKS, start, writer.keyStart, writer.keyEnd);
    return 1;
  }

  #emitRound(warehouse: number, writer: EventWriter, sink: EventSink): number {
    let records = 0;
    this.#stock.round(warehouse, (product, quantity) => {
      this.#restock(writer, sink, warehouse, product, quantity);
      records++;
    });
    return records;
  }

  #restock(writer: EventWriter, sink: EventSink, warehouse: number, product: number, quantity: number): void {
    const start = sink.out.length;
    writer.restock(this.#time, warehouse, product, quantity);
    sink.record(ORDERS, start, writer.keyStart, writer.keyEnd);
  }

  /** Broken events behind so many readable ones. */
  #emitBroken(readable: number, sink: EventSink): number {
    const { brokenShare } = this.options;
    if (brokenShare === 0 || readable === 0) return 0;
    this.#random.name(this.#slot, this.#place);
    const wanted = (readable * brokenShare) / (1 - brokenShare);
    const records = Math.floor(wanted + this.#random.unit());
    for (let record = 0; record < records; record++) {
      const start = sink.out.length;
      writeBroken(sink.out, this.#random, this.#time);
      sink.record(ORDERS, start, start, sink.out.length);
    }
    return records;
  }
}

function sameOptions(a: GeneratorOptions, b: GeneratorOptions): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
