/**
 * Threads: starting one from outside, and knowing one's own from inside. The only file that touches
 * `node:worker_threads`, and the only one that knows how Node and Deno differ.
 */

import { readFileSync, readlinkSync } from 'node:fs';
import module from 'node:module';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { performance } from 'node:perf_hooks';
import process from 'node:process';
import { getHeapStatistics } from 'node:v8';
import { isMainThread, MessageChannel, type MessagePort, parentPort, Worker, workerData } from 'node:worker_threads';
import type { OwnMemory } from './memory-gauge.ts';
import type { ChildOrder, FromChild, ToChild } from './wire.ts';

/** A running thread, as its supervisor holds it. */
export type Thread = {
  post(message: ToChild, transfer?: readonly MessagePort[]): void;
  /** Ends it without asking; `exit` may come before this returns (Deno), much later (native code), or never. */
  terminate(): void;
  /** Lets the process end even if the thread does not. */
  forget(): void;
  /** Milliseconds that its loop has waited for something to do, seen from outside; undefined where it cannot be. */
  idleMs(): number | undefined;
};

export type ThreadEvents = {
  message(message: unknown): void;
  error(thrown: unknown): void;
  exit(code: number): void;
};

/** What makes threads and the channels between them; tests hand in one that makes neither. */
export type Spawner = {
  thread(entry: URL, order: ChildOrder, events: ThreadEvents): Thread;
  channel(): readonly [MessagePort, MessagePort];
  /** Whether threads have to wait for a processor for so long that their silence proves little. */
  isOverloaded(): boolean;
  /** What a thread does at this moment, by the name that it gave itself. */
  activity?(task: string): Activity | undefined;
};

/** It takes processor time or would if it could, or it waits for something that is none of its loop's business. */
export type Activity = 'runs' | 'blocked';

/** Threads in want of a processor, for each that there is: with three a thread may wait for tenths of a second. */
const OVERLOAD = 3;

const ON_DENO = 'Deno' in globalThis;

/**
 * V8 lets the young generation of a busy thread grow to 48 MB, and there are many threads. An actor's garbage dies
 * young all the same: ten of them under load take 100 MB less, at no cost that could be measured.
 */
const YOUNG_GENERATION_MB = 6;

/** A driver sets timers that are due already, and each would be a warning on stderr. */
const QUIET = ['--disable-warning=TimeoutNegativeWarning'];

/** Real threads. */
export const threadSpawner: Spawner = {
  thread(entry, order, events) {
    // The flags of the process stay out: a test runner gives its children some that no thread may be given by name.
    const execArgv = ON_DENO ? {} : { execArgv: QUIET };
    const resourceLimits = { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB };
    const worker = new Worker(entry, {
      workerData: order,
      name: order.id,
      resourceLimits,
      ...execArgv,
      ...environment(),
    });
    // In the same tick as `new Worker`, or Deno loses the first message; and always all of them, since an error
    // without a listener would take the whole process down.
    worker.on('message', events.message);
    worker.on('messageerror', events.error);
    worker.on('error', events.error);
    worker.on('exit', events.exit);
    return {
      post: (message, transfer = []) => worker.postMessage(message, [...transfer]),
      terminate: () => {
        worker.terminate().catch(events.error);
      },
      forget: () => worker.unref(),
      idleMs: () => (ON_DENO ? undefined : worker.performance.eventLoopUtilization().idle),
    };
  },
  channel() {
    const { port1, port2 } = new MessageChannel();
    return [port1, port2];
  },
  isOverloaded: () => runnableThreads() > OVERLOAD * availableParallelism(),
  activity,
};

/** The letter behind the name in brackets: R for one that runs or may. */
function activity(task: string): Activity | undefined {
  try {
    return /\) R/.test(readFileSync(`/proc/${task}/stat`, 'utf8')) ? 'runs' : 'blocked';
  } catch {
    return undefined;
  }
}

function ownTask(): string | undefined {
  try {
    return readlinkSync('/proc/thread-self');
  } catch {
    return undefined;
  }
}

/** At this moment, as Linux tells in the fourth field; 0 where nobody tells. */
function runnableThreads(): number {
  try {
    return Number(/(\d+)\//.exec(readFileSync('/proc/loadavg', 'utf8'))?.[1] ?? 0);
  } catch {
    return 0;
  }
}

/**
 * Compiled code is kept where Node keeps it by default. Without that every thread loads the compiler for TypeScript
 * anew: 12 MB and 50 ms more for each.
 */
function environment(): { env?: NodeJS.ProcessEnv } {
  if (ON_DENO || process.env.NODE_COMPILE_CACHE || process.env.NODE_V8_COVERAGE) return {};
  return { env: { ...process.env, NODE_COMPILE_CACHE: join(tmpdir(), 'node-compile-cache') } };
}

/**
 * Nobody hears this port any more. It is still read, so that it is known how often its other end tried; on Deno, which
 * cannot take listeners off, it is closed.
 */
export function fencePort(port: MessagePort, tried: () => void): void {
  if (ON_DENO) {
    port.close();
  } else {
    port.removeAllListeners('message');
    port.on('message', tried);
  }
}

/** The thread that this code runs in, as a child of a supervisor. */
export type OwnThread = {
  readonly order: ChildOrder;
  /** As the machine knows it: a folder of `/proc`; undefined where there is none. */
  readonly task: string | undefined;
  post(message: FromChild): void;
  listen(handle: (message: ToChild) => void): void;
  /** Whatever is thrown or rejected with nobody to catch it. */
  onFailure(handle: (thrown: unknown) => void): void;
  /** Milliseconds that this thread has been at work. */
  busyMs(): number;
  memory(): OwnMemory;
  /** Keeps what was compiled for the threads to come: a few milliseconds once, nothing afterwards. */
  keepCompiled(): void;
  exit(code: number): never;
};

/** Throws in a thread that no supervisor started. */
export function ownThread(): OwnThread {
  const port = parentPort;
  if (isMainThread || port === null || !(workerData?.block instanceof SharedArrayBuffer)) {
    throw new TypeError('Cannot run a child here as only a supervisor starts one: this is not a thread of its own');
  }
  holdLock();
  return {
    order: workerData as ChildOrder,
    task: ownTask(),
    post: (message) => port.postMessage(message),
    listen: (handle) => port.on('message', handle),
    onFailure: (handle) => {
      process.on('uncaughtException', handle);
      process.on('unhandledRejection', handle);
    },
    busyMs,
    memory: () => {
      const heap = getHeapStatistics();
      return {
        heapBytes: heap.used_heap_size,
        externalBytes: heap.external_memory ?? 0,
        heapLimitBytes: heap.heap_size_limit,
      };
    },
    keepCompiled: () => {
      if (!ON_DENO) module.flushCompileCache();
    },
    exit: (code) => process.exit(code),
  };
}

/** Deno answers nothing but zeros about its loop; the thread's CPU time is the next best. */
function busyMs(): number {
  const { active } = performance.eventLoopUtilization();
  if (active > 0) return active;
  const used = (process as { threadCpuUsage?: () => { user: number; system: number } }).threadCpuUsage?.();
  return used === undefined ? 0 : (used.user + used.system) / 1_000;
}

/**
 * Deno's terminate only wakes the loop of a thread, so an endless loop would go on for ever, unless the thread holds
 * a Web Lock: then its execution is ended too.
 */
function holdLock(): void {
  if (!ON_DENO) return;
  const locks = (globalThis as { navigator?: { locks?: { request(name: string, held: () => unknown): unknown } } })
    .navigator?.locks;
  locks?.request(`thread ${crypto.randomUUID()}`, () => new Promise(() => {}));
}
