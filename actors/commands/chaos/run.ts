/** Strikes a running system by plan, and looks at it all the while. Everything it needs is handed to it. */
import { AppError } from '../../../protocol/errors.ts';
import { Invariants } from './invariants.ts';
import { Poisoning } from './poisoning.ts';
import { type ChaosReport, kindReports } from './report.ts';
import { CHAOS_KINDS, type ChaosKind, costsRestart, type PlannedFault, planFaults } from './schedule.ts';
import { isOver, readEvents, Timeline } from './timeline.ts';
import { readSeenTree, runs, type SeenTree } from './tree.ts';

export type ChaosOptions = {
  readonly url: string;
  readonly seed: number;
  readonly spanMs: number;
  /** At most so many. */
  readonly faults: number;
  /** Without any: all, but poison where others may read the log, as it appends an order. */
  readonly kinds?: readonly ChaosKind[] | undefined;
  /** Ends it: what is under way is looked at once more. */
  readonly signal: AbortSignal;
};

export type ChaosPorts = {
  /** Both throw an AppError when there is no answer, or one that refuses. */
  readonly get: (path: string) => Promise<unknown>;
  readonly post: (path: string, body: unknown) => Promise<unknown>;
  /** One event into the log, by POST /events. */
  readonly append: (event: string) => Promise<unknown>;
  readonly watchTotals: (heard: Invariants['totals']) => { close(): void };
  /** Milliseconds, of any origin. */
  readonly now: () => number;
  /** Settles early when the signal says so. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly show: (progress: ChaosProgress) => void;
  /** Distinguishes this run from others with the same seed. */
  readonly name: string;
};

export type ChaosProgress = {
  readonly struck: number;
  readonly planned: number;
  readonly recovered: number;
  readonly leftMs: number;
  readonly last: PlannedFault | undefined;
};

const LOOK_MS = 200;
/** An actor or a budget that is not ready by then costs the fault its turn. */
const READY_MS = 60_000;
/** After the last fault: the slowest stall has to be seen, too. */
const SETTLE_MS = 60_000;
const PROGRESS_MS = 20_000;
/** A process that says nothing for so long is not restarting its gateway. */
const GONE_MS = 30_000;
/** Up so long, an actor's next restart comes without a pause, which would be none of the recovery. */
const HEALTHY_MS = 5_250;
/** Of a supervisor's budget, kept for what nobody planned. */
const SPARE_RESTARTS = 1;
const TRIES = 4;

export async function runChaos(options: ChaosOptions, ports: ChaosPorts): Promise<ChaosReport> {
  const run = new ChaosRun(options, ports);
  await run.begin();
  return run.toEnd();
}

/** `at`: when it was ordered, by this clock. */
type Told = { readonly fault: PlannedFault; readonly at: number; overAt: number | undefined };

class ChaosRun {
  readonly #options: ChaosOptions;
  readonly #ports: ChaosPorts;
  readonly #timeline = new Timeline();
  readonly #invariants = new Invariants();
  readonly #told: Told[] = [];
  readonly #gone = new AbortController();
  #tree!: SeenTree;
  #plan: readonly PlannedFault[] = [];
  #began = 0;
  #answeredAt = 0;
  /** When the last look began that was answered in full. */
  #lookedFrom = Number.NEGATIVE_INFINITY;
  #skipped = 0;
  /** Of the observed system's; an answer is on its way for a while, so the least is the nearest. */
  #clockAhead = Number.POSITIVE_INFINITY;

  constructor(options: ChaosOptions, ports: ChaosPorts) {
    this.#options = options;
    this.#ports = ports;
  }

  /** Reads whom there is to strike; throws when nobody answers. */
  async begin(): Promise<void> {
    const { seed, spanMs, faults } = this.#options;
    this.#answeredAt = this.#ports.now();
    this.#tree = readSeenTree(await this.#ports.get('/system/tree'));
    await this.#hearEvents();
    const { targets, spending: budgets, sharedLog } = this.#tree;
    const { kinds = CHAOS_KINDS.filter((kind) => kind !== 'poison' || !sharedLog) } = this.#options;
    this.#plan = planFaults({ seed, targets, budgets, kinds, spanMs, faults });
    if (this.#plan.length === 0)
      throw new AppError('conflict', 'Cannot strike anybody as no actor may be struck by these faults in that time');
  }

  async toEnd(): Promise<ChaosReport> {
    const looking = new AbortController();
    const totals = this.#ports.watchTotals((epoch, values) => this.#invariants.totals(epoch, values));
    this.#began = this.#ports.now();
    const looks = this.#lookOn(looking.signal);
    const { signal } = this.#options;
    const stop = AbortSignal.any([signal, this.#gone.signal]);
    const poisoning = new Poisoning(this.#ports, this.#tree.ordersTopic, stop);
    try {
      await this.#strikeAll(stop, poisoning);
      await this.#settle(stop);
      if (!stop.aborted) this.#invariants.poisoned(poisoning.count, await poisoning.breaches());
    } finally {
      looking.abort();
      await looks;
      totals.close();
    }
    return this.#report(signal.aborted);
  }

  async #strikeAll(stop: AbortSignal, poisoning: Poisoning): Promise<void> {
    for (const fault of this.#plan) {
      await this.#ports.wait(this.#began + fault.atMs - this.#ports.now(), stop);
      if (stop.aborted) return;
      if (!(await this.#untilReady(fault, stop))) continue;
      if (fault.kind === 'poison') await this.#poison(fault, poisoning, stop);
      else await this.#strike(fault, stop);
    }
  }

  async #lookOn(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#look();
      this.#show();
      await this.#ports.wait(LOOK_MS, signal);
    }
  }

  async #look(): Promise<void> {
    const { get, now } = this.#ports;
    const askedAt = now();
    const latest = await get('/kpi/latest').then(() => undefined, messageOf);
    this.#invariants.latest(askedAt, latest);
    const unanswered = await this.#lookAround().then(() => undefined, messageOf);
    if (unanswered === undefined) this.#lookedFrom = askedAt;
    if (unanswered === undefined || latest === undefined) this.#answeredAt = now();
    else if (now() - this.#answeredAt > GONE_MS && !this.#gone.signal.aborted) {
      this.#invariants.gone(`no answer for ${GONE_MS} ms: ${unanswered}`);
      this.#gone.abort();
    }
    this.#noteOver();
  }

  async #lookAround(): Promise<void> {
    const { get } = this.#ports;
    this.#tree = readSeenTree(await get('/system/tree'));
    this.#clockAhead = Math.min(this.#clockAhead, this.#ports.now() - this.#tree.at);
    this.#invariants.tree(this.#tree);
    await this.#hearEvents();
    this.#invariants.ledger(await get('/ledger'));
  }

  async #hearEvents(): Promise<void> {
    for (;;) {
      const found = readEvents(await this.#ports.get(`/system/events?since=${this.#timeline.lastId}&limit=1000`));
      this.#timeline.hear(found, this.#tree.at);
      // What was before this run is not its affair.
      if (this.#began > 0) this.#invariants.events(found);
      if (found.length === 0) return;
    }
  }

  #noteOver(): void {
    const over = new Set(
      this.#timeline
        .outcomes()
        .filter(isOver)
        .map(({ number }) => number),
    );
    for (const told of this.#told) if (over.has(told.fault.number)) told.overAt ??= this.#ports.now();
  }

  /** False where its turn has passed. */
  async #untilReady(fault: PlannedFault, stop: AbortSignal): Promise<boolean> {
    const deadline = this.#ports.now() + READY_MS;
    while (!this.#isReady(fault) && !stop.aborted) {
      if (this.#ports.now() > deadline) {
        this.#skipped++;
        return false;
      }
      await this.#ports.wait(LOOK_MS / 4, stop);
    }
    return !stop.aborted;
  }

  /** Nobody else is struck meanwhile: an order whose answer is lost cannot be told from one that is. */
  async #poison(fault: PlannedFault, poisoning: Poisoning, stop: AbortSignal): Promise<void> {
    if (!(await poisoning.reaches(fault.actor))) {
      if (!stop.aborted) this.#skipped++;
      return;
    }
    this.#timeline.strike(fault);
    this.#told.push({ fault, at: this.#ports.now(), overAt: undefined });
    const wrong = await poisoning.carryOut(fault.actor);
    if (wrong !== undefined && !stop.aborted)
      this.#invariants.poisoned(1, [`fault ${fault.number}, poison of ${fault.actor}: ${wrong}`]);
  }

  #isReady({ actor, kind }: PlannedFault): boolean {
    const { actors, targets, spending } = this.#tree;
    const mine = this.#told.filter(({ fault }) => fault.actor === actor);
    if (mine.some(({ overAt }) => overAt === undefined)) return false;
    if (!actors.some((one) => one.id === actor && runs(one))) return false;
    if (this.#tree.at - this.#timeline.upSince(actor) < HEALTHY_MS) return false;
    const supervisor = targets.find((target) => target.actor === actor)?.supervisor;
    const budget = supervisor === undefined ? undefined : spending.get(supervisor);
    return !costsRestart(kind) || (budget !== undefined && budget.used + SPARE_RESTARTS < budget.max);
  }

  /**
   * Whether an order that was not answered has arrived all the same is seen among the events. Where not even the first
   * one is taken, none will be: this throws.
   */
  async #strike(fault: PlannedFault, stop: AbortSignal): Promise<void> {
    const { seed } = this.#options;
    const path = `/system/actors/${fault.actor}/${fault.kind === 'kill' ? 'kill' : 'fault'}`;
    const reason = `chaos, seed ${seed}, fault ${fault.number}`;
    this.#timeline.strike(fault);
    this.#told.push({ fault, at: this.#ports.now(), overAt: undefined });
    let refusal: unknown;
    for (let attempt = 1; attempt <= TRIES && !stop.aborted; attempt++) {
      const key = `${this.#ports.name}-${fault.number}-${attempt}`;
      const body = { reason, idempotency_key: key, ...(fault.kind === 'kill' ? {} : { kind: fault.kind }) };
      try {
        await this.#ports.post(path, body);
        return;
      } catch (thrown) {
        refusal = thrown;
      }
      await this.#untilLookedAt(stop);
      const outcome = this.#timeline.outcomes().find(({ number }) => number === fault.number);
      if (outcome?.state !== 'waiting') return;
    }
    if (this.#told.length === 1 && !stop.aborted) throw refusal;
  }

  /** What has happened until now is known. */
  async #untilLookedAt(stop: AbortSignal): Promise<void> {
    const since = this.#ports.now();
    while (this.#lookedFrom < since && !stop.aborted) await this.#ports.wait(LOOK_MS, stop);
  }

  async #settle(stop: AbortSignal): Promise<void> {
    const { now, wait } = this.#ports;
    const isCalm = () =>
      this.#told.every(({ overAt }) => overAt !== undefined) &&
      this.#tree.targets.every(({ actor }) => this.#tree.actors.some((one) => one.id === actor && runs(one)));
    const until = async (done: () => boolean, limitMs: number) => {
      const deadline = now() + limitMs;
      while (!done() && now() < deadline && !stop.aborted) await wait(LOOK_MS, stop);
    };
    await until(isCalm, SETTLE_MS);
    if (stop.aborted) return;
    this.#invariants.expectProgress();
    await until(() => this.#invariants.progressed, PROGRESS_MS);
    await this.#untilLookedAt(stop);
  }

  #report(interrupted: boolean): ChaosReport {
    const now = this.#ports.now();
    const { url, seed } = this.#options;
    // Who ends it early does not wait for those that are under way.
    const outcomes = this.#timeline.outcomes().filter((outcome) => !interrupted || isOver(outcome));
    if (!interrupted) this.#invariants.end(this.#tree, outcomes, this.#gatewayDowns(now), now);
    const invariants = this.#invariants.list();
    return {
      url,
      seed,
      planned: this.#plan.length,
      skipped: this.#skipped,
      interrupted,
      tookMs: now - this.#began,
      ...kindReports(outcomes),
      longestSilenceMs: this.#invariants.longestSilenceMs,
      invariants,
      held: invariants.every(({ held }) => held),
      outcomes,
    };
  }

  /** By this clock: when it was being struck, and when its supervisor says that it was down for another reason. */
  #gatewayDowns(now: number): { from: number; to: number }[] {
    const mine = (at: number) => at + this.#clockAhead;
    return [
      ...this.#told
        .filter(({ fault }) => fault.actor === 'gateway')
        .map(({ at, overAt = now }) => ({ from: at, to: overAt })),
      ...this.#timeline
        .downs('gateway')
        .map(({ from, to }) => ({ from: mine(from), to: to === null ? now : mine(to) })),
    ];
  }

  #show(): void {
    const { now, show } = this.#ports;
    show({
      struck: this.#told.length,
      planned: this.#plan.length,
      recovered: this.#told.filter(({ overAt }) => overAt !== undefined).length,
      leftMs: Math.max(0, this.#began + this.#options.spanMs - now()),
      last: this.#told.at(-1)?.fault,
    });
  }
}

function messageOf(thrown: unknown): string {
  if (thrown instanceof AppError) return thrown.message;
  throw thrown;
}
