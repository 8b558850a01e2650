/** The fault `poison`: orders that an actor dies of, told by a note of its supervisor's owner. */
import { type EventBatch, KIND, viewBatch } from './batch.ts';
import type { Death } from './fault.ts';
import { readFrames } from './frames.ts';
import { ID_SEEDS, murmur3 } from './hash.ts';
import type { BatchMessage } from './message.ts';
import { readRecord } from './record.ts';

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
