/**
 * The ways a visit can go: 4,096 sessions written down once (view, view, cart, purchase ..), dealt out to visitors in turn
 * as order-classes.ts does with fates. The shares of carts and purchases are those of the public set by construction.
 */

import { type FollowUps, packFollowUps, type StepDraft } from './follow-ups.ts';
import { GAP, LONGEST_GAP_MS, SESSION } from './profile-clicks.ts';
import { Random, shuffle } from './random.ts';

export const SESSION_CLASSES = 4096;

/** A step of a session: what is clicked, and at which of the products seen (0, 1, 2 ..). */
export const CLICK = { view: 0, cart: 1, purchase: 2 } as const;

/** Click and place of the product in one number. */
export function clickStep(click: number, product: number): number {
  return product * 4 + click;
}

/** The longest sessions are cut: a step holds the place of its product in six bits. */
const MOST_PRODUCTS = 63;

/** What follows the first view of the sessions. */
export function makeSessionClasses(seed: number): FollowUps {
  const random = new Random(seed ^ 0x5e5510);
  const fillsCart = evenly(SESSION.cartsPerView);
  const buys = evenly(SESSION.purchasesPerCart);
  const lengths = shuffle(
    Array.from({ length: SESSION_CLASSES }, (_, rank) => viewsOf((rank + 0.5) / SESSION_CLASSES)),
    random,
  );
  return packFollowUps(lengths.flatMap((views, of) => writeSession(of, views, fillsCart, buys, random)));
}

/** Views are counted geometrically: after each one, the visitor goes on or not. */
function viewsOf(share: number): number {
  const eventsPerView = 1 + SESSION.cartsPerView * (1 + SESSION.purchasesPerCart);
  const onward = 1 - eventsPerView / SESSION.events;
  return Math.min(MOST_PRODUCTS, 1 + Math.floor(Math.log(1 - share) / Math.log(onward)));
}

function writeSession(
  of: number,
  views: number,
  fillsCart: () => boolean,
  buys: () => boolean,
  random: Random,
): StepDraft[] {
  const steps: StepDraft[] = [];
  let lagMs = 0;
  const click = (kind: number, product: number, medianSeconds: number) => {
    lagMs += gap(medianSeconds, random);
    steps.push({ of, step: clickStep(kind, product), lagMs });
  };
  let left = false;
  for (let product = 0; product < views; product++) {
    if (product > 0) click(CLICK.view, product, left ? GAP.afterCart : GAP.viewView);
    left = fillsCart();
    if (!left) continue;
    click(CLICK.cart, product, GAP.viewCart);
    if (buys()) click(CLICK.purchase, product, GAP.cartPurchase);
  }
  return steps;
}

/** Says yes in exactly this share of the cases, evenly spread. */
function evenly(share: number): () => boolean {
  let owed = 0.5;
  return () => {
    owed += share;
    if (owed < 1) return false;
    owed -= 1;
    return true;
  };
}

function gap(medianSeconds: number, random: Random): number {
  return Math.min(
    LONGEST_GAP_MS,
    Math.max(1000, Math.round(medianSeconds * 1000 * Math.exp(GAP.sigma * random.normal()))),
  );
}
