/**
 * Records that kill whoever handles them: how shared memory names a record in work, which records are to be passed, and
 * what becomes of them.
 */
import { selectRows, viewBatch } from './batch.ts';
import type { DeadLetter, TopicPartition } from './event.ts';
import { readFrames } from './frames.ts';
import type { BatchMessage } from './message.ts';
import { excerptOf } from './record.ts';

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
