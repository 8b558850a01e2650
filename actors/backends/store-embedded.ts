/**
 * The embedded store as aggregators see it: one SQLite file a partition index. What one call of `commit` holds for a
 * file is one transaction, fence checks included, so a killed process or a fenced owner leaves nothing half.
 */
import { AppError } from '../../protocol/errors.ts';
import { partitionKey, type TopicPartition } from '../../protocol/event.ts';
import type {
  Owner,
  PartitionCommit,
  PartitionPruner,
  PartitionState,
  PartitionStore,
  RawChunk,
} from '../ports/hot-store.ts';
import type { PartitionFile, PartitionFiles } from './partition-file.ts';
import type { SqliteFile } from './sqlite-file.ts';
import { dropRawSlice, dropWindowsSlice, vacuumSlice } from './store-embedded-prune.ts';
import { addToSums, horizonOf } from './store-embedded-raw-sums.ts';
import {
  type EmbeddedStoreConfig,
  insertState,
  moveOn,
  rawKey,
  readStates,
  storeFiles,
} from './store-embedded-schema.ts';

const WRITE_WINDOW = `
  INSERT INTO window (topic, start, seq, packed) VALUES (?, ?, ?, ?)
    ON CONFLICT (topic, start) DO UPDATE SET seq = excluded.seq, packed = excluded.packed`;
const WRITE_DEDUP = 'INSERT INTO dedup VALUES (?, ?) ON CONFLICT (topic) DO UPDATE SET ids = excluded.ids';

export class EmbeddedPartitionStore implements PartitionStore, PartitionPruner {
  #opener: PartitionFiles;
  /** Opened when first asked for: a lane has only some partitions. */
  #files = new Map<number, PartitionFile>();

  constructor(config: EmbeddedStoreConfig) {
    this.#opener = storeFiles(config);
  }

  async open(partition: TopicPartition): Promise<PartitionState> {
    const [opened, topicId] = this.#find(partition);
    const { file } = opened;
    return file.transaction(() => {
      insertState(file, topicId);
      file.run('UPDATE partition SET epoch = epoch + 1 WHERE topic = ?', topicId);
      return readStates(opened, topicId)[0] as PartitionState;
    });
  }

  async window(partition: TopicPartition, start: number): Promise<Uint8Array | undefined> {
    const [{ file }, topicId] = this.#find(partition);
    const sql = 'SELECT packed FROM window WHERE topic = ? AND start = ?';
    return file.row<{ packed: Uint8Array }>(sql, topicId, start)?.packed;
  }

  async commit(commits: readonly PartitionCommit[]): Promise<void> {
    for (const [index, group] of Map.groupBy(commits, ({ partition }) => partition)) {
      const { file, topics } = this.#fileOf(index);
      file.transaction(() => {
        for (const commit of group) writeCommit(file, topicIdOf(topics, commit), commit);
      });
    }
  }

  async dropRaw(owner: Owner, horizon: number): Promise<boolean> {
    const [{ file }, topicId] = this.#find(owner);
    const gone = file.transaction(() => {
      checkOwner(file, topicId, owner);
      return dropRawSlice(file, topicId, horizon);
    });
    return vacuumSlice(file) && gone;
  }

  async dropWindows(owner: Owner, end: number): Promise<boolean> {
    const [{ file }, topicId] = this.#find(owner);
    const gone = file.transaction(() => {
      checkOwner(file, topicId, owner);
      return dropWindowsSlice(file, topicId, end);
    });
    return vacuumSlice(file) && gone;
  }

  async close(): Promise<void> {
    for (const { file } of this.#files.values()) file.close();
    this.#files.clear();
  }

  #find(partition: TopicPartition): [PartitionFile, number] {
    const opened = this.#fileOf(partition.partition);
    return [opened, topicIdOf(opened.topics, partition)];
  }

  #fileOf(partition: number): PartitionFile {
    let opened = this.#files.get(partition);
    if (opened === undefined) {
      opened = this.#opener.openToWrite(partition);
      this.#files.set(partition, opened);
    }
    return opened;
  }
}

function topicIdOf(topics: ReadonlyMap<string, number>, { topic }: TopicPartition): number {
  const id = topics.get(topic);
  if (id === undefined) throw new RangeError(`Cannot store topic ${topic} as it is not configured`);
  return id;
}

function writeCommit(file: SqliteFile, topicId: number, commit: PartitionCommit): void {
  if (!moveOn(file, topicId, commit)) throw fenced(file, topicId, commit);
  if (commit.dedup !== null) file.run(WRITE_DEDUP, topicId, commit.dedup);
  for (const { start, packed } of commit.windows) file.run(WRITE_WINDOW, topicId, start, commit.seq, packed);
  if (commit.raw.length > 0) {
    checkAboveHorizon(file, topicId, commit);
    for (const chunk of commit.raw) writeRaw(file, topicId, chunk);
    addToSums(file, topicId, commit.raw);
  }
  for (const { offset, element, reason, field, excerpt, at, attempts = null, error = null } of commit.deadLetters) {
    file.run(
      'INSERT INTO dead_letter VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)',
      topicId,
      offset,
      element,
      reason,
      field,
      excerpt,
      at,
      attempts,
      error,
    );
  }
}

function writeRaw(file: SqliteFile, topicId: number, chunk: RawChunk): void {
  const key = rawKey(topicId, chunk.base);
  file.run('INSERT INTO raw VALUES (?, ?, ?, ?, ?)', key, chunk.next, chunk.records, Number(chunk.zstd), chunk.frames);
  if (chunk.orders === 0) return;
  const { buffer, byteOffset, byteLength } = chunk.orderHashes;
  const hashes = new Uint8Array(buffer, byteOffset, byteLength);
  const marks = chunk.marks.length === 0 ? null : JSON.stringify(chunk.marks);
  file.run(
    'INSERT INTO raw_orders VALUES (?, ?, ?, ?, ?, ?)',
    key,
    chunk.orders,
    chunk.minTime,
    chunk.maxTime,
    hashes,
    marks,
  );
}

/** What is archived must not come back: it would be there twice. */
function checkAboveHorizon(file: SqliteFile, topicId: number, commit: PartitionCommit): void {
  const horizon = horizonOf(file, topicId);
  const below = commit.raw.find(({ base }) => base < horizon);
  if (below === undefined) return;
  throw new AppError(
    'data-mismatch',
    `Cannot commit raw events of ${partitionKey(commit)} from offset ${below.base} on as all below ${horizon} are archived`,
  );
}

function checkOwner(file: SqliteFile, topicId: number, owner: Owner): void {
  const stored = file.row<{ epoch: number }>('SELECT epoch FROM partition WHERE topic = ?', topicId);
  if (stored?.epoch === owner.epoch) return;
  throw new AppError(
    'fenced',
    `Cannot let go of anything of ${partitionKey(owner)} as epoch ${owner.epoch} is not its newest: ${stored?.epoch ?? 'none'} is`,
  );
}

function fenced(file: SqliteFile, topicId: number, commit: PartitionCommit): AppError {
  const stored = file.row<{ epoch: number; seq: number }>('SELECT epoch, seq FROM partition WHERE topic = ?', topicId);
  const found = stored === undefined ? 'no state' : `epoch ${stored.epoch}, commit ${stored.seq}`;
  return new AppError(
    'fenced',
    `Cannot commit ${partitionKey(commit)} as epoch ${commit.epoch}, commit ${commit.seq} does not follow what is stored: ${found}`,
  );
}
