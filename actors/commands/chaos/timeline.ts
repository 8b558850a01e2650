/**
 * What became of each fault, told by the supervisor's own events alone: when it was ordered, when it was seen, when the
 * actor ran again. Pure, but for what it remembers.
 */
import { isObject } from '../../../protocol/fields.ts';
import type { ChaosKind, PlannedFault } from './schedule.ts';

/** One of GET /system/events, as far as it is used here. */
export type Noted = {
  readonly id: number;
  readonly at: number;
  readonly kind: string;
  readonly actor: string;
  readonly epoch: number;
  readonly text: string;
};

export type Outcome = {
  readonly number: number;
  readonly actor: string;
  readonly kind: ChaosKind;
  /** Waiting, until the order stands among the events; mild faults pass without a restart. */
  readonly state: 'waiting' | 'struck' | 'seen' | 'recovered' | 'passed';
  /** When it took effect; of a kill, when it was commanded. */
  readonly struckAt: number | null;
  /** From then on, by the supervisor's own clock. */
  readonly seenMs: number | null;
  readonly backMs: number | null;
  /** By what it was seen: `hung`, `memory`, `exited`, .. */
  readonly seenAs: string | null;
};

/** The first of these that befalls the incarnation says that the fault was seen. */
const SIGHTINGS: readonly string[] = ['hung', 'memory', 'terminated', 'exited'];
/** A mild fault that has ended nobody by then has passed. */
const MILD_MS: Readonly<Partial<Record<ChaosKind, number>>> = { slow: 12_000, 'drop-link': 5_000 };

const UNSEEN = { struckAt: null, seenMs: null, backMs: null, seenAs: null };

type Strike = { readonly fault: PlannedFault; readonly after: number };

export class Timeline {
  readonly #strikes: Strike[] = [];
  readonly #events = new Map<number, Noted>();
  readonly #over = new Map<number, Outcome>();
  #lastId = 0;
  #now = 0;

  /** The newest event that is known. */
  get lastId(): number {
    return this.#lastId;
  }

  get events(): readonly Noted[] {
    return [...this.#events.values()];
  }

  /** It is about to be ordered: whatever it does comes after the events that are known now. */
  strike(fault: PlannedFault): void {
    this.#strikes.push({ fault, after: this.#lastId });
  }

  /** `now`: the time of the observed system. */
  hear(events: readonly Noted[], now: number): void {
    this.#now = Math.max(this.#now, now);
    for (const event of events) {
      this.#events.set(event.id, event);
      this.#lastId = Math.max(this.#lastId, event.id);
    }
  }

  /** The times when the actor was not there, whoever's doing it was; null: it is not there yet. */
  downs(actor: string): { readonly from: number; readonly to: number | null }[] {
    const downs: { from: number; to: number | null }[] = [];
    for (const event of this.events.filter((one) => one.actor === actor)) {
      const last = downs.at(-1);
      const open = last !== undefined && last.to === null;
      if (!open && (isSighting(event) || event.kind === 'struck')) downs.push({ from: event.at, to: null });
      if (open && event.kind === 'running') last.to = event.at;
    }
    return downs;
  }

  /** When its last start was over, as far as is known. */
  upSince(actor: string): number {
    return this.events.findLast((event) => event.actor === actor && event.kind === 'running')?.at ?? 0;
  }

  outcomes(): Outcome[] {
    return this.#strikes.map((strike) => this.#outcomeOf(strike));
  }

  #outcomeOf(strike: Strike): Outcome {
    const { number } = strike.fault;
    const outcome = this.#over.get(number) ?? this.#find(strike);
    if (isOver(outcome)) this.#over.set(number, outcome);
    return outcome;
  }

  #find({ fault, after }: Strike): Outcome {
    const { number, actor, kind } = fault;
    const since = this.events.filter(({ id }) => id > after);
    if (kind === 'poison') return findPoison(fault, since);
    const order = since.find((event) => isOrder(event, fault));
    const base = { number, actor, kind, ...UNSEEN };
    if (order === undefined) return { ...base, state: 'waiting' };
    const later = since.filter(({ id }) => id > order.id);
    const struckAt = later.find((event) => isStrike(event, fault, order.epoch))?.at ?? order.at;
    return { ...base, struckAt, ...this.#courseOf(fault, later, { epoch: order.epoch, struckAt }) };
  }

  #courseOf(
    { kind, actor }: PlannedFault,
    later: readonly Noted[],
    { epoch, struckAt }: { readonly epoch: number; readonly struckAt: number },
  ): Partial<Outcome> & Pick<Outcome, 'state'> {
    const link = kind === 'drop-link' ? later.find((event) => isRelink(event, actor)) : undefined;
    if (link !== undefined) {
      const ms = link.at - struckAt;
      return { state: 'recovered', seenMs: ms, backMs: ms, seenAs: link.kind };
    }
    const own = later.filter((event) => event.actor === actor);
    const seen = own.find((event) => event.epoch === epoch && isSighting(event));
    if (seen === undefined) {
      const mildMs = MILD_MS[kind];
      return { state: mildMs !== undefined && this.#now > struckAt + mildMs ? 'passed' : 'struck' };
    }
    const back = own.find((event) => event.kind === 'running' && event.epoch > epoch);
    const seenBy = { seenMs: seen.at - struckAt, seenAs: seen.kind };
    return back === undefined
      ? { ...seenBy, state: 'seen' }
      : { ...seenBy, state: 'recovered', backMs: back.at - struckAt };
  }
}

/**
 * It strikes when its actor dies of it for the first time, is seen when the supervisor has named it after the second, and
 * is over when the successor runs that passes it.
 */
function findPoison({ number, actor, kind }: PlannedFault, since: readonly Noted[]): Outcome {
  const base = { number, actor, kind, ...UNSEEN };
  const own = since.filter((event) => event.actor === actor);
  const death = own.find(isSighting);
  if (death === undefined) return { ...base, state: 'waiting' };
  const struck = { ...base, struckAt: death.at };
  const seen = own.find((event) => event.kind === 'poison');
  if (seen === undefined) return { ...struck, state: 'struck' };
  const named = { ...struck, seenMs: seen.at - death.at, seenAs: seen.kind };
  const back = own.find((event) => event.kind === 'running' && event.epoch > seen.epoch);
  return back === undefined
    ? { ...named, state: 'seen' }
    : { ...named, state: 'recovered', backMs: back.at - death.at };
}

export function isOver({ state }: Outcome): boolean {
  return state === 'recovered' || state === 'passed';
}

/** Of the answer of GET /system/events. */
export function readEvents(answer: unknown): Noted[] {
  const items = isObject(answer) && Array.isArray(answer.items) ? answer.items : [];
  return items.filter(isNoted);
}

function isNoted(value: unknown): value is Noted {
  return isObject(value) && ['id', 'at', 'epoch'].every((name) => typeof value[name] === 'number');
}

function isOrder({ kind, actor, text }: Noted, fault: PlannedFault): boolean {
  const wanted = fault.kind === 'kill' ? 'kill' : `fault ${fault.kind}`;
  return kind === 'command' && actor === fault.actor && text.startsWith(`${wanted} `);
}

function isStrike({ kind, actor, epoch, text }: Noted, fault: PlannedFault, ordered: number): boolean {
  return kind === 'struck' && actor === fault.actor && epoch === ordered && text.startsWith(`${fault.kind} `);
}

function isSighting({ kind }: Noted): boolean {
  return SIGHTINGS.includes(kind);
}

/** Either end may have noticed. */
function isRelink({ kind, text }: Noted, actor: string): boolean {
  return kind === 'relinked' && text.split(/[\s,]+/).includes(actor);
}
