/**
 * A reader of the embedded log over connections of its own, which never wait for the writer. It asks a file only when
 * it has reason to: after `notify` (the doorbell) or `refresh` (the poll behind it).
 */
import { AppError } from '../../protocol/errors.ts';
import { partitionKey } from '../../protocol/event.ts';
import type { LogChunk, LogExtent, LogSource, Position } from '../ports/event-log.ts';
import { type EmbeddedLogConfig, logFiles, TopicTable } from './event-log-embedded-file.ts';
import { decodeRow, fitFrames, joinBytes, skipFrames } from './event-log-embedded-rows.ts';
import type { PartitionFile, PartitionFiles } from './partition-file.ts';

type Records = { readonly frames: Uint8Array; readonly count: number };

type Place = {
  readonly table: TopicTable;
  offset: number;
  /** As far as is known; the log may have more. */
  end: number;
  /** What is left of a row that was larger than what was asked for. */
  rest: Records | undefined;
};

export class EmbeddedLogSource implements LogSource {
  #opener: PartitionFiles;
  #files = new Map<number, PartitionFile>();
  #places: Place[] = [];
  #byKey = new Map<string, Place>();
  #turn = 0;
  #stale = false;

  constructor(config: EmbeddedLogConfig) {
    this.#opener = logFiles(config);
  }

  async seek(positions: readonly Position[]): Promise<void> {
    this.#places = positions.map((position) => this.#placeOf(position));
    this.#byKey = new Map(this.#places.map((place) => [partitionKey(place.table), place]));
    this.#turn = 0;
    this.#stale = false;
  }

  #placeOf({ topic, partition, offset }: Position): Place {
    const table = this.#tableOf(topic, partition);
    const { start, end } = table.extent();
    if (offset < start) {
      throw new AppError(
        'data-mismatch',
        `Cannot read ${table.name} from offset ${offset} as the log begins at ${start}`,
      );
    }
    if (offset > end) {
      throw new AppError('data-mismatch', `Cannot read ${table.name} from offset ${offset} as the log ends at ${end}`);
    }
    return { table, offset, end, rest: undefined };
  }

  #tableOf(topic: string, partition: number): TopicTable {
    const file = this.#files.get(partition) ?? this.#opener.openToRead(partition);
    this.#files.set(partition, file);
    if (!file.topics.has(topic)) {
      throw new AppError('data-mismatch', `Cannot read ${topic}/${partition} as ${file.file.path} has no such topic`);
    }
    return new TopicTable(file, topic);
  }

  /** These have grown: no need to look them up. */
  notify(ends: readonly Position[]): void {
    for (const position of ends) {
      const place = this.#byKey.get(partitionKey(position));
      if (place !== undefined) place.end = Math.max(place.end, position.offset);
    }
  }

  /** Some may have grown unheard: the next `take` that finds nothing looks them up. */
  refresh(): void {
    this.#stale = true;
  }

  async take(maxBytes: number): Promise<LogChunk | undefined> {
    const place = this.#next() ?? (this.#lookAgain() ? this.#next() : undefined);
    return place === undefined ? undefined : read(place, maxBytes);
  }

  #next(): Place | undefined {
    for (let step = 0; step < this.#places.length; step++) {
      const index = (this.#turn + step) % this.#places.length;
      const place = this.#places[index] as Place;
      if (place.offset >= place.end) continue;
      this.#turn = index + 1;
      return place;
    }
    return undefined;
  }

  #lookAgain(): boolean {
    if (!this.#stale) return false;
    this.#stale = false;
    for (const place of this.#places) place.end = place.table.end();
    return true;
  }

  async extents(): Promise<readonly LogExtent[]> {
    return this.#places.map(({ table }) => table.extent());
  }

  async close(): Promise<void> {
    for (const { file } of this.#files.values()) file.close();
    this.#files.clear();
    this.#places = [];
    this.#byKey.clear();
  }
}

/** At least one record, and as many more as fit and are known of. */
function read(place: Place, maxBytes: number): LogChunk {
  const { table, offset: base } = place;
  const parts: Uint8Array[] = [];
  let bytes = 0;
  while (place.offset < place.end) {
    const records = place.rest ?? load(table, place.offset);
    let fit = fitFrames(records.frames, maxBytes - bytes);
    if (fit.count === 0 && parts.length === 0) fit = { bytes: skipFrames(records.frames, 1), count: 1 };
    if (fit.count > 0) parts.push(records.frames.subarray(0, fit.bytes));
    bytes += fit.bytes;
    place.offset += fit.count;
    place.rest = undefined;
    if (fit.count < records.count) {
      place.rest = { frames: records.frames.subarray(fit.bytes), count: records.count - fit.count };
      break;
    }
  }
  const { topic, partition } = table;
  return { topic, partition, base, next: place.offset, frames: joinBytes(parts), count: place.offset - base };
}

/** The records of the row that holds this offset, from it on. */
function load(table: TopicTable, offset: number): Records {
  const row = table.rowAt(offset);
  if (row === undefined) {
    const { start, end } = table.extent();
    throw new AppError(
      'data-mismatch',
      `Cannot read ${table.name} at offset ${offset} as it is not in the log: the log holds ${start} to ${end}`,
    );
  }
  const frames = decodeRow(row, table.name);
  const skipped = offset - row.base;
  return { frames: frames.subarray(skipFrames(frames, skipped)), count: row.count - skipped };
}
