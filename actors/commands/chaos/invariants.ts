/**
 * What must hold whatever dies: looks at the system come in, breaches are kept in words. Pure, but for what it
 * remembers of earlier looks.
 */
import { isObject, type JsonObject } from '../../../protocol/fields.ts';
import type { Noted, Outcome } from './timeline.ts';
import { runs, type SeenTree } from './tree.ts';

export type Invariant = {
  readonly name: string;
  readonly held: boolean;
  /** How often it was looked at. */
  readonly looks: number;
  readonly breaches: readonly string[];
};

const NAMES = {
  ledger: 'ledger: in = counted + late + dead + duplicates, offset + lag = end of the log',
  offsets: 'no offset goes back',
  totals: 'no total of the overview falls within an epoch',
  epochs: 'epochs rise',
  budgets: 'no supervisor gives up',
  process: 'the process is alive, and the same',
  latest: '/kpi/latest answers but while the gateway itself is down',
  recovered: 'every fault is recovered from',
  running: 'every actor runs at the end',
  poison: 'a poisoned order becomes one dead letter, and counts once when it is replayed',
  standstill: 'no partition stands still behind its log at the end',
} as const;
type Name = keyof typeof NAMES;

/** More of one kind tell nothing new. */
const MOST_BREACHES = 20;
/** A gateway that runs again still has to be found, and to read what it shows. */
const GATEWAY_SLACK_MS = 2_000;
const OUTCOMES = ['counted', 'late', 'dead', 'duplicates'] as const;

/** A time without an answer, by the clock of whoever asked. */
export type Silence = { readonly from: number; readonly to: number; readonly why: string };

export class Invariants {
  readonly #looks = new Map<Name, number>();
  readonly #breaches = new Map<Name, string[]>();
  readonly #offsets = new Map<string, number>();
  readonly #behind = new Map<string, number>();
  readonly #epochs = new Map<string, number>();
  readonly #silences: Silence[] = [];
  #totals = new Map<string, number>();
  #totalsEpoch: string | undefined;
  #startedAt: number | undefined;
  #silentFrom: { readonly at: number; readonly why: string } | undefined;

  /** An answer of GET /ledger. */
  ledger(answer: unknown): void {
    const { total, partitions } = objectOf(answer);
    this.#look('ledger');
    this.#look('offsets');
    this.#balance('total', objectOf(total));
    for (const row of Array.isArray(partitions) ? partitions.filter(isObject) : []) {
      const name = `${row.topic}/${row.partition}`;
      this.#balance(name, row);
      const offset = numberOf(row.offset);
      if (offset + numberOf(row.lag) !== numberOf(row.end_offset))
        this.#breach('ledger', `${name}: offset ${offset} + lag ${row.lag} is not ${row.end_offset}`);
      const before = this.#offsets.get(name) ?? 0;
      if (offset < before) this.#breach('offsets', `${name} went back from ${before} to ${offset}`);
      this.#offsets.set(name, offset);
      const from = this.#behind.get(name);
      if (from !== undefined && (numberOf(row.lag) === 0 || offset > from)) this.#behind.delete(name);
    }
  }

  /** From here on every partition has to get on, or to have nothing left. */
  expectProgress(): void {
    this.#look('standstill');
    for (const [name, offset] of this.#offsets) this.#behind.set(name, offset);
  }

  /** Whether all have since then. */
  get progressed(): boolean {
    return this.#behind.size === 0;
  }

  tree({ actors, startedAt, spending }: SeenTree): void {
    for (const name of ['epochs', 'budgets', 'process'] as const) this.#look(name);
    for (const { id, epoch } of actors) {
      const before = this.#epochs.get(id) ?? 0;
      if (epoch < before) this.#breach('epochs', `${id} went back from epoch ${before} to ${epoch}`);
      this.#epochs.set(id, epoch);
    }
    for (const [id, { used, max }] of spending)
      if (used > max) this.#breach('budgets', `${id} has spent ${used} of ${max} restarts`);
    this.#startedAt ??= startedAt;
    if (startedAt !== this.#startedAt) this.#breach('process', 'the process was started again');
  }

  events(events: readonly Noted[]): void {
    for (const { kind, text } of events) if (kind === 'gave-up') this.#breach('budgets', text);
  }

  /** The totals of the overview channel as they stand now. */
  totals(epoch: string, values: Iterable<readonly [string, unknown]>): void {
    this.#look('totals');
    if (epoch !== this.#totalsEpoch) this.#totals = new Map();
    this.#totalsEpoch = epoch;
    for (const [key, value] of values) {
      if (!key.startsWith('total/') || typeof value !== 'number') continue;
      const before = this.#totals.get(key) ?? 0;
      if (value < before) this.#breach('totals', `${key} fell from ${before} to ${value}`);
      this.#totals.set(key, value);
    }
  }

  /** Whether GET /kpi/latest was answered; a time without an answer begins where it was asked. */
  latest(askedAt: number, why: string | undefined): void {
    this.#look('latest');
    if (why !== undefined) this.#silentFrom ??= { at: askedAt, why };
    else this.#endSilence(askedAt);
  }

  /** The last look: when all should be well again. `down`: when the gateway was, by the same clock as `latest`. */
  end(tree: SeenTree, outcomes: readonly Outcome[], down: readonly { from: number; to: number }[], now: number): void {
    this.#look('running');
    this.#endSilence(now);
    for (const [name, offset] of this.#behind) this.#breach('standstill', `${name} stands at ${offset}`);
    for (const actor of tree.actors)
      if (!runs(actor) && tree.targets.some((target) => target.actor === actor.id || !actor.worker))
        this.#breach('running', `${actor.id} is ${actor.state}`);
    for (const { number, kind, actor, state } of outcomes) {
      this.#look('recovered');
      if (state !== 'recovered' && state !== 'passed')
        this.#breach('recovered', `fault ${number}, ${kind} of ${actor}: ${state}`);
    }
    for (const { from, to, why } of this.#silences) {
      const excused = down.some((time) => from <= time.to + GATEWAY_SLACK_MS && to >= time.from);
      if (!excused) this.#breach('latest', `no answer for ${Math.round(to - from)} ms: ${why}`);
    }
  }

  /** What was wrong with poisoned orders, of so many. */
  poisoned(orders: number, breaches: readonly string[]): void {
    for (let at = 0; at < orders; at++) this.#look('poison');
    for (const text of breaches) this.#breach('poison', text);
  }

  /** The process does not answer any more. */
  gone(why: string): void {
    this.#breach('process', why);
  }

  get longestSilenceMs(): number {
    return this.#silences.reduce((longest, { from, to }) => Math.max(longest, to - from), 0);
  }

  list(): Invariant[] {
    return (Object.keys(NAMES) as Name[]).map((name) => {
      const breaches = this.#breaches.get(name) ?? [];
      return { name: NAMES[name], held: breaches.length === 0, looks: this.#looks.get(name) ?? 0, breaches };
    });
  }

  #balance(name: string, row: JsonObject): void {
    const sum = OUTCOMES.reduce((total, outcome) => total + numberOf(row[outcome]), 0);
    if (sum !== numberOf(row.in)) this.#breach('ledger', `${name}: in is ${row.in}, its outcomes add up to ${sum}`);
  }

  #endSilence(now: number): void {
    if (this.#silentFrom !== undefined) {
      const { at, why } = this.#silentFrom;
      this.#silences.push({ from: at, to: now, why });
    }
    this.#silentFrom = undefined;
  }

  #look(name: Name): void {
    this.#looks.set(name, (this.#looks.get(name) ?? 0) + 1);
  }

  #breach(name: Name, text: string): void {
    const held = this.#breaches.get(name) ?? [];
    if (held.length < MOST_BREACHES) held.push(text);
    this.#breaches.set(name, held);
  }
}

function objectOf(value: unknown): JsonObject {
  return isObject(value) ? value : {};
}

function numberOf(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : 0;
}
