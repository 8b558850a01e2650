/**
 * consumer-k: reads the partitions that its aggregator names, decodes, and hands batches over as credits allow.
 * It keeps nothing: after any restart, its own or the aggregator's, it begins where the aggregator says.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { MessagePort } from 'node:worker_threads';
import { constants, zstdCompressSync } from 'node:zlib';
import { partitionKey, type TopicPartition } from '../../protocol/event.ts';
import { isPaused } from '../../protocol/ingest.ts';
import type { BatchMessage, Consumed, ConsumerRequest, Doorbell, Offset } from '../../protocol/message.ts';
import { PoisonedRecords } from '../../protocol/poison.ts';
import { PoisonedOrders } from '../../protocol/poison-fault.ts';
import { numberSetting, runChild } from '../../supervisor/child.ts';
import { type BackendConfig, chooseLogSource } from '../backends/choose.ts';
import { ConsumerCore, lagOf } from './core.ts';
import { Waits } from './waits.ts';

export type ConsumerInput = { readonly backend: BackendConfig; readonly futureMs: number };

/** About 600 orders: large enough to pay for a commit, small enough to leave the loop often. */
const TAKE_BYTES = 256 * 1024;
/** The doorbell is a hint; this finds what it missed. */
const POLL_MS = 250;
const REPORT_MS = 100;
/** Brokers may be away for long: that is shown, and nobody is restarted for it. */
const WAIT_MS = 24 * 3_600_000;
/** Without a credit for so long it says that it waits for one: a lane at full speed is out of credits all the time. */
const CREDIT_MS = 1_000;

const compress = (frames: Uint8Array) =>
  zstdCompressSync(frames, { params: { [constants.ZSTD_c_compressionLevel]: 1 } });

runChild<ConsumerInput>(async (child) => {
  const source = await chooseLogSource(child.input.backend);
  const { backend, futureMs } = child.input;
  const poisoned = new PoisonedRecords(child.suspects, backend.topics);
  const core = new ConsumerCore({ futureMs, compress, poisoned, meter: child.meter });
  const waits = new Waits(child.meter);
  const committed = new Map<string, number>();
  let aggregator: MessagePort | undefined;
  let logWriter: MessagePort | undefined;
  let pumping = false;
  let rung = false;
  let stopped = false;
  let seeks = 0;
  let seeking = 0;
  let creditAt = performance.now();
  let takeBytes = TAKE_BYTES;
  /** Messages of the aggregator that are not done with. */
  let taking = 0;

  /** One pump at a time; a doorbell during it makes it look once more. */
  async function pump(): Promise<void> {
    if (pumping) {
      rung = true;
      return;
    }
    pumping = true;
    do {
      rung = false;
      await drain();
    } while (rung);
    pumping = false;
  }

  /** Paused by an operator: all that it may take now is nothing. */
  const paused = () => isPaused(child.note);

  async function drain(): Promise<void> {
    while (!stopped && !paused() && core.mayRead && (await child.handle(passOn, 'chunk'))) {
      // The source may answer without ever leaving this turn; credits, the beat and the end must get through.
      await nextTurn();
    }
  }

  /** False when there is nothing to read now. */
  async function passOn(): Promise<boolean> {
    const { session } = core;
    const chunk = await source.take(takeBytes);
    if (chunk === undefined) child.meter.handled(0);
    if (chunk === undefined || session !== core.session) return chunk !== undefined;
    const batch = core.decode(chunk);
    await dieOfPoison(batch);
    aggregator?.postMessage(batch, [batch.buffer, batch.frames.buffer as ArrayBuffer]);
    child.meter.handled(batch.events);
    return true;
  }

  /** The fault `poison`: as if this record could not be handled. */
  async function dieOfPoison(batch: BatchMessage): Promise<void> {
    const found = new PoisonedOrders(child.note).first(batch);
    if (found === undefined) return;
    child.meter.working(found.offset, poisoned.slotOf(batch));
    await child.die(found.death);
  }

  async function onRequest(message: ConsumerRequest): Promise<void> {
    taking++;
    await child.handle(() => take(message), message.type);
    taking--;
    if (message.type !== 'committed') await pump();
  }

  async function take(message: ConsumerRequest): Promise<void> {
    switch (message.type) {
      case 'positions':
        return follow(message);
      case 'applied':
        return core.applied(message);
      case 'committed':
        return noteCommitted(message.positions);
    }
  }

  async function follow(request: Extract<ConsumerRequest, { type: 'positions' }>): Promise<void> {
    core.halt();
    const turn = ++seeks;
    seeking++;
    waits.begin('the log', WAIT_MS);
    await source.seek(request.positions);
    if (--seeking === 0) waits.end('the log');
    if (turn !== seeks) return;
    core.begin(request);
    committed.clear();
    noteCommitted(request.positions);
    child.tell({ type: 'following', partitions: request.positions.length });
  }

  function noteCommitted(positions: readonly Offset[]): void {
    for (const at of positions) committed.set(partitionKey(at), at.offset);
  }

  let lastReport = '';
  async function report(): Promise<void> {
    const ends = (await source.extents()).map(({ topic, partition, end }) => ({ topic, partition, offset: end }));
    const lag = lagOf(ends, committed, partitionKey);
    child.meter.mailbox(lag, 0);
    if (paused()) child.meter.handled(0);
    showCredit();
    const body = { type: 'lag' as const, lag, session: core.session, partitions: ends.length, ends };
    const text = JSON.stringify(body);
    if (text === lastReport) return;
    lastReport = text;
    child.tell(body);
    const positions = ends.flatMap((at) => {
      const offset = committed.get(partitionKey(at));
      return offset === undefined ? [] : [{ topic: at.topic, partition: at.partition, offset }];
    });
    logWriter?.postMessage({ type: 'consumed', positions } satisfies Consumed);
    source.consumed?.(positions);
  }

  /** What keeps the aggregator from giving credits is its own to tell; what it has said already is not waited for. */
  function showCredit(): void {
    const now = performance.now();
    if (core.mayRead || taking > 0) creditAt = now;
    if (now - creditAt < CREDIT_MS) waits.end('the aggregator');
    else waits.begin('the aggregator', WAIT_MS);
  }

  /** What the group takes away must not be read on: the aggregator names new positions for what it gives. */
  function onAssigned(partitions: readonly TopicPartition[] | null): void {
    core.halt();
    seeks++;
    child.tell({ type: 'group-assigned', partitions });
  }

  function onWaiting(reason: string | null): void {
    if (reason === null) waits.end('Kafka');
    else waits.begin('Kafka', WAIT_MS);
    if (reason) child.tell({ type: 'noted', level: 'warn', text: `Kafka is waited for: ${reason}` });
  }

  child.onLink('doorbell', (port) => {
    logWriter = port;
    port.on('message', (message: Doorbell) => {
      child.handle(() => source.notify(message.ends), 'doorbell');
      void pump();
    });
  });
  child.onLink('batches', (port) => {
    aggregator = port;
    core.halt();
    port.on('message', (message: ConsumerRequest) => void onRequest(message));
    port.on('close', () => {
      if (aggregator === port) core.halt();
    });
  });
  const poll = setInterval(() => {
    source.refresh();
    void pump();
  }, POLL_MS);
  const reports = setInterval(() => void report(), REPORT_MS);
  child.onStop(async () => {
    stopped = true;
    clearInterval(poll);
    clearInterval(reports);
    await source.close();
  });
  child.onControl({
    inspect: () => ({
      session: core.session,
      credits: core.credits,
      reading: pumping,
      paused: paused(),
      seeking: seeking > 0,
      committed: Object.fromEntries(committed),
    }),
    settings: {
      take_bytes: numberSetting({
        from: 16 * 1024,
        to: 1024 * 1024,
        read: () => takeBytes,
        write: (bytes) => {
          takeBytes = bytes;
        },
      }),
    },
  });
  child.ready();
  source.join?.({
    assigned: onAssigned,
    arrived: () => void pump(),
    gap: (gap) => child.tell({ type: 'gap', ...gap }),
    waiting: onWaiting,
  });
});
