/**
 * Records of an archive back into a log: every record in its own topic-partition, in the order of its offsets, with
 * its own time. So every event that was late is late again, and nothing else is.
 */
import { existsSync, readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../../protocol/errors.ts';
import { partitionKey, type TopicPartition } from '../../protocol/event.ts';
import { FrameWriter } from '../../protocol/frames.ts';
import { indexPathOf } from '../archive/paths.ts';
import { mergeRecords, type RawRecord, readRawFile } from '../archive/raw-file.ts';
import type { LogWriter } from '../ports/event-log.ts';

/** The files of one batch: one a day. */
export type RawBatch = TopicPartition & { readonly fromOffset: number; readonly files: readonly string[] };

export type ArchiveReplay = {
  readonly records: number;
  /** Offsets that no file holds: what the log had lost, or files that are missing here. */
  readonly missing: number;
};

const FLUSH_BYTES = 2 * 1024 * 1024;
const FILE = /^part-(.+)-(\d+)-(\d+)-(\d+)\.ndjson\.zst$/;

/** The folder of raw events in an archive, given that or the archive itself; undefined where the folder is neither. */
export function rawFolderOf(folder: string): string | undefined {
  const inside = join(folder, 'raw');
  return [inside, folder].find((each) => existsSync(each) && batchesIn(each).length > 0);
}

/** All batches, by topic-partition and offset. */
export function batchesIn(rawFolder: string): RawBatch[] {
  const batches = new Map<string, TopicPartition & { fromOffset: number; files: string[] }>();
  for (const path of readdirSync(rawFolder, { recursive: true, encoding: 'utf8' })) {
    const [topic = '', , name = ''] = path.replaceAll('\\', '/').split('/');
    const [, named, ofBatch, fromOffset, partition] = FILE.exec(name) ?? [];
    if (named !== topic || ofBatch !== partition) continue;
    const key = `${topic}/${partition}/${fromOffset}`;
    const batch = batches.get(key) ?? {
      topic,
      partition: Number(partition),
      fromOffset: Number(fromOffset),
      files: [],
    };
    batch.files.push(join(rawFolder, path));
    batches.set(key, batch);
  }
  return [...batches.values()].sort(
    (a, b) =>
      (a.topic < b.topic ? -1 : a.topic > b.topic ? 1 : 0) || a.partition - b.partition || a.fromOffset - b.fromOffset,
  );
}

/** Into a log that holds nothing yet of these topic-partitions: their offsets begin anew. */
export async function replayArchive(
  batches: readonly RawBatch[],
  writer: LogWriter,
  onProgress: (records: number, batches: number) => void,
): Promise<ArchiveReplay> {
  checkPlaces(batches, await writer.extents());
  let records = 0;
  let missing = 0;
  let done = 0;
  const next = new Map<string, number>();
  for (const batch of batches) {
    const out = new Appender(writer, batch);
    let expected = next.get(partitionKey(batch)) ?? 0;
    for (const { offset, at, bytes } of await recordsOf(batch)) {
      // Left behind by a batch that was cut off and planned anew: the same record stands in another file too.
      if (offset < expected) continue;
      missing += offset - expected;
      expected = offset + 1;
      records++;
      if (out.add(bytes, at)) await out.flush();
    }
    await out.flush();
    next.set(partitionKey(batch), expected);
    onProgress(records, ++done);
  }
  return { records, missing };
}

async function recordsOf({ files }: RawBatch): Promise<Generator<RawRecord>> {
  const read = async (path: string) => readRawFile(await readFile(path), await readFile(indexPathOf(path)));
  return mergeRecords(await Promise.all(files.map(read)));
}

class Appender {
  #writer: LogWriter;
  #place: TopicPartition;
  #frames = new FrameWriter();

  constructor(writer: LogWriter, { topic, partition }: TopicPartition) {
    this.#writer = writer;
    this.#place = { topic, partition };
  }

  /** Answers whether it is time to flush. */
  add(record: Uint8Array, at: number): boolean {
    this.#frames.add(record, at);
    return this.#frames.byteLength >= FLUSH_BYTES;
  }

  async flush(): Promise<void> {
    const { count } = this.#frames;
    if (count > 0) await this.#writer.append([{ ...this.#place, count, frames: this.#frames.take() }]);
  }
}

function checkPlaces(
  batches: readonly RawBatch[],
  extents: readonly (TopicPartition & { readonly end: number })[],
): void {
  const ends = new Map(extents.map((extent) => [partitionKey(extent), extent.end]));
  for (const batch of batches) {
    const key = partitionKey(batch);
    const end = ends.get(key);
    if (end === undefined) {
      throw new AppError(
        'bad-parameter',
        `Cannot replay the archive as the log has no ${key}: see PULSO_TOPICS and PULSO_PARTITIONS`,
      );
    }
    if (end > 0) {
      throw new AppError(
        'conflict',
        `Cannot replay the archive as the log must hold nothing of ${key}: current end is ${end}`,
      );
    }
  }
}
