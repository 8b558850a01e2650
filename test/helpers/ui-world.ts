/**
 * A made-up shop for tests of the page: the same figures for the same seed and instant, by the minute, with the
 * shares the public Olist set has. It answers what the page asks over HTTP; the stream is in ui-channels.ts.
 */

export const MINUTE_MS = 60_000;

const STATES: Readonly<Record<string, number>> = {
  SP: 0.42,
  RJ: 0.129,
  MG: 0.117,
  RS: 0.055,
  PR: 0.051,
  SC: 0.037,
  BA: 0.034,
  DF: 0.0216,
  ES: 0.0205,
  GO: 0.0203,
  PE: 0.0166,
  CE: 0.0134,
  PA: 0.0098,
  MT: 0.0091,
  MA: 0.0075,
  MS: 0.0072,
  PB: 0.0054,
  PI: 0.005,
  RN: 0.0049,
  AL: 0.0042,
  SE: 0.0035,
  TO: 0.0028,
  RO: 0.0025,
  AM: 0.0015,
  AC: 0.0008,
  AP: 0.0007,
  RR: 0.0005,
};
const CATEGORIES: Readonly<Record<string, number>> = {
  health_beauty: 0.12,
  watches_gifts: 0.11,
  bed_bath_table: 0.1,
  sports_leisure: 0.09,
  computers_accessories: 0.08,
  furniture_decor: 0.07,
  housewares: 0.06,
  cool_stuff: 0.055,
  auto: 0.05,
  garden_tools: 0.045,
  toys: 0.04,
  baby: 0.035,
  perfumery: 0.03,
  telephony: 0.025,
  pet_shop: 0.02,
  stationery: 0.02,
  electronics: 0.05,
};
const PRODUCTS: readonly string[] = [
  'Relógio smartwatch 44 mm',
  'Kit cama queen 4 peças',
  'Notebook 15,6" 16 GB',
  'Sérum vitamina C 30 ml',
  'Fone sem fio ANC',
  'Parafusadeira 20 V',
  'Cadeira ergonômica',
  'Tênis corrida 42',
  'Panela de pressão 6 L',
  'Blocos de montar 1.200',
  'Caneca',
  'Mochila',
];
const PAYMENTS: Readonly<Record<string, readonly [share: number, failed: number]>> = {
  credit_card: [0.74, 0.019],
  boleto: [0.18, 0.031],
  voucher: [0.055, 0.068],
  debit_card: [0.02, 0.022],
  pix: [0.005, 0.004],
};
const SEGMENTS: Readonly<Record<string, number>> = { retail: 0.78, business: 0.16, premium: 0.06 };

const AVERAGE_ORDER = 160.58;
const ORDERS_A_MINUTE = 750;
const PAID = 0.974;

/** Sums of one minute. */
export type Minute = {
  readonly orders: number;
  readonly paid_orders: number;
  readonly items: number;
  readonly revenue: number;
  readonly approved: number;
  readonly failed: number;
  readonly unique_customers: number;
};

export class World {
  readonly #seed: number;

  constructor(seed = 7) {
    this.#seed = seed;
  }

  /** A number in [0, 1) that belongs to a key. */
  chance(...key: (string | number)[]): number {
    let hash = 0x811c9dc5 ^ this.#seed;
    for (const character of key.join('|')) hash = Math.imul(hash ^ character.charCodeAt(0), 0x01000193);
    hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
    return ((hash ^ (hash >>> 13)) >>> 0) / 2 ** 32;
  }

  minute(at: number): Minute {
    const wave = 1 + 0.08 * Math.sin(at / MINUTE_MS / 9) + 0.12 * (this.chance('minute', at) - 0.5);
    const orders = Math.round(ORDERS_A_MINUTE * wave);
    const paid = Math.round(orders * (PAID + 0.01 * (this.chance('paid', at) - 0.5)));
    return {
      orders,
      paid_orders: paid,
      items: Math.round(orders * 1.14),
      revenue: cents(paid * AVERAGE_ORDER * (0.95 + 0.1 * this.chance('value', at))),
      approved: paid,
      failed: orders - paid,
      unique_customers: Math.round(orders * 0.97),
    };
  }

  /** Sums over minutes from `from` until before `to`. */
  sums(from: number, to: number): Minute {
    const total = { orders: 0, paid_orders: 0, items: 0, revenue: 0, approved: 0, failed: 0, unique_customers: 0 };
    for (let at = from; at < to; at += MINUTE_MS) {
      const minute = this.minute(at);
      for (const name of Object.keys(total) as (keyof Minute)[]) total[name] += minute[name];
    }
    return { ...total, revenue: cents(total.revenue) };
  }

  /** The part of each key of a dimension; a little different every day, so that there is something to compare. */
  shares(dimension: string, day: number): Map<string, number> {
    const table: Record<string, Readonly<Record<string, number>>> = {
      state: STATES,
      category: CATEGORIES,
      segment: SEGMENTS,
      event_type: { view: 0.89, cart: 0.07, purchase: 0.04 },
      payment_type: Object.fromEntries(Object.entries(PAYMENTS).map(([type, [share]]) => [type, share])),
      product: Object.fromEntries(PRODUCTS.map((_, index) => [`p${index}`, 0.034 / (1 + index * 0.4)])),
    };
    const entries = Object.entries(table[dimension] ?? {});
    return new Map(entries.map(([key, share]) => [key, share * (0.9 + 0.2 * this.chance(dimension, key, day))]));
  }

  failedShare(type: string): number {
    return PAYMENTS[type]?.[1] ?? 0.02;
  }

  productName(product: string): string {
    return PRODUCTS[Number(product.slice(1))] ?? product;
  }
}

export function cents(value: number): number {
  return Math.round(value * 100) / 100;
}
