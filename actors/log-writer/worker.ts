/**
 * log-writer: the only one that appends to the log. Producers hear when their records are durable, consumers that
 * there is something to read; what all have committed it lets go of once the log is over its size.
 */
import type { MessagePort } from 'node:worker_threads';
import { AppError } from '../../protocol/errors.ts';
import type { AppendRequest, Consumed, Doorbell } from '../../protocol/message.ts';
import { PoisonedOrders } from '../../protocol/poison-fault.ts';
import { messageName, PoisonedMessages } from '../../protocol/poison-message.ts';
import { numberSetting, runChild } from '../../supervisor/child.ts';
import { type BackendConfig, chooseLogWriter } from '../backends/choose.ts';
import { type AppendGroup, AppendQueue, ConsumedPositions, failed, type Told } from './core.ts';

export type LogWriterInput = { readonly backend: BackendConfig };

const RETAIN_MS = 1000;
/** Long enough for whoever was refused to have come again. */
const CAREFUL_GROUPS = 100;

const nameOf = (appends: AppendRequest['appends']) => messageName(appends.map(({ frames }) => frames));

runChild<LogWriterInput>(async (child) => {
  const log = await chooseLogWriter(child.input.backend, () => child.meter.givenUp);
  const queue = new AppendQueue<MessagePort>();
  const consumed = new ConsumedPositions();
  const doorbells = new Map<string, MessagePort>();
  let committing: Promise<void> | undefined;
  let retaining = Promise.resolve();

  const poisoned = new PoisonedMessages(child.suspects);
  /** After a death requests go one by one for a while: if one of them is to blame, it shows which. */
  let careful = child.epoch > 1 ? CAREFUL_GROUPS : 0;

  function onAppend(producer: MessagePort, request: AppendRequest): void {
    const now = Date.now();
    const poison = poisoned.refusalOf(nameOf(request.appends));
    const refusal = poison === undefined ? queue.offer(producer, request, now) : failed(request, poison);
    if (refusal !== undefined) producer.postMessage(refusal);
    showMailbox(now);
    commitSoon();
  }

  /** After this turn of the loop, so that all that has come in with it is in the group. */
  function commitSoon(): void {
    committing ??= new Promise((resolve) => setImmediate(resolve)).then(commitNext);
  }

  async function commitNext(): Promise<void> {
    const group = queue.takeGroup();
    for (const part of careful-- > 0 ? group.singly() : [group])
      await child.handle(() => commit(part), 'append', part.bytes);
    showMailbox(Date.now());
    committing = undefined;
    if (queue.depth > 0) commitSoon();
  }

  async function commit(group: AppendGroup<MessagePort>): Promise<void> {
    if (group.size === 0) return;
    await dieOfPoison(group);
    try {
      if (group.size === 1) child.meter.working(nameOf(group.appends));
      const firsts = await log.append(group.appends).finally(() => child.meter.working(-1));
      answer(group.appended(firsts));
      ring(group, firsts);
      child.meter.handled(group.records);
    } catch (thrown) {
      if (thrown instanceof AppError && thrown.code === 'fenced') child.meter.fenced();
      const broken = thrown instanceof AppError && ['bad-message', 'too-large'].includes(thrown.code);
      if (broken && group.size > 1) for (const single of group.singly()) await commit(single);
      else answer(group.failed(thrown));
      child.meter.handled(0);
    }
    child.meter.progressed();
  }

  /** The fault `poison`: as if this request could not be handled. */
  async function dieOfPoison(group: AppendGroup<MessagePort>): Promise<void> {
    const orders = new PoisonedOrders(child.note);
    for (const { appends } of orders.none ? [] : group.singly()) {
      const death = appends.map(({ frames }) => orders.inFrames(frames)).find((found) => found !== undefined);
      if (death === undefined) continue;
      child.meter.working(nameOf(appends));
      await child.die(death);
    }
  }

  function answer(told: readonly Told<MessagePort>[]): void {
    for (const { producer, reply } of told) producer.postMessage(reply);
  }

  function ring(group: AppendGroup<MessagePort>, firsts: readonly number[]): void {
    const message: Doorbell = { type: 'appended-to', ends: group.ends(firsts) };
    for (const port of doorbells.values()) port.postMessage(message);
  }

  function showMailbox(now: number): void {
    child.meter.mailbox(queue.depth, now - queue.oldest(now), queue.bytes);
  }

  child.onLink('appends', (port) => port.on('message', (request: AppendRequest) => onAppend(port, request)));
  child.onLink(
    'doorbell',
    (port, peer) => {
      doorbells.set(peer.id, port);
      port.on('message', (message: Consumed) => consumed.note(message.positions));
    },
    (peer) => doorbells.delete(peer.id),
  );
  child.onControl({
    inspect: () => ({ waiting: { requests: queue.depth, bytes: queue.bytes }, readers: [...doorbells.keys()] }),
    settings: {
      queue_bytes: numberSetting({
        from: 1024 * 1024,
        to: 1024 * 1024 * 1024,
        read: () => queue.mostBytes,
        write: (bytes) => {
          queue.mostBytes = bytes;
        },
      }),
    },
  });
  const retention = setInterval(() => {
    const positions = consumed.takeNews();
    if (positions !== undefined) retaining = child.handle(async () => void (await log.retain(positions)), 'retain');
  }, RETAIN_MS);
  child.onStop(async () => {
    queue.close();
    clearInterval(retention);
    while (committing !== undefined) await committing;
    await retaining;
    await log.close();
  });
  child.ready();
});
