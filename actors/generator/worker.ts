/**
 * generator: a made-up shop, written straight to the log-writer. First the past, when it is the demo; then as many
 * events as were asked for, by the clock. Where it stands is stored before the events go out, so that after any
 * restart it goes on with ids that were never used.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { MessagePort } from 'node:worker_threads';
import { AppError, type ErrorCode, type WireError } from '../../protocol/errors.ts';
import type { AppendReply, AppendRequest, GenerationReport } from '../../protocol/message.ts';
import { numberSetting, runChild } from '../../supervisor/child.ts';
import { type BackendConfig, chooseFactStore, partitionCounts } from '../backends/choose.ts';
import { atRate, type Kept, MOST_EVENTS_PER_SECOND, planRun, type RunInput } from './plan.ts';
import { FrameSink } from './sinks.ts';

export type GeneratorInput = RunInput & {
  readonly backend: BackendConfig;
  /** Ends after so many events; null goes on. */
  readonly count: number | null;
};

const FACT = 'generator';
/** Live events are written this often: fine enough for a page that shows 20 frames a second. */
const STEP_MS = 25;
/** Most events in an append: some 2 MB, ten milliseconds or two each to make and to write. */
const CHUNK_EVENTS = 5_000;
const REPORT_MS = 1_000;
const REFUSED_PAUSE_MS = 50;
/** Refusals that no waiting makes better: the request itself is at fault, such as one that ends whoever handles it. */
const FOR_GOOD: readonly ErrorCode[] = ['bad-message', 'too-large'];
/** An append without an answer for so long shows as waiting. */
const SLOW_APPEND_MS = 500;
/** The log may be away for long: that is shown, and nobody is restarted for it. */
const WAIT_MS = 24 * 3_600_000;

runChild<GeneratorInput>(async (child) => {
  const { input } = child;
  const facts = await chooseFactStore(input.backend, child.meter);
  const kept = (await facts.get(FACT)) as Kept | undefined;
  const plan = planRun(input, kept, Date.now());
  let { stream, askedRate: liveRate } = plan;
  const sink = new FrameSink(partitionCounts(input.backend), input.backend.topics);
  let total = plan.total;
  let phase: GenerationReport['phase'] = 'filling';
  let stopped = false;

  const log = new LogLink(({ message }) => child.tell({ type: 'noted', level: 'error', text: `Left out: ${message}` }));
  child.onLink('appends', (port) => log.laid(port));
  let monitor: MessagePort | undefined;
  child.onLink('health', (port) => {
    monitor = port;
  });
  const report = () => {
    const askedRate = phase === 'live' ? liveRate : null;
    monitor?.postMessage({ type: 'generated', at: Date.now(), askedRate, total, phase } satisfies GenerationReport);
  };
  const reports = setInterval(report, REPORT_MS);

  /** Makes what is due, and stores where it stands then; answers how many events that are. */
  async function make(until: number): Promise<number> {
    const most = Math.min(CHUNK_EVENTS, input.count === null ? CHUNK_EVENTS : input.count - total);
    const made = most > 0 ? stream.next(until, most, sink) : 0;
    if (made === 0) return 0;
    total += made;
    await facts.put(FACT, { state: stream.snapshot(), total } satisfies Kept);
    return made;
  }

  /** Writes what is due; answers how many events that were. How long the log takes is not held against this actor. */
  async function write(until: number): Promise<number> {
    const made = await child.handle(() => make(until), 'make');
    if (made === 0) return 0;
    await append(sink.take());
    child.meter.handled(made);
    return made;
  }

  /** Events a second; the demo's curves end with it. */
  function changeRate(rate: number): void {
    if (phase !== 'live')
      throw new AppError('conflict', `Cannot change the rate as no live stream is being made: it is ${phase}`, {
        field: 'rate',
      });
    stream = atRate(stream, rate, Date.now());
    liveRate = rate;
  }

  async function append(appends: AppendRequest['appends']): Promise<void> {
    const slow = setTimeout(() => child.meter.waiting('the log', WAIT_MS), SLOW_APPEND_MS);
    await log.append(appends);
    clearTimeout(slow);
    child.meter.waited();
  }

  const finished = () => stopped || (input.count !== null && total >= input.count);

  async function fill(until: number): Promise<void> {
    while (!finished() && (await write(until)) > 0);
  }

  async function live(): Promise<void> {
    while (!finished()) {
      const written = await write(Date.now());
      if (written < CHUNK_EVENTS) await sleep(STEP_MS);
    }
  }

  async function run(): Promise<void> {
    await fill(plan.fillUntil);
    phase = 'live';
    await live();
    phase = 'done';
    report();
    clearInterval(reports);
    await facts.close();
    if (stopped) return;
    child.tell({ type: 'generator-done', total });
    child.end();
  }

  child.onControl({
    inspect: () => ({ phase, total, up_to: stream.time, rate: Math.round(stream.rateAt(Date.now())) }),
    settings: {
      rate: numberSetting({ from: 1, to: MOST_EVENTS_PER_SECOND, read: () => liveRate, write: changeRate }),
    },
  });
  child.ready();
  const running = run();
  child.onStop(async () => {
    stopped = true;
    log.close();
    await running;
  });
});

/** One append at a time to whichever log-writer is there; a refused or unanswered one is sent again, unless it is at fault itself. */
class LogLink {
  #port: MessagePort | undefined;
  #id = 0;
  #pending: { readonly request: AppendRequest; readonly settle: () => void } | undefined;
  #closed = false;
  readonly #gaveUp: (error: WireError) => void;

  /** `gaveUp` is called for a request that will never be taken: it is left out. */
  constructor(gaveUp: (error: WireError) => void) {
    this.#gaveUp = gaveUp;
  }

  laid(port: MessagePort): void {
    this.#port = port;
    port.on('message', (reply: AppendReply) => void this.#replied(reply));
    // The log-writer before this one may have died over it: written twice is better than lost, and these are made up.
    if (this.#pending !== undefined) port.postMessage(this.#pending.request);
  }

  append(appends: AppendRequest['appends']): Promise<void> {
    return new Promise((settle) => {
      if (this.#closed) return settle();
      this.#id++;
      const request: AppendRequest = { type: 'append', id: this.#id, appends };
      this.#pending = { request, settle };
      this.#port?.postMessage(request);
    });
  }

  /** Nobody waits for an answer any more. */
  close(): void {
    this.#closed = true;
    this.#pending?.settle();
  }

  async #replied(reply: AppendReply): Promise<void> {
    const pending = this.#pending;
    if (pending === undefined || reply.id !== pending.request.id) return;
    if (reply.type === 'append-failed' && !FOR_GOOD.includes(reply.error.code)) {
      await sleep(REFUSED_PAUSE_MS);
      if (this.#pending === pending) this.#port?.postMessage(pending.request);
      return;
    }
    this.#pending = undefined;
    if (reply.type === 'append-failed') this.#gaveUp(reply.error);
    pending.settle();
  }
}
