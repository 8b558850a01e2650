/**
 * Commands: sent to the owner of the tree, answered when the supervisor has acknowledged. The same idempotency key is
 * carried out once, whoever repeats it; every command stands in the audit list.
 */
import type { FaultOrder } from '../../protocol/command.ts';
import { AppError, fromWireError, toWireError, type WireError } from '../../protocol/errors.ts';
import { partitionKey, type TopicPartition } from '../../protocol/event.ts';
import { Requests } from '../requests.ts';

type Result = Readonly<Record<string, unknown>>;

export const ACTOR_COMMANDS = ['restart', 'stop', 'start', 'kill', 'drain'] as const;
export type ActorCommand = (typeof ACTOR_COMMANDS)[number];

export type FaultCommand = FaultOrder & {
  readonly actor: string;
  readonly command: 'fault';
  readonly reason: string;
  readonly key: string;
};

export type ConfigureCommand = {
  readonly actor: string;
  readonly command: 'configure';
  readonly settings: Result;
  readonly reason: string;
  readonly key: string;
};

export const INGEST_COMMANDS = ['pause', 'resume'] as const;

export type IngestCommand = {
  readonly ingest: (typeof INGEST_COMMANDS)[number];
  readonly reason: string;
  readonly key: string;
};

/** What the owner of the tree carries out. */
export type TreeCommand =
  | { readonly actor: string; readonly command: ActorCommand; readonly reason: string; readonly key: string }
  | FaultCommand
  | ConfigureCommand
  | { readonly lanes: number; readonly reason: string; readonly key: string }
  | IngestCommand
  | (TopicPartition & { readonly command: 'accept-gap'; readonly reason: string; readonly key: string });
export type Command =
  | TreeCommand
  | { readonly job: string; readonly reason: string; readonly key: string }
  /** Which dead letters, as JSON. */
  | { readonly replay: string; readonly reason: string; readonly key: string };

/** How a command is carried out that is none of the supervisor's. */
export type Work = () => Promise<Result>;

export type ControlDone = {
  readonly type: 'control-done';
  readonly id: number;
  readonly value?: unknown;
  readonly error?: WireError;
};

export type AuditEntry = {
  readonly id: number;
  readonly at: number;
  readonly actor: string | null;
  readonly command:
    | ActorCommand
    | 'fault'
    | 'configure'
    | 'lanes'
    | 'accept-gap'
    | 'run-job'
    | 'replay'
    | 'pause'
    | 'resume';
  readonly fault: FaultOrder['fault'] | null;
  readonly settings: Result | null;
  /** Of a fault of an order. */
  readonly order_id: string | null;
  readonly lanes: number | null;
  /** `orders/0` of a command on a topic-partition. */
  readonly partition: string | null;
  readonly job: string | null;
  readonly replay: string | null;
  readonly reason: string;
  readonly idempotency_key: string;
  /** The address it came from. */
  readonly from: string;
  /** Lost: the process ended first, and nobody knows. */
  readonly outcome: 'accepted' | 'refused' | 'pending' | 'lost';
  readonly error: WireError | null;
};

export type Carried = { readonly value: Readonly<Record<string, unknown>>; readonly afterwards?: () => void };

export type ControlOptions = {
  /** This actor's own id: a command on itself is acknowledged before it is carried out. */
  readonly self: string;
  /** Rises with every incarnation. */
  readonly epoch: number;
  readonly tell: (body: unknown) => void;
  readonly now: () => number;
};

/** Changing the lanes commits and moves partitions first. */
const CONTROL_MS = 15_000;
/** Somewhat longer than the supervisor gives the actor. */
const INSPECT_MS = 3_000;
const KEPT_ENTRIES = 1_000;
const REQUESTS_AN_EPOCH = 1_000_000;

type Known = { readonly text: string; readonly outcome: Promise<Carried> };

export class Control {
  #options: ControlOptions;
  #requests: Requests;
  #known = new Map<string, Known>();
  #audit: AuditEntry[] = [];
  /** By the time, so that no id comes again after a restart, even before the list of the former gateway is here. */
  #lastId = 0;

  constructor(options: ControlOptions) {
    this.#options = options;
    this.#requests = new Requests('supervisor', options.epoch * REQUESTS_AN_EPOCH);
    this.#requests.connect({ postMessage: (body) => options.tell(body) });
  }

  /** Newest first. */
  audit(): readonly AuditEntry[] {
    return this.#audit.toReversed();
  }

  /** Entries as whoever keeps the list has them, those of an earlier gateway too: their keys are known again. */
  remember(entries: readonly AuditEntry[]): void {
    const all = new Map([...this.#audit, ...entries].map((entry) => [entry.id, entry]));
    this.#audit = [...all.values()].sort((a, b) => a.id - b.id).slice(-KEPT_ENTRIES);
    for (const entry of entries) if (entry.outcome === 'accepted') this.#know(entry);
    this.#lastId = Math.max(this.#lastId, ...this.#audit.map(({ id }) => id));
  }

  done({ id, value, error }: ControlDone): void {
    this.#requests.settle(id, error === undefined ? { value } : { error: fromWireError(error) });
  }

  /** Carries a command out, or answers what came of it when its key is known. Without `work` the owner of the tree does it. */
  run(command: Command, from: string, work?: Work): Promise<Carried> {
    const text = textOf(shownCommand(command));
    const known = this.#known.get(command.key);
    if (known !== undefined) {
      if (known.text === text) return known.outcome.then(({ value }) => ({ value }));
      throw new AppError('conflict', 'Cannot use this idempotency_key again as it stands for another command', {
        field: 'idempotency_key',
      });
    }
    const outcome = this.#carryOut(command, from, work);
    const entry: Known = { text, outcome };
    this.#known.set(command.key, entry);
    outcome.catch((thrown: unknown) => this.#forget(command.key, entry, thrown));
    if (this.#known.size > KEPT_ENTRIES) this.#known.delete(this.#known.keys().next().value as string);
    return outcome;
  }

  /** What was refused was not carried out: the same key may try again. Of what nobody answered in time nobody can say. */
  #forget(key: string, entry: Known, thrown: unknown): void {
    const unsure = thrown instanceof AppError && thrown.code === 'deadline-exceeded';
    if (!unsure && this.#known.get(key) === entry) this.#known.delete(key);
  }

  #know(entry: AuditEntry): void {
    const { idempotency_key: key } = entry;
    const shown = shownEntry(entry);
    if (!this.#known.has(key)) {
      this.#known.set(key, { text: textOf(shown), outcome: Promise.resolve({ value: { accepted: true, ...shown } }) });
    }
  }

  async #carryOut(command: Command, from: string, work: Work | undefined): Promise<Carried> {
    const id = this.#note(command, from);
    if (this.#endsItself(command)) {
      this.#settleEntry(id, 'accepted', null);
      return {
        value: { accepted: true, ...shownCommand(command) },
        afterwards: () => void this.#ask(command, id).catch(() => undefined),
      };
    }
    try {
      const value = await (work === undefined ? this.#ask(command, id) : this.#audited(work, id));
      this.#settleEntry(id, 'accepted', null);
      return { value: { accepted: true, ...shownCommand(command), ...value } };
    } catch (thrown) {
      this.#settleEntry(id, 'refused', toWireError(thrown));
      throw thrown;
    }
  }

  /** Being configured leaves it there to answer. */
  #endsItself(command: Command): command is Extract<Command, { readonly actor: string }> {
    return 'actor' in command && command.actor === this.#options.self && command.command !== 'configure';
  }

  /** What an actor says of itself: no command, and in no list. */
  inspect(actor: string): Promise<unknown> {
    return this.#requests.ask((id) => ({ type: 'inspect', id, actor }), INSPECT_MS);
  }

  /** What it has handled last, as the supervisor sees it: the actor is not asked. */
  messages(actor: string): Promise<readonly unknown[]> {
    return this.#requests.ask((id) => ({ type: 'messages', id, actor }), INSPECT_MS);
  }

  /** Whoever keeps the audit list for the next gateway is told what came of it. */
  async #audited(work: Work, entryId: number): Promise<Result> {
    const entry = this.#audit.find(({ id }) => id === entryId);
    const told = (error: WireError | null) => this.#options.tell({ type: 'audited', entry, error });
    try {
      const value = await work();
      told(null);
      return value;
    } catch (thrown) {
      told(toWireError(thrown));
      throw thrown;
    }
  }

  /** The audit entry goes along: whoever holds it can hand it to the next gateway. */
  #ask(command: Command, entryId: number): Promise<Result> {
    const entry = this.#audit.find(({ id }) => id === entryId);
    return this.#requests.ask((id) => ({ type: 'control', id, command, entry }), CONTROL_MS);
  }

  #note(command: Command, from: string): number {
    const at = this.#options.now();
    const id = Math.max(this.#lastId + 1, Math.floor(at));
    this.#lastId = id;
    this.#audit.push({
      id,
      at,
      actor: 'actor' in command ? command.actor : null,
      command: nameOf(command),
      fault: 'fault' in command ? command.fault : null,
      settings: 'settings' in command ? command.settings : null,
      order_id: 'order' in command ? command.order : null,
      lanes: 'lanes' in command ? command.lanes : null,
      partition: 'topic' in command ? partitionKey(command) : null,
      job: 'job' in command ? command.job : null,
      replay: 'replay' in command ? command.replay : null,
      reason: command.reason,
      idempotency_key: command.key,
      from,
      outcome: 'pending',
      error: null,
    });
    if (this.#audit.length > KEPT_ENTRIES) this.#audit.shift();
    return id;
  }

  #settleEntry(id: number, outcome: AuditEntry['outcome'], error: WireError | null): void {
    const at = this.#audit.findIndex((entry) => entry.id === id);
    const entry = this.#audit[at];
    if (entry !== undefined) this.#audit[at] = { ...entry, outcome, error };
  }
}

function nameOf(command: Command): AuditEntry['command'] {
  if ('lanes' in command) return 'lanes';
  if ('job' in command) return 'run-job';
  if ('ingest' in command) return command.ingest;
  return 'replay' in command ? 'replay' : command.command;
}

/** What makes two commands the same. */
function textOf(command: object): string {
  return JSON.stringify(command);
}

function shownCommand(command: Command): Result {
  if ('order' in command) {
    const { actor, command: name, fault: kind, order } = command;
    return { actor, command: name, kind, order_id: order };
  }
  if ('fault' in command) return { actor: command.actor, command: command.command, kind: command.fault };
  if ('settings' in command) return { actor: command.actor, command: command.command, settings: command.settings };
  if ('actor' in command) return { actor: command.actor, command: command.command };
  if ('topic' in command) return { partition: partitionKey(command), command: command.command };
  if ('job' in command) return { job: command.job };
  if ('replay' in command) return { replay: command.replay };
  if ('ingest' in command) return { ingest: command.ingest };
  return { lanes: command.lanes };
}

/** As `shownCommand` of the command that the entry is of. */
function shownEntry({ actor, command, fault, settings, order_id, lanes, partition, job, replay }: AuditEntry): Result {
  const order = order_id === null ? {} : { order_id };
  if (settings !== null) return { actor, command, settings };
  if (actor !== null) return { actor, command, ...(fault === null ? {} : { kind: fault }), ...order };
  if (partition !== null) return { partition, command };
  if (replay !== null) return { replay };
  if (command === 'pause' || command === 'resume') return { ingest: command };
  return job !== null ? { job } : { lanes };
}
