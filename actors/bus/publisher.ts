/**
 * Tells the other processes what the lanes of this one commit. A lane may send once its last message is on the bus and
 * some time has passed, so what changes meanwhile comes merged, and a bus that is slow or away holds up nobody.
 * Now and then it says where every partition stands, so that whoever missed something finds out.
 */
import { partitionKey, type TopicPartition } from '../../protocol/event.ts';
import type { Offset, PartialsMessage, PartialsRequest, PartialUpdate } from '../../protocol/message.ts';
import { encodeUpdate } from '../../protocol/partial-codec.ts';
import type { BusMessage } from '../ports/delta-bus.ts';
import { Cutter } from './pieces.ts';

/** The end of a MessagePort that a lane is given its credits through. */
export type LanePort = { postMessage(message: PartialsRequest): void };

export type PublisherOptions = {
  /** Tells this process from others. */
  readonly sender: string;
  readonly mostBytes: number;
  readonly publish: (messages: readonly BusMessage[]) => Promise<void>;
  /** It did not work, and is tried again. */
  readonly onTrouble: (thrown: unknown) => void;
  readonly onPublished: () => void;
  /** Milliseconds that never go back. */
  readonly clock: () => number;
};

type Held = { update: PartialUpdate; saidAt: number };
type Lane = {
  readonly port: LanePort;
  partitions: Map<string, Held>;
  holdsCredit: boolean;
  /** What it sent last is not on the bus yet. */
  unsent: boolean;
  /** No credit before this. */
  restUntil: number;
};

/** A lane is heard of elsewhere at most this often. */
const PACE_MS = 150;
/** A partition says where it stands when it has said nothing for so long. */
const STAND_MS = 2_000;
/**
 * An update larger than this is not told: the others read the store. So they do not all the time while a lane works off
 * years of history, it comes with a longer rest.
 */
const MOST_UPDATE_BYTES = 4 * 1024 * 1024;
const LARGE_REST_MS = 2_000;
const LEAST_RETRY_MS = 100;
const MOST_RETRY_MS = 2_000;

export class Publisher {
  #options: PublisherOptions;
  #cutter: Cutter;
  #lanes = new Map<string, Lane>();
  #ends = new Map<string, number>();
  #queue: BusMessage[] = [];
  #sending: readonly BusMessage[] | undefined;
  #retryAt = 0;
  #retryMs = LEAST_RETRY_MS;

  constructor(options: PublisherOptions) {
    this.#options = options;
    this.#cutter = new Cutter(options.sender, options.mostBytes);
  }

  /** Everything said is on the bus. */
  get idle(): boolean {
    return this.#queue.length === 0 && this.#sending === undefined;
  }

  connect(lane: string, port: LanePort): void {
    this.#lanes.set(lane, { port, partitions: new Map(), holdsCredit: false, unsent: false, restUntil: 0 });
  }

  disconnect(lane: string): void {
    this.#lanes.delete(lane);
  }

  receive(name: string, message: PartialsMessage): void {
    const lane = this.#lanes.get(name);
    if (lane === undefined) return;
    lane.holdsCredit = false;
    if (message.type === 'lane-state') this.#begin(lane, message.partitions);
    else this.#take(lane, message.updates);
    this.tick();
  }

  /** How far the logs of this process's partitions reach. */
  sawEnds(ends: readonly Offset[]): void {
    for (const end of ends) this.#ends.set(partitionKey(end), end.offset);
  }

  /** Does what is due; to be called often. */
  tick(): void {
    const now = this.#options.clock();
    this.#sayWhereItStands(now);
    this.#send(now);
    for (const lane of this.#lanes.values()) {
      if (lane.holdsCredit || lane.unsent || now < lane.restUntil || lane.partitions.size === 0) continue;
      lane.holdsCredit = true;
      lane.port.postMessage({ type: 'partials-wanted' });
    }
  }

  /** The lane begins anew: the others hear at once who owns its partitions now, and from which commit on. */
  #begin(lane: Lane, partitions: readonly (TopicPartition & { epoch: number; seq: number })[]): void {
    lane.partitions = new Map(
      partitions.map((partition) => [
        partitionKey(partition),
        { update: standOf(partition), saidAt: Number.NEGATIVE_INFINITY },
      ]),
    );
  }

  #take(lane: Lane, updates: readonly PartialUpdate[]): void {
    const now = this.#options.clock();
    lane.restUntil = now + PACE_MS;
    for (const update of updates) {
      const held = lane.partitions.get(partitionKey(update));
      if (held === undefined) continue;
      held.update = { ...update, from: update.to, windows: [] };
      held.saidAt = now;
      const large = update.windows.reduce((sum, { packed }) => sum + packed.length, 0) > MOST_UPDATE_BYTES;
      if (large) lane.restUntil = now + LARGE_REST_MS;
      this.#say(large ? held.update : update);
      lane.unsent = true;
    }
  }

  /** While something waits to be sent, that says more. */
  #sayWhereItStands(now: number): void {
    if (!this.idle) return;
    for (const { partitions } of this.#lanes.values()) {
      for (const held of partitions.values()) {
        if (now - held.saidAt < STAND_MS) continue;
        held.saidAt = now;
        this.#say(held.update);
      }
    }
  }

  #say(update: PartialUpdate): void {
    const key = partitionKey(update);
    const bytes = encodeUpdate({ update, end: this.#ends.get(key) ?? -1 });
    this.#queue.push(...this.#cutter.cut(key, bytes));
  }

  /** One at a time, and the same again until it is on the bus. */
  #send(now: number): void {
    if (this.#sending !== undefined || this.#queue.length === 0 || now < this.#retryAt) return;
    const messages = this.#queue;
    this.#sending = messages;
    this.#queue = [];
    const waiting = [...this.#lanes.values()].filter(({ unsent }) => unsent);
    this.#options.publish(messages).then(
      () => {
        this.#sending = undefined;
        this.#retryMs = LEAST_RETRY_MS;
        for (const lane of waiting) lane.unsent = false;
        this.#options.onPublished();
        this.tick();
      },
      (thrown: unknown) => {
        this.#sending = undefined;
        this.#queue = [...messages, ...this.#queue];
        this.#retryAt = this.#options.clock() + this.#retryMs;
        this.#retryMs = Math.min(this.#retryMs * 2, MOST_RETRY_MS);
        this.#options.onTrouble(thrown);
      },
    );
  }
}

/** Nothing but where the partition stands: whoever holds less reads the store, whoever holds as much takes nothing from it. */
function standOf({ topic, partition, epoch, seq }: TopicPartition & { epoch: number; seq: number }): PartialUpdate {
  const ledger = { in: 0, counted: 0, late: 0, dead: 0, duplicates: 0 };
  const totals = { events: 0, orders: 0, paidOrders: 0, items: 0, revenue: 0 };
  return { topic, partition, epoch, from: seq, to: seq, nextOffset: 0, watermark: -1, ledger, totals, windows: [] };
}
