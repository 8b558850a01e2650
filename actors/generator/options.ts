/** What a stream of events is asked to be, and what follows from it. Plain data: it is kept and read back as JSON. */
import { AppError } from '../../protocol/errors.ts';
import type { Ramp } from './curve.ts';

export const ANOMALY_KINDS = ['refund-spike', 'order-drop', 'payment-surge'] as const;
export type AnomalyKind = (typeof ANOMALY_KINDS)[number];

/** Something goes wrong on purpose. `strength`: refunds per order, share of orders lost, share of payments failing. */
export type Anomaly = {
  readonly kind: AnomalyKind;
  readonly start: number;
  readonly durationMs: number;
  readonly strength?: number;
};

export const ANOMALY_STRENGTH: Readonly<Record<AnomalyKind, number>> = {
  'refund-spike': 0.25,
  'order-drop': 0.8,
  'payment-surge': 0.35,
};

export type GeneratorOptions = {
  readonly seed: string;
  /** The first event is not before this (epoch ms). */
  readonly startAt: number;
  /** Means over a week, per second of simulated time. */
  readonly ordersPerSecond: number;
  readonly clicksPerSecond: number;
  /** `flat` asks for the same rate at every hour; `day` follows the public curves, lifted by `quietFloor` (0 to 1). */
  readonly shape: 'flat' | 'day';
  readonly quietFloor: number;
  /** No two days quite alike. */
  readonly restless: boolean;
  readonly clickRamp: Ramp | null;
  readonly anomalies: readonly Anomaly[];
  /** Share of all events that cannot be read, in every way an event can be broken. */
  readonly brokenShare: number;
  /** Length of a slot: all events of a slot are planned at once. */
  readonly slotMs: number;
};

/** What becomes of an order, on average: itself, its delivery's steps, refunds; without clicks. */
export const EVENTS_PER_ORDER = 4;
export const DEFAULT_CLICKS_PER_ORDER = 2;
/** Events a second when nobody asks for a rate: 200,000 orders then span two weeks. */
export const DEFAULT_EVENTS_PER_SECOND = 1;
export const DEFAULT_START = Date.UTC(2026, 0, 1);

const MOST_PER_SECOND = 10_000_000;
const PER_SECOND_RULE = 'a rate above 0 and at most 10,000,000';
/** Ids are written for slots of these years; the oldest parcel on its way at the start is some months older. */
const EARLIEST_START = Date.UTC(2000, 0, 1);
const LATEST_START = Date.UTC(2099, 0, 1);

/** A letter for each slot length stands in every id, so that ids of different plans never meet. */
export const SLOT_LENGTHS_MS = [
  250, 500, 1000, 2000, 5000, 10_000, 30_000, 60_000, 120_000, 300_000, 900_000, 1_800_000,
] as const;
/** Events planned at once: enough to share the cost of a slot, few enough to be sorted in a millisecond. */
const SLOT_EVENTS = 3000;

export type RateOptions = Partial<Omit<GeneratorOptions, 'seed'>> & {
  readonly seed?: string | number;
  /** Events a second in total, on average, when the parts are not given. */
  readonly eventsPerSecond?: number;
};

/** Fills in what is not given, and refuses what makes no sense. */
export function completeOptions(given: RateOptions): GeneratorOptions {
  const rate = given.eventsPerSecond ?? DEFAULT_EVENTS_PER_SECOND;
  const ordersPerSecond = given.ordersPerSecond ?? rate / (EVENTS_PER_ORDER + DEFAULT_CLICKS_PER_ORDER);
  const clicksPerSecond = given.clicksPerSecond ?? ordersPerSecond * DEFAULT_CLICKS_PER_ORDER;
  const options = {
    seed: String(given.seed ?? 1),
    startAt: given.startAt ?? DEFAULT_START,
    ordersPerSecond,
    clicksPerSecond,
    shape: given.shape ?? 'day',
    quietFloor: given.quietFloor ?? 0,
    restless: given.restless ?? false,
    clickRamp: given.clickRamp ?? null,
    anomalies: given.anomalies ?? [],
    brokenShare: given.brokenShare ?? 0,
    slotMs: given.slotMs ?? slotFor(ordersPerSecond * EVENTS_PER_ORDER + clicksPerSecond),
  };
  check('eventsPerSecond', rate, rate > 0 && rate <= MOST_PER_SECOND, PER_SECOND_RULE);
  checkOptions(options);
  return options;
}

function checkOptions(options: GeneratorOptions): void {
  const { ordersPerSecond, clicksPerSecond, brokenShare, startAt, slotMs, quietFloor } = options;
  check('ordersPerSecond', ordersPerSecond, ordersPerSecond > 0 && ordersPerSecond <= MOST_PER_SECOND, PER_SECOND_RULE);
  check(
    'clicksPerSecond',
    clicksPerSecond,
    clicksPerSecond >= 0 && clicksPerSecond <= MOST_PER_SECOND,
    'a rate from 0',
  );
  check('brokenShare', brokenShare, brokenShare >= 0 && brokenShare <= 0.99, 'a share from 0 to 0.99');
  check('quietFloor', quietFloor, quietFloor >= 0 && quietFloor <= 1, 'a share from 0 to 1');
  const inside = startAt >= EARLIEST_START && startAt <= LATEST_START && Number.isInteger(startAt);
  check('startAt', startAt, inside, 'a time (epoch ms) from the year 2000 to 2099');
  const known = SLOT_LENGTHS_MS.some((length) => length === slotMs);
  check('slotMs', slotMs, known, `one of ${SLOT_LENGTHS_MS.join(', ')}`);
  for (const { kind, start, durationMs, strength = 0 } of options.anomalies) {
    const fits = Number.isFinite(start) && durationMs > 0 && strength >= 0 && strength <= 1;
    check('anomalies', kind, fits, 'a kind with a start, a duration above 0 and a strength from 0 to 1');
  }
}

function slotFor(eventsPerSecond: number): number {
  const wanted = (SLOT_EVENTS / eventsPerSecond) * 1000;
  return SLOT_LENGTHS_MS.findLast((length) => length <= wanted) ?? SLOT_LENGTHS_MS[0];
}

function check(field: string, value: unknown, holds: boolean, rule: string): void {
  if (!holds)
    throw new AppError('bad-parameter', `Cannot take "${field}" as ${rule}: current value is ${value}`, { field });
}
