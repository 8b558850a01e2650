/**
 * The fates an order can have. Every order belongs to one of 4,096 classes, dealt out in turn; a class fixes the
 * customer's state, what becomes of the parcel and how long each step takes. So the deliveries due now are found by
 * looking back one lag per class, and nothing about orders under way has to be kept.
 */

import { type FollowUps, packFollowUps, type StepDraft } from './follow-ups.ts';
import {
  CANCELED_SHARE,
  PROMISE_CORRELATION,
  RETURNED_SHARE,
  STATES,
  TO_CARRIER,
  TO_CUSTOMER,
  UNAVAILABLE_SHARE,
} from './profile.ts';
import { apportion, normalQuantile, Random, shuffle } from './random.ts';

export const ORDER_CLASSES = 4096;

export const FATE = { delivered: 0, returned: 1, canceled: 2, unavailable: 3 } as const;
export type Fate = (typeof FATE)[keyof typeof FATE];

/** What happens to an order later on. */
export const STEP = { pending: 0, shipped: 1, delivered: 2, returned: 3, refund: 4 } as const;

export type OrderClasses = {
  readonly state: Uint8Array;
  readonly fate: Uint8Array;
  /** Standard normal position of the days to deliver inside the state's distribution. */
  readonly position: Float64Array;
  readonly followUps: FollowUps;
};

const DAY_MS = 86_400_000;

/** How many classes are of each state. */
const places = apportion(
  STATES.map(([, orders]) => orders),
  ORDER_CLASSES,
);

export function makeOrderClasses(seed: number): OrderClasses {
  const random = new Random(seed ^ 0x0a5510);
  const drafts = shuffle(
    places.flatMap((count, state) =>
      Array.from({ length: count }, (_, rank) => ({ state, position: normalQuantile((rank + 0.5) / count) })),
    ),
    random,
  );
  const fates = dealFates(random);
  const steps = drafts.flatMap(({ state, position }, of) => stepsOf(of, state, position, fates[of] as Fate, random));
  return {
    state: Uint8Array.from(drafts, (draft) => draft.state),
    fate: Uint8Array.from(fates),
    position: Float64Array.from(drafts, (draft) => draft.position),
    followUps: packFollowUps(steps),
  };
}

/** The same shares whatever the seed; the drafts are shuffled, so these need not be. */
function dealFates(random: Random): Fate[] {
  const shares = [CANCELED_SHARE, UNAVAILABLE_SHARE, RETURNED_SHARE];
  const [canceled = 0, unavailable = 0, returned = 0, rest = 0] = apportion(
    [...shares, 1 - shares.reduce((a, b) => a + b)],
    ORDER_CLASSES,
  );
  const fates: Fate[] = [
    ...Array<Fate>(canceled).fill(FATE.canceled),
    ...Array<Fate>(unavailable).fill(FATE.unavailable),
    ...Array<Fate>(returned).fill(FATE.returned),
    ...Array<Fate>(rest).fill(FATE.delivered),
  ];
  return shuffle(fates, random);
}

function stepsOf(of: number, state: number, position: number, fate: Fate, random: Random): StepDraft[] {
  const draft = (step: number, days: number) => ({ of, step, lagMs: Math.round(days * DAY_MS) });
  if (fate === FATE.canceled || fate === FATE.unavailable) return [draft(STEP.refund, 0.1 + 2.5 * random.unit())];
  const [, , , mu, sigma] = STATES[state] as (typeof STATES)[number];
  const delivered = Math.exp(mu + sigma * position);
  const toCarrier = Math.exp(TO_CARRIER.mu + TO_CARRIER.sigma * random.normal());
  const toCustomer = Math.exp(TO_CUSTOMER.mu + TO_CUSTOMER.sigma * random.normal());
  const shipped = delivered * Math.min(0.9, toCarrier / (toCarrier + toCustomer));
  const steps = [draft(STEP.shipped, shipped), draft(STEP.delivered, delivered)];
  if (fate === FATE.delivered) return steps;
  const back = delivered + 2 + 6 * random.unit();
  return [...steps, draft(STEP.returned, back), draft(STEP.refund, back + 0.2 + random.unit())];
}

/**
 * How far the promise lies from the middle, so that a state's parcels come late as often as they do: late is when the
 * real time exceeds exp(mu + sigma * (correlation * u + promiseOffset)), with u what could be foreseen.
 */
export function promiseOffset(state: number): number {
  const [, , late] = STATES[state] as (typeof STATES)[number];
  return UNFORESEEN * normalQuantile(1 - late);
}

export const UNFORESEEN = Math.sqrt(1 - PROMISE_CORRELATION ** 2);
