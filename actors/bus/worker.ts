/**
 * bus: tells the other processes of the group what the lanes of this one commit, and this gateway what theirs do. It holds
 * no truth: whoever missed something reads the store. While Kafka is away it waits, and nobody waits for it.
 */
import { randomUUID } from 'node:crypto';
import { AppError } from '../../protocol/errors.ts';
import type { Offset, PartialsMessage } from '../../protocol/message.ts';
import { runChild } from '../../supervisor/child.ts';
import { type BackendConfig, chooseDeltaBus } from '../backends/choose.ts';
import type { BusMessage } from '../ports/delta-bus.ts';
import { Listener } from './listener.ts';
import { Publisher } from './publisher.ts';

export type BusInput = { readonly backend: BackendConfig };

/** From the owner of the tree: how far the logs of this process's partitions reach. */
export type ToldBus = { readonly type: 'ends'; readonly ends: readonly Offset[] };

const TICK_MS = 50;
/** How long a failure shows; it is renewed with every attempt. */
const TROUBLE_MS = 10_000;
/** Of the same trouble one line in so long. */
const NOTE_MS = 30_000;
const DRAIN_MS = 2_000;

runChild<BusInput>(async (child) => {
  const bus = await chooseDeltaBus(child.input.backend);
  const self = randomUUID();
  const clock = () => performance.now();
  let notedAt = Number.NEGATIVE_INFINITY;

  function note(text: string): void {
    if (clock() - notedAt < NOTE_MS) return;
    notedAt = clock();
    child.tell({ type: 'noted', level: 'warn', text });
  }

  function onTrouble(thrown: unknown): void {
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    child.meter.waiting('Kafka', TROUBLE_MS);
    note(`Cannot reach the other processes over Kafka now, and goes on trying: ${reason}`);
  }

  const listener = new Listener({ self });

  function receive(message: BusMessage): void {
    try {
      listener.receive(message);
      child.meter.handled();
    } catch (thrown) {
      // Of another version, or of somebody else: its sender's partitions are read from the store meanwhile.
      if (!(thrown instanceof AppError)) throw thrown;
      note(thrown.message);
    }
  }

  const publisher = new Publisher({
    sender: self,
    mostBytes: bus.mostBytes,
    publish: (messages) => child.handle(() => bus.publish(messages), 'publish'),
    onTrouble,
    onPublished: () => child.meter.waited(),
    clock,
  });

  child.onLink(
    'publish',
    (port, { id }) => {
      publisher.connect(id, port);
      port.on('message', (message: PartialsMessage) =>
        child.handle(() => {
          publisher.receive(id, message);
          child.meter.handled();
        }, message.type),
      );
    },
    ({ id }) => publisher.disconnect(id),
  );
  child.onLink(
    'partials',
    (port) => {
      listener.connect(port);
      port.on('message', () => child.handle(() => listener.wanted(), 'partials-wanted'));
    },
    () => listener.connect(undefined),
  );
  child.onControl({ inspect: () => ({ idle: publisher.idle, waiting: listener.waiting }) });
  child.onTell((body) => publisher.sawEnds((body as ToldBus).ends));

  const tick = () => {
    publisher.tick();
    const { updates, bytes } = listener.waiting;
    child.meter.mailbox(updates, 0, bytes);
    // What waits does so for a gateway that wants it: nothing is held up here.
    child.meter.handled(0);
  };
  const timer = setInterval(() => child.handle(tick), TICK_MS);
  child.onStop(async () => {
    const limit = clock() + DRAIN_MS;
    while (!publisher.idle && clock() < limit) await new Promise((resolve) => setTimeout(resolve, TICK_MS));
    clearInterval(timer);
    await bus.close();
  });
  bus.follow({
    onFollowing: () => {
      child.meter.waited();
      listener.following();
    },
    onMessage: (message) => child.handle(() => receive(message), 'bus-message'),
    onTrouble,
  });
  child.ready();
});
