/**
 * The one writer of the embedded log. A call of `append` is one transaction for each file it touches; when one of
 * them fails nothing is acknowledged, and the records of the others are in the log all the same (at least once).
 */
import { AppError } from '../../protocol/errors.ts';
import { partitionKey } from '../../protocol/event.ts';
import type { Append, LogExtent, LogWriter, Position } from '../ports/event-log.ts';
import {
  checkWriterEpoch,
  type EmbeddedLogConfig,
  logFiles,
  type TopicTable,
  takeWriterEpoch,
  topicTables,
} from './event-log-embedded-file.ts';
import { cutRows, encodeRow, joinBytes, type LogRow } from './event-log-embedded-rows.ts';
import type { PartitionFile } from './partition-file.ts';
import type { SqliteFile } from './sqlite-file.ts';

/** Bytes that one call of `retain` deletes at most: about 20 ms. */
const RETAIN_BYTES = 64 * 1024 * 1024;
/** Appends use free pages again, so the disk gets back only what is more than an eighth of the file. */
const FREE_SHARE = 8;
const FREE_PAGES = 1024;
/** Pages given back in a call: about 10 ms. */
const VACUUM_PAGES = 250;

type Target = { readonly table: TopicTable; readonly file: SqliteFile; readonly epoch: number; end: number };
type Pending = { readonly target: Target; readonly parts: Uint8Array[]; count: number };

export class EmbeddedLogWriter implements LogWriter {
  #files: PartitionFile[];
  #targets = new Map<string, Target>();
  #logBytes: number;
  #now: () => number;

  constructor(config: EmbeddedLogConfig, now: () => number = Date.now) {
    this.#logBytes = config.logBytes;
    this.#now = now;
    this.#files = logFiles(config).openAllToWrite();
    for (const file of this.#files) {
      // Before the ends are read: from here on nobody else moves them.
      const epoch = takeWriterEpoch(file);
      for (const table of topicTables(file, config.topics)) {
        this.#targets.set(partitionKey(table), { table, file: file.file, epoch, end: table.end() });
      }
    }
  }

  async append(appends: readonly Append[]): Promise<readonly number[]> {
    const pending = new Map<Target, Pending>();
    const firsts = appends.map((append) => this.#collect(append, pending));
    const rows = [...pending.values()].map((group) => ({ target: group.target, rows: this.#rowsOf(group) }));
    const byFile = Map.groupBy(rows, ({ target }) => target.file);
    for (const [file, groups] of byFile) {
      file.transaction(() => {
        checkWriterEpoch(file, groups[0]?.target.epoch ?? 0);
        for (const { target, rows } of groups) for (const row of rows) target.table.insert(row);
      });
      for (const { target, rows } of groups) target.end += rows.reduce((sum, { count }) => sum + count, 0);
    }
    return firsts;
  }

  /** Puts the append behind what its topic-partition gets in this call; answers its first offset. */
  #collect({ topic, partition, frames, count }: Append, pending: Map<Target, Pending>): number {
    const target = this.#targets.get(partitionKey({ topic, partition }));
    if (target === undefined) {
      throw new AppError('bad-message', `Cannot append to ${topic}/${partition} as the log has no such partition`);
    }
    const group = pending.get(target) ?? { target, parts: [], count: 0 };
    pending.set(target, group);
    const first = target.end + group.count;
    group.parts.push(frames);
    group.count += count;
    return first;
  }

  #rowsOf({ target, parts, count }: Pending): LogRow[] {
    const [only] = parts;
    const frames = parts.length === 1 && only !== undefined ? only : joinBytes(parts);
    const rows: LogRow[] = [];
    let base = target.end;
    let at = 0;
    for (const cut of cutRows(frames, count, this.#now())) {
      rows.push(encodeRow(base, cut.count, frames.subarray(at, at + cut.bytes)));
      base += cut.count;
      at += cut.bytes;
    }
    return rows;
  }

  async retain(consumed: readonly Position[]): Promise<number> {
    const excess = this.#usedBytes() - this.#logBytes;
    if (excess > 0) this.#release(consumed, Math.min(excess, RETAIN_BYTES));
    for (const { file } of this.#files) {
      const spare = file.freePages() - Math.max(FREE_PAGES, file.pages() / FREE_SHARE);
      if (spare > 0) file.vacuum(Math.min(VACUUM_PAGES, Math.ceil(spare)));
    }
    return this.#usedBytes();
  }

  /** Takes from every topic-partition alike, so that none loses its history before the others. */
  #release(consumed: readonly Position[], excess: number): void {
    const share = Math.ceil(excess / Math.max(1, consumed.length));
    let left = excess;
    for (const position of consumed) {
      if (left <= 0) return;
      left -= this.#targets.get(partitionKey(position))?.table.release(position.offset, Math.min(share, left)) ?? 0;
    }
  }

  #usedBytes(): number {
    return this.#files.reduce((sum, { file }) => sum + file.usedBytes(), 0);
  }

  async extents(): Promise<readonly LogExtent[]> {
    return [...this.#targets.values()].map(({ table }) => table.extent());
  }

  async close(): Promise<void> {
    for (const { file } of this.#files) file.close();
  }
}
