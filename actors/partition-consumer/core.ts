/**
 * Turns chunks of the log into batches of columns, within the credits of one session.
 * A session is one set of positions from the aggregator: what belongs to an earlier one is never sent.
 */
import { BatchDecoder } from '../../protocol/decode.ts';
import { readFrames } from '../../protocol/frames.ts';
import type { BatchMessage, ConsumerRequest, Offset } from '../../protocol/message.ts';
import { NO_METER, PoisonedRecords, type WorkMeter } from '../../protocol/poison.ts';
import type { LogChunk } from '../ports/event-log.ts';

/** Packs raw frames for the store; the real one is zstd. */
export type Compress = (frames: Uint8Array) => Uint8Array;

/** Below this, compression costs more than it saves. */
const COMPRESS_FROM_BYTES = 2048;

export type ConsumerSettings = {
  readonly futureMs: number;
  readonly compress: Compress;
  /** Records that are passed unread. */
  readonly poisoned?: PoisonedRecords;
  /** Is told which record is in work. */
  readonly meter?: WorkMeter;
};

const NOTHING_POISONED = new PoisonedRecords([], []);

export class ConsumerCore {
  #session = 0;
  #credits = 0;
  #compress: Compress;
  #decoder: BatchDecoder;
  #poisoned: PoisonedRecords;
  #meter: WorkMeter;

  constructor(settings: ConsumerSettings) {
    this.#poisoned = settings.poisoned ?? NOTHING_POISONED;
    this.#meter = settings.meter ?? NO_METER;
    this.#compress = settings.compress;
    this.#decoder = new BatchDecoder({ futureMs: settings.futureMs });
  }

  get session(): number {
    return this.#session;
  }

  get credits(): number {
    return this.#credits;
  }

  get mayRead(): boolean {
    return this.#credits > 0;
  }

  /** A new set of positions: forgets the credits of the last one. */
  begin({ session, credits }: Extract<ConsumerRequest, { type: 'positions' }>): void {
    this.#session = session;
    this.#credits = credits;
  }

  /** The link is gone: nothing may be sent until new positions come. */
  halt(): void {
    this.#session = 0;
    this.#credits = 0;
  }

  applied({ session, batches }: Extract<ConsumerRequest, { type: 'applied' }>): void {
    if (session === this.#session) this.#credits += batches;
  }

  /** Decodes a chunk into the message that carries it, and spends a credit on it. */
  decode(chunk: LogChunk): BatchMessage {
    const { topic, partition, base, next } = chunk;
    const poisoned = this.#poisoned.of(chunk);
    let index = 0;
    let appendedAt = 0;
    this.#meter.working(base, this.#poisoned.slotOf(chunk));
    for (const { start, end, at } of readFrames(chunk.frames)) {
      this.#meter.workingOn(base + index);
      const poison = poisoned.size === 0 ? undefined : poisoned.get(base + index);
      if (poison === undefined) this.#decoder.add(chunk.frames, start, end, index, at);
      else this.#decoder.park(chunk.frames, start, end, { record: index, at }, poison);
      appendedAt = Math.max(appendedAt, at);
      index++;
    }
    this.#meter.working(-1);
    const { batch, dead, events } = this.#decoder.take({ topic, partition, base });
    const zstd = chunk.frames.length >= COMPRESS_FROM_BYTES;
    this.#credits--;
    return {
      type: 'batch',
      topic,
      partition,
      session: this.#session,
      base,
      next,
      records: index,
      events,
      rows: batch.rows,
      items: batch.items,
      buffer: batch.buffer,
      strings: batch.strings,
      dead,
      zstd,
      // A copy of its own: it is transferred, and what drivers hand out may be part of a larger buffer.
      frames: new Uint8Array(zstd ? this.#compress(chunk.frames) : chunk.frames),
      appendedAt,
    };
  }
}

/** How far a lane is behind: records between what is committed and the ends of the log. */
export function lagOf(
  ends: readonly Offset[],
  committed: ReadonlyMap<string, number>,
  keyOf: (at: Offset) => string,
): number {
  let lag = 0;
  for (const end of ends) {
    const done = committed.get(keyOf(end));
    if (done !== undefined) lag += Math.max(0, end.offset - done);
  }
  return lag;
}
