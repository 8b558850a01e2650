/**
 * Records that kill whoever handles them: how shared memory names a record in work, which records are to be passed, and
 * the fault that makes an order one of them.
 */
import { type EventBatch, KIND, selectRows, viewBatch } from './batch.ts';
import { AppError } from './errors.ts';
import type { DeadLetter, TopicPartition } from './event.ts';
import type { Death } from './fault.ts';
import { readFrames } from './frames.ts';
import { ID_SEEDS, murmur3 } from './hash.ts';
import type { BatchMessage } from './message.ts';
import { excerptOf, readRecord } from './record.ts';

/** Where an actor says which record it handles; -1 is none. */
export type WorkMeter = {
  working(offset: number, slot?: number): void;
  workingOn(offset: number): void;
};

export const NO_METER: WorkMeter = { working: () => {}, workingOn: () => {} };

/** More than a topic can have partitions. */
const SLOTS_A_TOPIC = 2 ** 20;

/** The number of a topic-partition, the same in every process that reads these topics. */
export function slotOf({ topic, partition }: TopicPartition, topics: readonly string[]): number {
  return topics.indexOf(topic) * SLOTS_A_TOPIC + partition;
}

/** What a supervisor tells of work that has killed twice. */
export type Suspect = {
  readonly work: { readonly offset: number; readonly slot: number };
  readonly deaths: number;
  readonly error: string;
};

/** A record that is to be passed, and why. */
export type Poison = { readonly attempts: number; readonly error: string };

const NONE: ReadonlyMap<number, Poison> = new Map();

/** Records to be passed, by offset. */
export class PoisonedRecords {
  readonly #topics: readonly string[];
  readonly #bySlot = new Map<number, Map<number, Poison>>();

  constructor(suspects: readonly Suspect[], topics: readonly string[]) {
    this.#topics = topics;
    for (const { work, deaths, error } of suspects) {
      const offsets = this.#bySlot.get(work.slot) ?? new Map<number, Poison>();
      offsets.set(work.offset, { attempts: deaths, error });
      this.#bySlot.set(work.slot, offsets);
    }
  }

  slotOf(partition: TopicPartition): number {
    return slotOf(partition, this.#topics);
  }

  /** Those of a topic-partition; mostly there are none, and that costs nothing. */
  of(partition: TopicPartition): ReadonlyMap<number, Poison> {
    if (this.#bySlot.size === 0) return NONE;
    return this.#bySlot.get(this.slotOf(partition)) ?? NONE;
  }
}

/** The dead letter of a whole record; `bytes` are the record's. */
export function poisonLetter(bytes: Uint8Array, { attempts, error }: Poison) {
  return { element: -1, reason: 'poison', field: null, excerpt: excerptOf(bytes), attempts, error } as const;
}

/**
 * The batch without the poisoned records: each is one dead letter as a whole, whatever it holds, as it cannot be taken
 * apart without handling it. `unpack` undoes the compression of a batch's frames.
 */
export function parkRecords(
  batch: BatchMessage,
  poisoned: ReadonlyMap<number, Poison>,
  unpack: (zstd: Uint8Array) => Uint8Array,
): BatchMessage {
  const { base, records } = batch;
  const isParked = (offset: number) => poisoned.has(offset) && offset < base + records;
  if (![...poisoned.keys()].some((offset) => offset >= base && isParked(offset))) return batch;
  const events = viewBatch(batch.buffer, batch.rows, batch.items, batch.strings);
  const rows: number[] = [];
  let parkedEvents = 0;
  for (let row = 0; row < events.rows; row++) {
    if (!isParked(base + (events.record[row] as number))) rows.push(row);
    else if (events.part[row] === 0) parkedEvents++;
  }
  const others = batch.dead.filter(({ offset }) => !isParked(offset));
  parkedEvents += batch.dead.length - others.length;
  const letters = lettersOf(batch, poisoned, unpack);
  const { buffer } = selectRows(events, rows);
  return {
    ...batch,
    events: batch.events - parkedEvents + letters.length,
    rows: rows.length,
    buffer,
    dead: [...others, ...letters].sort((a, b) => a.offset - b.offset || a.element - b.element),
  };
}

function lettersOf(
  { topic, partition, base, frames, zstd }: BatchMessage,
  poisoned: ReadonlyMap<number, Poison>,
  unpack: (zstd: Uint8Array) => Uint8Array,
): DeadLetter[] {
  const plain = zstd ? unpack(frames) : frames;
  const letters: DeadLetter[] = [];
  let offset = base;
  for (const { start, end, at } of readFrames(plain)) {
    const poison = poisoned.get(offset);
    if (poison !== undefined)
      letters.push({ topic, partition, offset, at, ...poisonLetter(plain.subarray(start, end), poison) });
    offset++;
  }
  return letters;
}

/** What the owner of the tree leaves for an actor that is to die of some orders. */
export type PoisonNote = { readonly poisoned: Readonly<Record<string, Death>> };

/** The fault `poison`: finds the orders that the actor is to die of. */
export class PoisonedOrders {
  readonly #byId: ReadonlyMap<string, Death>;
  /** By both halves of each id's hash, as columns carry them. */
  readonly #deaths: ReadonlyMap<string, Death>;

  constructor(note: unknown) {
    const poisoned = (note as PoisonNote | null | undefined)?.poisoned ?? {};
    this.#byId = new Map(Object.entries(poisoned));
    this.#deaths = new Map([...this.#byId].map(([id, death]) => [hashOf(id), death]));
  }

  get none(): boolean {
    return this.#byId.size === 0;
  }

  of(id: string): Death | undefined {
    return this.#byId.get(id);
  }

  /** Of the first such order in frames that nobody has read yet. */
  inFrames(frames: Uint8Array): Death | undefined {
    if (this.none) return undefined;
    for (const { start, end } of readFrames(frames)) {
      const content = readRecord(frames.subarray(start, end));
      const readings = content.type === 'event' ? [content.reading] : content.type === 'array' ? content.readings : [];
      for (const reading of readings) {
        const row = reading.problem === undefined ? reading.rows[0] : undefined;
        const death = row?.kind === 'order' ? this.#byId.get(row.order) : undefined;
        if (death !== undefined) return death;
      }
    }
    return undefined;
  }

  /** The first such order in the batch. */
  first({ base, buffer, rows, items, strings }: BatchMessage): { offset: number; death: Death } | undefined {
    if (this.none) return undefined;
    const { kind, record, idLow, idHigh }: EventBatch = viewBatch(buffer, rows, items, strings);
    for (let row = 0; row < rows; row++) {
      const death = kind[row] === KIND.order ? this.#deaths.get(`${idLow[row]}:${idHigh[row]}`) : undefined;
      if (death !== undefined) return { offset: base + (record[row] as number), death };
    }
    return undefined;
  }
}

function hashOf(id: string): string {
  const bytes = new TextEncoder().encode(id);
  return `${murmur3(bytes, 0, bytes.length, ID_SEEDS.low)}:${murmur3(bytes, 0, bytes.length, ID_SEEDS.high)}`;
}

/** Of each end of a message's parts: enough to tell messages apart, little enough for every one of them. */
const NAMED_BY_BYTES = 512;

/** What a message is called where records are called by their offset: by its bytes, so it is the same when it comes again. */
export function messageName(parts: readonly Uint8Array[]): number {
  let [low, high] = [parts.length, ID_SEEDS.high as number];
  for (const part of parts) {
    low = murmur3(part, 0, Math.min(part.length, NAMED_BY_BYTES), low ^ part.length);
    high = murmur3(part, Math.max(0, part.length - NAMED_BY_BYTES), part.length, high ^ part.length);
  }
  return (low >>> 0) + (high & 0xffff) * 2 ** 32;
}

/** Messages that have ended whoever handled them: refused unhandled, whoever sends them again. */
export class PoisonedMessages {
  readonly #byName: ReadonlyMap<number, Suspect>;

  constructor(suspects: readonly Suspect[]) {
    this.#byName = new Map(suspects.map((suspect) => [suspect.work.offset, suspect]));
  }

  refusalOf(name: number): AppError | undefined {
    const suspect = this.#byName.get(name);
    if (suspect === undefined) return undefined;
    const { deaths, error } = suspect;
    const text = `Cannot take this as it has ended its actor ${deaths} times: current value led to ${error}`;
    return new AppError('bad-message', text, { retryable: false });
  }
}
