/**
 * What a child is, as data: the specs of workers and supervisors, their defaults, and one rule a field. A tree is
 * checked as a whole before any thread starts; unknown keys are ignored.
 */

import { AppError } from '../protocol/errors.ts';
import type { MemoryLimits } from './memory-guard.ts';

export const RESTART_TYPES = ['permanent', 'transient', 'temporary'] as const;
export type RestartType = (typeof RESTART_TYPES)[number];

export const STRATEGIES = ['one_for_one', 'one_for_all', 'rest_for_one'] as const;
export type Strategy = (typeof STRATEGIES)[number];

export const AUTO_SHUTDOWNS = ['never', 'any_significant', 'all_significant'] as const;
export type AutoShutdown = (typeof AUTO_SHUTDOWNS)[number];

/** A MessagePort to another actor: laid when both ends are up, and again whenever one of them restarts. */
export type LinkSpec = { readonly name: string; readonly to: string };

/** How long a child may take to stop: milliseconds, Infinity, or `kill` for no grace at all. */
export type Shutdown = number | 'kill';

/** Pauses between restarts: none before the first, then random up to base, 2 x base, 4 x base .. capped. */
export type BackoffSpec = { readonly baseMs: number; readonly capMs: number; readonly healthyMs: number };

export type WorkerSpec = {
  readonly id: string;
  readonly type: 'worker';
  /** The module that calls `runChild`. */
  readonly entry: URL;
  /** Anything that can be cloned into the thread; every incarnation gets it afresh. */
  readonly input?: unknown;
  readonly restart?: RestartType;
  readonly shutdownMs?: Shutdown;
  readonly links?: readonly LinkSpec[];
  /** A running actor whose loop has not turned for so long is killed and restarted; 0 never does. */
  readonly heartbeatMs?: number;
  /**
   * A running actor that has had one handler in work for so long, or messages waiting and none handled, is killed and
   * restarted, unless it has declared what it waits for; 0 never does.
   */
  readonly progressMs?: number;
  /** Longest time from the start of the thread to `ready()`. */
  readonly startMs?: number;
  /**
   * Memory that it may use, heap and buffers: more than `softBytes` for some seconds and it is restarted in order, more
   * than `hardBytes` and it is terminated at once. 0 = no such limit; near V8's own it is always terminated.
   */
  readonly memory?: Partial<MemoryLimits>;
  readonly backoff?: Partial<BackoffSpec>;
  readonly significant?: boolean;
  /**
   * Children of one group give the same names to the same work, as it may move from one to another: where one dies
   * of it, all successors know. By default each is a group of its own.
   */
  readonly workGroup?: string | null;
};

export type SupervisorSpec = {
  readonly id: string;
  readonly type: 'supervisor';
  readonly strategy?: Strategy;
  /** Restarts allowed within the period; one more and the supervisor gives up. */
  readonly intensity?: number;
  readonly periodMs?: number;
  readonly children: readonly ChildSpec[];
  readonly restart?: RestartType;
  readonly shutdownMs?: Shutdown;
  readonly backoff?: Partial<BackoffSpec>;
  readonly significant?: boolean;
  readonly autoShutdown?: AutoShutdown;
  /** Whether `command` may restart, kill, stop or start it; the root never may be. */
  readonly restartable?: boolean;
  /** Its restart brings back the children it has by then, not those of this spec. OTP forgets dynamic children. */
  readonly keepDynamic?: boolean;
  /** Asked at each start: true and it does not start at all (OTP's ignore). Its place stays, and nothing has failed. */
  readonly declines?: () => boolean;
};

export type ChildSpec = WorkerSpec | SupervisorSpec;

/** A spec with every default filled in. */
export type Worker = Required<Omit<WorkerSpec, 'backoff' | 'memory'>> & {
  readonly backoff: BackoffSpec;
  readonly memory: MemoryLimits;
};
export type Supervisor = Required<Omit<SupervisorSpec, 'backoff' | 'children'>> & {
  readonly backoff: BackoffSpec;
  readonly children: readonly Child[];
};
export type Child = Worker | Supervisor;

/**
 * First restart at once, so that a single crash costs nothing; 50 ms as the base since a thread takes about that
 * long to start; 5 s as the cap so that an operator never waits longer; 5 s up counts as healthy again.
 */
const BACKOFF: BackoffSpec = { baseMs: 50, capMs: 5_000, healthyMs: 5_000 };

/** A restart for memory once in half a minute at most: oftener would be no help to anybody. */
const MEMORY: MemoryLimits = { softBytes: 0, hardBytes: 0, restMs: 30_000 };

/** Ten seconds of progress: far beyond any handler that should not say what it waits for. */
const WORKER_DEFAULTS = {
  input: undefined,
  restart: 'permanent',
  shutdownMs: 5_000,
  links: [],
  heartbeatMs: 500,
  progressMs: 10_000,
  startMs: 10_000,
  significant: false,
  workGroup: null,
} as const;

const SUPERVISOR_DEFAULTS = {
  strategy: 'one_for_one',
  intensity: 10,
  periodMs: 60_000,
  restart: 'permanent',
  shutdownMs: Number.POSITIVE_INFINITY,
  significant: false,
  autoShutdown: 'never',
  restartable: false,
  keepDynamic: false,
  declines: () => false,
} as const;

type Rule = { readonly field: string; readonly rule: string; readonly holds: (value: unknown) => boolean };

const isText = (value: unknown) => typeof value === 'string' && value.length > 0 && value.length <= 200;
const isFlag = (value: unknown) => typeof value === 'boolean';
const isWhole = (value: unknown) => Number.isInteger(value) && (value as number) >= 0;
const isSpan = (value: unknown) => typeof value === 'number' && value > 0 && value < 2 ** 31;
const isShutdown = (value: unknown) =>
  value === 'kill' || value === Number.POSITIVE_INFINITY || value === 0 || isSpan(value);
const isLink = (value: unknown) => isText((value as LinkSpec | null)?.name) && isText((value as LinkSpec | null)?.to);
const oneOf = (field: string, list: readonly string[]): Rule => ({
  field,
  rule: `one of ${list.join(', ')}`,
  holds: (value) => list.includes(value as string),
});

const COMMON_RULES: readonly Rule[] = [
  { field: 'id', rule: 'a text of 1 to 200 characters', holds: isText },
  oneOf('restart', RESTART_TYPES),
  { field: 'shutdownMs', rule: 'a number of ms from 0 on, Infinity or kill', holds: isShutdown },
  { field: 'significant', rule: 'true or false', holds: isFlag },
];

const WORKER_RULES: readonly Rule[] = [
  ...COMMON_RULES,
  { field: 'entry', rule: 'a URL', holds: (value) => value instanceof URL },
  { field: 'links', rule: 'a list of {name, to}', holds: (value) => Array.isArray(value) && value.every(isLink) },
  { field: 'heartbeatMs', rule: '0 or a number of ms', holds: (value) => value === 0 || isSpan(value) },
  { field: 'progressMs', rule: '0 or a number of ms', holds: (value) => value === 0 || isSpan(value) },
  { field: 'startMs', rule: 'a number of ms above 0', holds: isSpan },
  {
    field: 'workGroup',
    rule: 'a text of 1 to 200 characters, or null',
    holds: (value) => value === null || isText(value),
  },
];

const SUPERVISOR_RULES: readonly Rule[] = [
  ...COMMON_RULES,
  oneOf('strategy', STRATEGIES),
  { field: 'intensity', rule: 'a whole number from 0 on', holds: isWhole },
  { field: 'periodMs', rule: 'a number of ms above 0', holds: isSpan },
  oneOf('autoShutdown', AUTO_SHUTDOWNS),
  { field: 'restartable', rule: 'true or false', holds: isFlag },
  { field: 'keepDynamic', rule: 'true or false', holds: isFlag },
  { field: 'declines', rule: 'a function', holds: (value) => typeof value === 'function' },
  { field: 'children', rule: 'a list of child specs', holds: Array.isArray },
];

const BACKOFF_RULES: readonly Rule[] = ['baseMs', 'capMs', 'healthyMs'].map((field) => ({
  field,
  rule: 'a number of ms above 0',
  holds: isSpan,
}));

const MEMORY_RULES: readonly Rule[] = ['softBytes', 'hardBytes', 'restMs'].map((field) => ({
  field,
  rule: 'a whole number from 0 on',
  holds: isWhole,
}));

/**
 * The spec with its defaults, or an error that names the child, the field, the rule and the value.
 * @example const root = resolveSpec({ id: 'root', type: 'supervisor', children: [] });
 */
export function resolveSpec(spec: ChildSpec, parent?: { readonly autoShutdown: AutoShutdown }): Child {
  switch (spec?.type) {
    case 'worker': {
      const backoff = { ...BACKOFF, ...spec.backoff };
      const worker: Worker = { ...WORKER_DEFAULTS, ...given(spec), backoff, memory: { ...MEMORY, ...spec.memory } };
      check(worker, WORKER_RULES);
      checkFields(worker, 'memory.', worker.memory, MEMORY_RULES);
      return checkSignificance(worker, parent);
    }
    case 'supervisor': {
      const settings = { ...SUPERVISOR_DEFAULTS, ...given(spec), backoff: { ...BACKOFF, ...spec.backoff } };
      check(settings, SUPERVISOR_RULES);
      const supervisor = { ...settings, children: settings.children.map((child) => resolveSpec(child, settings)) };
      return checkSignificance(supervisor, parent);
    }
    default:
      throw refuse(spec, 'type', 'worker or supervisor', (spec as { type?: unknown } | null)?.type);
  }
}

/**
 * Checks specs without starting anything.
 * @example checkSpecs({ id: 'root', type: 'supervisor', children: [] });
 */
export function checkSpecs(spec: ChildSpec): void {
  checkUnique([resolveSpec(spec)]);
}

/** Refuses an id or a link that stands twice among the given specs (and the ids that are taken already). */
export function checkUnique(children: readonly Child[], taken: (id: string) => boolean = () => false): void {
  const ids = new Set<string>();
  const links = new Set<string>();
  for (const child of children.flatMap(withDescendants)) {
    if (ids.has(child.id) || taken(child.id)) throw refuse(child, 'id', 'unique in the whole tree', child.id);
    ids.add(child.id);
    if (child.type === 'worker') for (const link of child.links) checkLink(child, link, links);
  }
}

/** The spec and all below it, in start order. */
export function withDescendants(child: Child): Child[] {
  return child.type === 'worker' ? [child] : [child, ...child.children.flatMap(withDescendants)];
}

function checkLink(child: Worker, link: LinkSpec, seen: Set<string>): void {
  if (link.to === child.id) throw refuse(child, 'links', 'to another actor', link.to);
  const key = JSON.stringify([link.name, ...[child.id, link.to].sort()]);
  if (seen.has(key))
    throw refuse(child, 'links', 'declared once, by one of the two ends', `${link.name} to ${link.to}`);
  seen.add(key);
}

/** S18: who is always restarted never ends for good, and a supervisor that never shuts itself down does not ask. */
function checkSignificance<Spec extends Child>(
  spec: Spec,
  parent: { readonly autoShutdown: AutoShutdown } | undefined,
) {
  if (!spec.significant) return spec;
  if (spec.restart === 'permanent') throw refuse(spec, 'significant', 'false for a permanent child', true);
  if (!parent || parent.autoShutdown === 'never') {
    throw refuse(spec, 'significant', 'false under a supervisor whose autoShutdown is never', true);
  }
  return spec;
}

function check(spec: { readonly backoff: BackoffSpec }, rules: readonly Rule[]): void {
  checkFields(spec, '', spec, rules);
  checkFields(spec, 'backoff.', spec.backoff, BACKOFF_RULES);
}

function checkFields(spec: unknown, path: string, part: object, rules: readonly Rule[]): void {
  const fields = part as Readonly<Record<string, unknown>>;
  for (const { field, rule, holds } of rules) {
    if (!holds(fields[field])) throw refuse(spec, `${path}${field}`, rule, fields[field]);
  }
}

/** Without the keys that are there but undefined, so that they take their default. */
function given<Spec extends object>(spec: Spec): Spec {
  return Object.fromEntries(Object.entries(spec).filter(([, value]) => value !== undefined)) as Spec;
}

function refuse(spec: unknown, field: string, rule: string, value: unknown): AppError {
  const id = (spec as { id?: unknown } | null)?.id;
  const name = isText(id) ? `child "${id}"` : 'a child';
  const shown = typeof value === 'string' ? value : (JSON.stringify(value) ?? String(value));
  return new AppError('bad-config', `Cannot supervise ${name} as ${field} must be ${rule}: current value is ${shown}`, {
    field,
  });
}
