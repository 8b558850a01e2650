/**
 * Everything that happens in one slot, in order of time: new orders and visits, and the later steps of earlier ones that
 * fall into it. A plan is a pure function of the slot; it holds names (slot, index, step), not events.
 */
import type { Arrivals } from './arrivals.ts';
import type { FollowUps } from './follow-ups.ts';
import { ORDER_CLASSES, STEP } from './order-classes.ts';
import { hash3, toUnit } from './random.ts';
import { SESSION_CLASSES } from './session-classes.ts';

export const ITEM = { order: 0, orderStep: 1, click: 2, round: 3, extraRefund: 4 } as const;

/** Sort keys hold the millisecond above this many places of the list. */
const MOST_ITEMS = 2 ** 22;
/** The shipment is opened a moment after the order. */
const PENDING_AFTER_MS = [600, 4000] as const;
/** A warehouse is supplied so often; each at its own time. */
const ROUND_EVERY_MS = 2 * 3_600_000;
const ROUND_STAGGER_MS = 17 * 60_000;
const DAY_MS = 86_400_000;

export type PlanParts = {
  readonly seed: number;
  readonly slotMs: number;
  readonly orders: Arrivals;
  readonly orderSteps: FollowUps;
  readonly sessions: Arrivals;
  readonly sessionSteps: FollowUps;
  readonly warehouses: number;
  /** Refunds on top of the usual, per order, at a time. */
  readonly extraRefunds: (time: number) => number;
};

export class SlotPlan {
  slot = 0;
  length = 0;
  readonly #parts: PlanParts;
  readonly #orderLags: SlotLags;
  readonly #sessionLags: SlotLags;
  #keys = new Float64Array(4096);
  #kinds = new Uint8Array(4096);
  #steps = new Uint8Array(4096);
  /** Slots between the order's (or visit's) own and this one. */
  #backs = new Uint32Array(4096);
  #indexes = new Uint32Array(4096);
  /** Filled at the end, in order of time. */
  #within = new Uint32Array(4096);
  #order = new Uint32Array(4096);

  constructor(parts: PlanParts) {
    this.#parts = parts;
    this.#orderLags = new SlotLags(parts.orderSteps, parts.slotMs);
    this.#sessionLags = new SlotLags(parts.sessionSteps, parts.slotMs);
  }

  fill(slot: number): void {
    this.slot = slot;
    this.length = 0;
    const { orders, sessions } = this.#parts;
    this.#addOrders(orders.count(slot));
    this.#addSteps(ITEM.orderStep, orders, this.#orderLags, ORDER_CLASSES);
    const visits = sessions.count(slot);
    for (let index = 0; index < visits; index++) this.#add(ITEM.click, 0, 0, index, sessions.within(slot, index));
    this.#addSteps(ITEM.click, sessions, this.#sessionLags, SESSION_CLASSES);
    this.#addRounds();
    this.#addExtraRefunds(orders.count(slot));
    this.#sort();
  }

  /** Place of an item's columns, by its place in time. */
  at(place: number): number {
    return this.#order[place] as number;
  }

  timeOf(place: number): number {
    return this.slot * this.#parts.slotMs + (this.#within[place] as number);
  }

  kind(at: number): number {
    return this.#kinds[at] as number;
  }

  step(at: number): number {
    return this.#steps[at] as number;
  }

  sourceSlot(at: number): number {
    return this.slot - (this.#backs[at] as number);
  }

  index(at: number): number {
    return this.#indexes[at] as number;
  }

  #addOrders(count: number): void {
    const { orders, slotMs, seed } = this.#parts;
    const [least, most] = PENDING_AFTER_MS;
    for (let index = 0; index < count; index++) {
      const within = orders.within(this.slot, index);
      this.#add(ITEM.order, 0, 0, index, within);
      const after = within + least + Math.floor(toUnit(hash3(seed, this.slot, index)) * (most - least));
      this.#add(ITEM.orderStep, STEP.pending, 0, index, Math.min(after, slotMs - 1));
    }
  }

  /**
   * A step that comes `lag` after an arrival is due in this slot when the arrival lies in one of two slots back then.
   * Of those, only the arrivals of the step's class are looked at.
   */
  #addSteps(kind: number, arrivals: Arrivals, lags: SlotLags, classes: number): void {
    const { slotMs } = this.#parts;
    const { groups, slots, rest, of, step } = lags;
    for (let more = 0; more <= 1; more++) {
      for (let group = 0; group < groups.length - 1; group++) {
        const first = groups[group] as number;
        const back = (slots[first] as number) + more;
        const source = this.slot - back;
        const count = arrivals.count(source);
        if (count === 0) continue;
        const firstClass = arrivals.firstClass(source);
        const next = groups[group + 1] as number;
        for (let at = first; at < next; at++) {
          let index = ((of[at] as number) - firstClass) & (classes - 1);
          for (; index < count; index += classes) {
            const due = arrivals.within(source, index) + (rest[at] as number) - more * slotMs;
            if (due >= 0 && due < slotMs) this.#add(kind, step[at] as number, back, index, due);
          }
        }
      }
    }
  }

  #addRounds(): void {
    const { slotMs, warehouses } = this.#parts;
    const start = this.slot * slotMs;
    for (let warehouse = 0; warehouse < warehouses; warehouse++) {
      const phase = warehouse * ROUND_STAGGER_MS;
      const next = Math.ceil((start - phase) / ROUND_EVERY_MS) * ROUND_EVERY_MS + phase;
      for (let time = next; time < start + slotMs; time += ROUND_EVERY_MS)
        this.#add(ITEM.round, 0, 0, warehouse, time - start);
    }
  }

  /** Refunds of orders that arrived days ago, in proportion to the orders of now. */
  #addExtraRefunds(count: number): void {
    const { orders, slotMs, seed, extraRefunds } = this.#parts;
    const share = extraRefunds((this.slot + 0.5) * slotMs);
    if (share === 0) return;
    for (let index = 0; index < count; index++) {
      const luck = hash3(seed ^ 0x2ef, this.slot, index);
      if (toUnit(luck) >= share) continue;
      const days = 3 + 12 * toUnit(hash3(seed, luck, 1));
      const back = Math.ceil((days * DAY_MS) / slotMs);
      const earlier = orders.count(this.slot - back);
      if (earlier > 0) this.#add(ITEM.extraRefund, 0, back, luck % earlier, hash3(seed, luck, 2) % slotMs);
    }
  }

  #sort(): void {
    this.#keys.subarray(0, this.length).sort();
    for (let place = 0; place < this.length; place++) {
      const key = this.#keys[place] as number;
      const within = Math.floor(key / MOST_ITEMS);
      this.#within[place] = within;
      this.#order[place] = key - within * MOST_ITEMS;
    }
  }

  #add(kind: number, step: number, back: number, index: number, within: number): void {
    const at = this.length++;
    if (at === this.#kinds.length) this.#grow();
    this.#keys[at] = within * MOST_ITEMS + at;
    this.#kinds[at] = kind;
    this.#steps[at] = step;
    this.#backs[at] = back;
    this.#indexes[at] = index;
  }

  #grow(): void {
    const size = this.#kinds.length * 2;
    this.#keys = copyInto(new Float64Array(size), this.#keys);
    this.#kinds = copyInto(new Uint8Array(size), this.#kinds);
    this.#steps = copyInto(new Uint8Array(size), this.#steps);
    this.#backs = copyInto(new Uint32Array(size), this.#backs);
    this.#indexes = copyInto(new Uint32Array(size), this.#indexes);
    this.#within = new Uint32Array(size);
    this.#order = new Uint32Array(size);
  }
}

/** Lags cut into whole slots and what is left over; those of the same slots stand together. */
class SlotLags {
  readonly slots: Uint32Array;
  readonly rest: Float64Array;
  readonly of: Uint16Array;
  readonly step: Uint8Array;
  /** Where each group of equal slots begins, and the end. */
  readonly groups: Uint32Array;

  constructor(followUps: FollowUps, slotMs: number) {
    this.slots = Uint32Array.from(followUps.lagMs, (lag) => Math.floor(lag / slotMs));
    this.rest = followUps.lagMs.map((lag) => lag % slotMs);
    this.of = followUps.of;
    this.step = followUps.step;
    const places = Array.from(this.slots.keys());
    const begins = places.filter((at) => at === 0 || this.slots[at] !== this.slots[at - 1]);
    this.groups = Uint32Array.from([...begins, places.length]);
  }
}

function copyInto<T extends { set(from: T): void }>(to: T, from: T): T {
  to.set(from);
  return to;
}
