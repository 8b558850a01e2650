/**
 * Which faults strike whom and when: a pure function of the seed and of the actors that there are. It spends no
 * supervisor's budget beyond its share, and lets an actor be well again before it is struck again.
 */
import type { FaultKind, OrderFault } from '../../../protocol/fault.ts';
import { Random } from '../../generator/random.ts';

/** `kill` is a command of its own, `poison` an order that the actor dies of; the others are ordered of the actor. */
export const CHAOS_KINDS = ['crash', 'hang', 'block', 'stall', 'oom', 'slow', 'drop-link', 'kill', 'poison'] as const;
export type ChaosKind = (typeof CHAOS_KINDS)[number] & (FaultKind | OrderFault | 'kill');

/** An actor that may be struck, and the supervisor that pays for its restarts. */
export type Target = {
  readonly actor: string;
  readonly supervisor: string;
  /** How long one of its handlers may take before it counts as stalled; 0: for ever. */
  readonly progressMs: number;
  /** Whether it may be poisoned. */
  readonly countsOrders: boolean;
};

/** Restarts allowed of a supervisor within a period. */
export type Budget = { readonly max: number; readonly periodMs: number };

export type PlannedFault = {
  /** From 1. */
  readonly number: number;
  /** After the beginning. */
  readonly atMs: number;
  readonly actor: string;
  readonly kind: ChaosKind;
};

export type PlanOptions = {
  readonly seed: number;
  readonly targets: readonly Target[];
  readonly budgets: ReadonlyMap<string, Budget>;
  readonly kinds: readonly ChaosKind[];
  readonly spanMs: number;
  /** At most so many. */
  readonly faults: number;
};

/** Of a budget, so that a restart that nobody planned does not make a supervisor give up. */
const BUDGET_SHARE = 0.7;
/** A planned fault may strike late, and so fall into a later period with others. */
const PERIOD_SLACK_MS = 5_000;
/** Up so long an actor counts as healthy, and its next restart comes without a pause. */
const REST_MS = 6_000;
/** A stall that takes longer to be seen is not waited for. */
const LONGEST_STALL_MS = 20_000;
/** Where no number is asked for: one every second or two as far as the budgets allow. */
const LEAST_GAP_MS = 250;
const MEAN_GAP_MS = 1_500;

/** These end no actor. */
const MILD: readonly ChaosKind[] = ['slow', 'drop-link'];

export function planFaults({ seed, targets, budgets, kinds, spanMs, faults }: PlanOptions): PlannedFault[] {
  const random = new Random(seed);
  const books = new Books([...targets].sort(byName), budgets);
  const plan: PlannedFault[] = [];
  let bag: ChaosKind[] = [];
  let atMs = 0;
  while (plan.length < faults) {
    atMs += gap(random, Number.isFinite(faults) ? (spanMs - atMs) / (faults - plan.length + 1) : MEAN_GAP_MS);
    if (bag.length === 0) bag = shuffled([...kinds].sort(), random);
    const kind = bag.pop();
    if (kind === undefined || !books.canEver(kind)) {
      if (kinds.every((one) => !books.canEver(one))) break;
      continue;
    }
    const free = books.free(kind, atMs);
    atMs = free.atMs;
    if (atMs > spanMs) break;
    const target = free.targets[random.below(free.targets.length)] as Target;
    books.strike(target, kind, atMs);
    plan.push({ number: plan.length + 1, atMs, actor: target.actor, kind });
  }
  return plan;
}

/** Whether it may end the actor, so that its supervisor restarts it. */
export function costsRestart(kind: ChaosKind): boolean {
  return !MILD.includes(kind);
}

/** Half to one and a half of the mean: no bursts that would only wait for the budgets, no rhythm either. */
function gap(random: Random, meanMs: number): number {
  return Math.max(LEAST_GAP_MS, Math.round(meanMs * (0.5 + random.unit())));
}

function shuffled<Item>(list: Item[], random: Random): Item[] {
  for (let last = list.length - 1; last > 0; last--) {
    const other = random.below(last + 1);
    [list[last], list[other]] = [list[other] as Item, list[last] as Item];
  }
  return list;
}

function byName(a: Target, b: Target): number {
  return a.actor < b.actor ? -1 : 1;
}

/** When each actor rests, and when each supervisor has spent what. */
class Books {
  readonly #targets: readonly Target[];
  readonly #budgets: ReadonlyMap<string, Budget>;
  readonly #restedAt = new Map<string, number>();
  readonly #spent = new Map<string, number[]>();

  constructor(targets: readonly Target[], budgets: ReadonlyMap<string, Budget>) {
    this.#targets = targets;
    this.#budgets = budgets;
  }

  canEver(kind: ChaosKind): boolean {
    return this.#targets.some((target) => this.#takes(target, kind));
  }

  /** Who may be struck at that time, or else at the first time after it that somebody may. */
  free(kind: ChaosKind, atMs: number): { readonly atMs: number; readonly targets: readonly Target[] } {
    const waits = this.#targets
      .filter((target) => this.#takes(target, kind))
      .map((target) => ({ target, from: Math.max(atMs, this.#freeAt(target, kind)) }));
    const first = waits.reduce((least, { from }) => Math.min(least, from), Number.POSITIVE_INFINITY);
    return { atMs: first, targets: waits.filter(({ from }) => from === first).map(({ target }) => target) };
  }

  strike({ actor, supervisor, progressMs }: Target, kind: ChaosKind, atMs: number): void {
    this.#restedAt.set(actor, atMs + REST_MS + (kind === 'stall' ? progressMs : 0));
    if (costsRestart(kind)) this.#spent.set(supervisor, [...(this.#spent.get(supervisor) ?? []), atMs]);
  }

  #takes({ supervisor, progressMs, countsOrders }: Target, kind: ChaosKind): boolean {
    if (kind === 'poison' && !countsOrders) return false;
    if (kind === 'stall' && (progressMs === 0 || progressMs > LONGEST_STALL_MS)) return false;
    return !costsRestart(kind) || this.#share(supervisor) > 0;
  }

  #freeAt({ actor, supervisor }: Target, kind: ChaosKind): number {
    const rested = this.#restedAt.get(actor) ?? 0;
    if (!costsRestart(kind)) return rested;
    const { periodMs } = this.#budgets.get(supervisor) as Budget;
    const oldest = this.#spent.get(supervisor)?.at(-this.#share(supervisor));
    return oldest === undefined ? rested : Math.max(rested, oldest + periodMs + PERIOD_SLACK_MS);
  }

  #share(supervisor: string): number {
    return Math.floor((this.#budgets.get(supervisor)?.max ?? 0) * BUDGET_SHARE);
  }
}
