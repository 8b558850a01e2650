/**
 * One order, drawn from its name (slot, index): `head` is what its later steps must know, `rest` the remainder. Drawing it
 * again gives the same order. The model is reused from order to order: nothing is allocated.
 */
import type { Arrivals } from './arrivals.ts';
import type { Catalogue, Product } from './catalogue.ts';
import { type OrderClasses, promiseOffset, UNFORESEEN } from './order-classes.ts';
import {
  FAILED_SHARE,
  FREIGHT,
  ITEMS_PER_ORDER,
  KNOWN_CUSTOMERS,
  PAYMENT_TYPES,
  PROMISE_CORRELATION,
  SAME_PRODUCT_SHARE,
  SEGMENTS,
  STATES,
} from './profile.ts';
import { AliasTable, hash3, Random, sumOf, toUnit } from './random.ts';

export const PAYMENT = { approved: 0, failed: 1, pending: 2 } as const;

const DAY_MS = 86_400_000;
const MOST_PIECES = ITEMS_PER_ORDER.length;
const PIECES = new AliasTable(ITEMS_PER_ORDER);
const PAYMENTS = new AliasTable(PAYMENT_TYPES.map(([, share]) => share));
const BOLETO = PAYMENT_TYPES.findIndex(([name]) => name === 'boleto');
const CARDS = PAYMENT_TYPES.map(([name]) => name.endsWith('card'));
const KINDS = new AliasTable(SEGMENTS.map(([, share]) => share));
const PROMISES = STATES.map((_, state) => promiseOffset(state));
/** Share of the mixed orders that hold two products; the others hold three. */
const TWO_PRODUCTS_SHARE = 0.88;
/** Keeps the mean of the lognormal noise at 1. */
const FREIGHT_SHIFT = FREIGHT.sigma ** 2 / 2;

/** Known customers are numbered by state: state s holds the numbers from FIRST_KNOWN[s] to FIRST_KNOWN[s + 1]. */
const FIRST_KNOWN = [0];
{
  const orders = sumOf(STATES.map((state) => state[1]));
  let before = 0;
  for (const state of STATES) {
    before += state[1];
    FIRST_KNOWN.push(Math.round((before / orders) * KNOWN_CUSTOMERS.pool));
  }
}

export class OrderModel {
  slot = 0;
  index = 0;
  time = 0;
  state = 0;
  fate = 0;
  warehouse = 0;
  courier = 0;
  promised = 0;
  paymentType = 0;
  paymentStatus: number = PAYMENT.approved;
  readonly products = new Uint16Array(MOST_PIECES);
  readonly quantities = new Uint8Array(MOST_PIECES);
  lines = 0;
  shippingCents = 0;
  valueCents = 0;
  /** Number of a customer who comes back, or -1: a customer of this order only. */
  customer = -1;
  segment = 0;

  readonly #arrivals: Arrivals;
  readonly #classes: OrderClasses;
  readonly #catalogue: Catalogue;
  readonly #failedShare: (time: number) => number;
  readonly #random: Random;
  readonly #seed: number;

  constructor(parts: {
    seed: number;
    arrivals: Arrivals;
    classes: OrderClasses;
    catalogue: Catalogue;
    /** Share of card payments that fail on top of the usual ones. */
    surge: (time: number) => number;
  }) {
    this.#seed = parts.seed;
    this.#arrivals = parts.arrivals;
    this.#classes = parts.classes;
    this.#catalogue = parts.catalogue;
    this.#failedShare = (time) => Math.max(FAILED_SHARE, parts.surge(time));
    this.#random = new Random(parts.seed ^ 0x0de1);
  }

  /** Answers false when the payment failed: such an order has no later steps. */
  head(slot: number, index: number): boolean {
    const random = this.#random;
    random.name(slot, index);
    const of = this.#arrivals.classOf(slot, index);
    this.slot = slot;
    this.index = index;
    this.time = this.#arrivals.timeOf(slot, index);
    this.state = this.#classes.state[of] as number;
    this.fate = this.#classes.fate[of] as number;
    this.products[0] = this.#catalogue.byShare.pick(random.unit());
    this.warehouse = this.#product(0).warehouse;
    this.courier = random.below(this.#catalogue.couriers.length);
    this.promised = this.#promise(this.#classes.position[of] as number, random.normal());
    this.#pay(random.unit(), random.unit());
    return this.paymentStatus !== PAYMENT.failed;
  }

  rest(): void {
    const random = this.#random;
    this.#fill(PIECES.pick(random.unit()) + 1);
    const free = random.unit() < FREIGHT.freeShare;
    const noise = Math.exp(FREIGHT.sigma * random.normal() - FREIGHT_SHIFT);
    const perPiece = free ? 0 : (STATES[this.state] as (typeof STATES)[number])[5] * noise * 100;
    let value = 0;
    let shipping = 0;
    for (let line = 0; line < this.lines; line++) {
      const product = this.#product(line);
      const quantity = this.quantities[line] as number;
      value += product.cents * quantity;
      shipping += perPiece * product.freight * quantity;
    }
    this.shippingCents = Math.round(shipping);
    this.valueCents = value + this.shippingCents;
    this.#whoBuys();
  }

  #product(line: number): Product {
    return this.#catalogue.products[this.products[line] as number] as Product;
  }

  /** What was promised: right on average, blind to what could not be foreseen, and kept as often as in this state. */
  #promise(position: number, noise: number): number {
    const [, , , mu, sigma] = STATES[this.state] as (typeof STATES)[number];
    const foreseen = PROMISE_CORRELATION * position + UNFORESEEN * noise;
    const days = Math.exp(mu + sigma * (PROMISE_CORRELATION * foreseen + (PROMISES[this.state] as number)));
    return this.time + Math.round(days * DAY_MS);
  }

  #pay(type: number, luck: number): void {
    this.paymentType = PAYMENTS.pick(type);
    if (this.paymentType === BOLETO) this.paymentStatus = PAYMENT.pending;
    else if (CARDS[this.paymentType] && luck < this.#failedShare(this.time)) this.paymentStatus = PAYMENT.failed;
    else this.paymentStatus = PAYMENT.approved;
  }

  /** Pieces onto lines; further products lie in the same warehouse as the first. */
  #fill(pieces: number): void {
    const random = this.#random;
    this.lines = 1;
    this.quantities[0] = pieces;
    if (pieces === 1 || random.unit() < SAME_PRODUCT_SHARE) return;
    const wanted = pieces === 2 || random.unit() < TWO_PRODUCTS_SHARE ? 2 : 3;
    while (this.lines < wanted) {
      const product = this.#another();
      if (product < 0) return;
      this.products[this.lines] = product;
      this.quantities[this.lines++] = 1;
      this.quantities[0]--;
    }
  }

  /** A product that is not in the order yet, from its warehouse; -1 when none turns up soon. */
  #another(): number {
    for (let attempt = 0; attempt < 60; attempt++) {
      const product = this.#catalogue.byShare.pick(this.#random.unit());
      if ((this.#catalogue.products[product] as Product).warehouse !== this.warehouse) continue;
      if (!this.products.subarray(0, this.lines).includes(product)) return product;
    }
    return -1;
  }

  #whoBuys(): void {
    const random = this.#random;
    const known = random.unit() < KNOWN_CUSTOMERS.share;
    const first = FIRST_KNOWN[this.state] as number;
    const pool = (FIRST_KNOWN[this.state + 1] as number) - first;
    this.customer = known && pool > 0 ? first + random.below(pool) : -1;
    const kind = this.customer < 0 ? random.unit() : toUnit(hash3(this.#seed, this.customer, 7));
    this.segment = KINDS.pick(kind);
  }
}
