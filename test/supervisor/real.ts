/** A tree on real threads, with puppets as actors and waits that name what they waited for. */

import { execPath } from 'node:process';
import type { TestContext } from 'node:test';
import {
  type SupervisorEvent,
  type SupervisorEventKind,
  type SupervisorSpec,
  SupervisorTree,
  type TreeOptions,
  threadSpawner,
  type WorkerSpec,
} from '../../supervisor/index.ts';
import { overload } from '../helpers/overload.ts';
import type { PuppetInput, PuppetOrder } from './fixtures/puppet.ts';

export const ON_DENO = 'Deno' in globalThis;

/** Far beyond what anything here takes on a busy machine: reached only by a failure. */
const PATIENCE_MS = 60_000;
/** Not all that is waited for makes an event. */
const LOOK_AGAIN_MS = 20;

export const PUPPET = new URL('./fixtures/puppet.ts', import.meta.url);

/** Limits that no busy machine lets an actor exceed: each test gives its actors those that it is about, and no other. */
export const CALM = { heartbeatMs: 0, progressMs: 0, startMs: 60_000, shutdownMs: 60_000 } as const;
/** An actor that never pauses before its next start: for those that have to die again and again. */
export const UNPAUSED = { backoff: { baseMs: 1, capMs: 1 } } as const;

export function puppet(id: string, input: PuppetInput = {}, more: Partial<WorkerSpec> = {}): WorkerSpec {
  return { id, type: 'worker', entry: PUPPET, input, ...CALM, ...more };
}

/** The machine may have had other things to do, but not each time. */
export const TRIES = 10;

/**
 * Measures until it was quick enough once: the limit follows the load, and a machine that stands still does not do so
 * each time. What is always slow fails.
 */
export async function quickOnce(what: string, limitMs: number, measure: () => Promise<number>): Promise<void> {
  const seen: number[] = [];
  while (seen.length < TRIES) {
    const ms = await measure();
    if (ms < limitMs * overload()) return;
    seen.push(ms);
  }
  throw new Error(`${what} in ${seen.join(', ')} ms, and not once within ${limitMs}`);
}

/** How to run a script in a process of its own, on this runtime. */
export function processOf(script: URL): [string, string[]] {
  return [execPath, ON_DENO ? ['run', '-A', '--no-check', script.pathname] : [script.pathname]];
}

type Told = { readonly id: string; readonly epoch: number; readonly body: unknown };

export class RealTree {
  readonly tree: SupervisorTree;
  readonly told: Told[] = [];
  #waiting: (() => void)[] = [];

  constructor(t: TestContext, spec: SupervisorSpec, options: TreeOptions = {}) {
    // What is measured here must not depend on what else the machine is doing.
    const spawn = { ...threadSpawner, isOverloaded: () => false };
    this.tree = new SupervisorTree(spec, { spawn, ...options });
    this.tree.onTell((id, epoch, body) => {
      this.told.push({ id, epoch, body });
      this.#wake();
    });
    this.tree.onEvent(() => this.#wake());
    t.after(() => this.tree.stop(1_000));
  }

  static async up(t: TestContext, spec: SupervisorSpec, options: TreeOptions = {}): Promise<RealTree> {
    const real = new RealTree(t, spec, options);
    await real.tree.start();
    return real;
  }

  order(id: string, order: PuppetOrder): void {
    this.tree.tell(id, order);
  }

  node(id: string) {
    const visit = (node: ReturnType<SupervisorTree['status']>['children'][number]): typeof node | undefined =>
      node.id === id ? node : node.children.map(visit).find((found) => found);
    return visit(this.tree.status());
  }

  /** As OTP lists children: newest first, `id` with its epoch, `down` or `restarting`. */
  which(id = 'root'): string[] {
    return this.tree.whichChildren(id).map((child) => `${child.id} ${child.standing ?? 'down'}`);
  }

  events(kind: SupervisorEventKind, actor?: string): SupervisorEvent[] {
    return this.tree.events().filter((event) => event.kind === kind && (!actor || event.actor === actor));
  }

  /** Waits until something is so, looking again at each event. */
  async until<Value>(what: string, find: () => Value | undefined | false): Promise<Value> {
    let patience: ReturnType<typeof setTimeout> | undefined;
    const again = setInterval(() => this.#wake(), LOOK_AGAIN_MS);
    const gone = new Promise<never>((_, reject) => {
      patience = setTimeout(() => reject(new Error(`Waited in vain until ${what}:\n${this.#story()}`)), PATIENCE_MS);
    });
    try {
      for (;;) {
        const found = find();
        if (found !== undefined && found !== false) return found;
        await Promise.race([gone, new Promise<void>((resolve) => this.#waiting.push(resolve))]);
      }
    } finally {
      clearTimeout(patience);
      clearInterval(again);
    }
  }

  event(kind: SupervisorEventKind, actor: string, epoch: number): Promise<SupervisorEvent> {
    return this.until(`${actor} of epoch ${epoch} is ${kind}`, () =>
      this.events(kind, actor).find((event) => event.epoch === epoch),
    );
  }

  running(id: string, epoch: number): Promise<SupervisorEvent> {
    return this.event('running', id, epoch);
  }

  /** The first body told by that actor that matches. */
  hears(id: string, epoch: number, matches: (body: Record<string, unknown>) => boolean): Promise<unknown> {
    return this.until(
      `${id} of epoch ${epoch} tells it`,
      () =>
        this.told.find(
          (told) => told.id === id && told.epoch === epoch && matches(told.body as Record<string, unknown>),
        )?.body,
    );
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }

  #story(): string {
    const events = this.tree.events().map(({ at, kind, text }) => `${at % 100_000} ${kind}: ${text}`);
    return [...events, ...this.told.map((told) => `told ${JSON.stringify(told)}`)].join('\n');
  }
}
