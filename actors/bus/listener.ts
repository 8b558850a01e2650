/**
 * Tells the gateway what other processes commit, as if it were a lane that owns their partitions: where they stand first,
 * then updates while it holds a credit. Updates that the gateway does not take in time are let go of: it is told where the
 * partitions stand, and reads the store.
 */
import { partitionKey, type TopicPartition } from '../../protocol/event.ts';
import type { Offset, PartialsMessage, PartialUpdate } from '../../protocol/message.ts';
import { decodeUpdate, type ToldUpdate } from '../../protocol/partial-codec.ts';
import type { BusMessage } from '../ports/delta-bus.ts';
import { Assembler } from './pieces.ts';

/** What the gateway knows this sender as. */
export const BUS = 'bus';

/** The end of a MessagePort that the gateway is told through. */
export type GatewayPort = { postMessage(message: PartialsMessage): void };

export type ListenerOptions = {
  /** Whose messages are this process's own. */
  readonly self: string;
  readonly mostWaitingBytes?: number;
};

type Heard = TopicPartition & { epoch: number; seq: number };

const MOST_WAITING_BYTES = 16 * 1024 * 1024;
/** What an update weighs without its windows. */
const UPDATE_BYTES = 256;

export class Listener {
  #assembler: Assembler;
  #mostWaitingBytes: number;
  #gateway: GatewayPort | undefined;
  #following = false;
  #holdsCredit = false;
  #stateDue = false;
  #refreshDue = false;
  /** The newest that was heard of each partition of other processes. */
  #heard = new Map<string, Heard>();
  #waiting = new Map<string, PartialUpdate[]>();
  #waitingBytes = 0;
  #ends = new Map<string, Offset>();
  #newEnds = new Set<string>();

  constructor({ self, mostWaitingBytes = MOST_WAITING_BYTES }: ListenerOptions) {
    this.#assembler = new Assembler(self);
    this.#mostWaitingBytes = mostWaitingBytes;
  }

  /** Updates that wait for the gateway, and their bytes. */
  get waiting(): { readonly updates: number; readonly bytes: number } {
    const updates = [...this.#waiting.values()].reduce((sum, { length }) => sum + length, 0);
    return { updates, bytes: this.#waitingBytes };
  }

  /** A gateway that begins reads the store: what waits is in there. */
  connect(gateway: GatewayPort | undefined): void {
    this.#gateway = gateway;
    this.#holdsCredit = false;
    this.#dropWaiting();
    this.#newEnds = new Set(this.#ends.keys());
    this.#stateDue = true;
    this.#refreshDue = true;
    this.#flush();
  }

  wanted(): void {
    this.#holdsCredit = true;
    this.#flush();
  }

  /** From now on nothing is missed, and before something may have been. */
  following(): void {
    this.#following = true;
    this.#stateDue = true;
    this.#refreshDue = true;
    this.#flush();
  }

  /** Throws `bad-message` for what no process of this version says. */
  receive(message: BusMessage): void {
    const bytes = this.#assembler.add(message);
    if (bytes === undefined) return;
    this.#hear(decodeUpdate(bytes));
    this.#flush();
  }

  #hear({ update, end }: ToldUpdate): void {
    const key = partitionKey(update);
    this.#hearEnd(update, end);
    const heard = this.#heard.get(key);
    if (heard !== undefined && (update.epoch < heard.epoch || update.to < heard.seq)) return;
    if (heard === undefined) this.#stateDue = true;
    const { topic, partition, epoch, to } = update;
    const isNews = heard === undefined || to > heard.seq;
    this.#heard.set(key, { topic, partition, epoch, seq: to });
    if (isNews && this.#gateway !== undefined) this.#keep(key, update);
  }

  #hearEnd({ topic, partition }: TopicPartition, offset: number): void {
    const key = partitionKey({ topic, partition });
    if (offset < 0 || this.#ends.get(key)?.offset === offset) return;
    this.#ends.set(key, { topic, partition, offset });
    this.#newEnds.add(key);
  }

  #keep(key: string, update: PartialUpdate): void {
    const waiting = this.#waiting.get(key) ?? [];
    waiting.push(update);
    this.#waiting.set(key, waiting);
    this.#waitingBytes += bytesOf(update);
    if (this.#waitingBytes > this.#mostWaitingBytes) this.#letGo();
  }

  /** Of each partition only where it stands remains. */
  #letGo(): void {
    this.#waitingBytes = 0;
    for (const [key, updates] of this.#waiting) {
      const last = updates.at(-1) as PartialUpdate;
      const stand = { ...last, from: last.to, windows: [] };
      this.#waiting.set(key, [stand]);
      this.#waitingBytes += bytesOf(stand);
    }
  }

  #flush(): void {
    if (this.#gateway === undefined || !this.#following) return;
    if (this.#stateDue) this.#sendState(this.#gateway);
    if (this.#holdsCredit) this.#sendPartials(this.#gateway);
  }

  #sendState(gateway: GatewayPort): void {
    const partitions = [...this.#heard].map(([key, { topic, partition, epoch, seq }]) => ({
      topic,
      partition,
      epoch,
      // What waits goes on from there.
      seq: this.#waiting.get(key)?.[0]?.from ?? seq,
    }));
    gateway.postMessage({ type: 'lane-state', lane: BUS, partitions, refresh: this.#refreshDue });
    this.#stateDue = false;
    this.#refreshDue = false;
    this.#holdsCredit = false;
  }

  #sendPartials(gateway: GatewayPort): void {
    const updates = [...this.#waiting.values()].flat();
    const ends = [...this.#newEnds].map((key) => this.#ends.get(key) as Offset);
    if (updates.length === 0 && ends.length === 0) return;
    this.#holdsCredit = false;
    this.#dropWaiting();
    this.#newEnds.clear();
    gateway.postMessage({ type: 'partials', lane: BUS, updates, appendedAt: [], ends });
  }

  #dropWaiting(): void {
    this.#waiting.clear();
    this.#waitingBytes = 0;
  }
}

function bytesOf({ windows }: PartialUpdate): number {
  return UPDATE_BYTES + windows.reduce((sum, { packed }) => sum + packed.length, 0);
}
