/**
 * Every record of an embedded log, read from its files without the product's reader: what the model counts when it
 * is not known what a producer got in. Offsets must be without a hole from 0 on.
 */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { zstdDecompressSync } from 'node:zlib';

export type LogRecord = { topic: string; partition: number; offset: number; at: number; bytes: Uint8Array };

type Row = { base: number; count: number; codec: number; payload: Uint8Array };

const ZSTD = 1;
const HEADER_BYTES = 12;

export function* readLog(dataDir: string): Generator<LogRecord> {
  const folder = join(dataDir, 'log');
  for (const name of readdirSync(folder).sort()) {
    const partition = /^p(\d+)\.db$/.exec(name)?.[1];
    if (partition === undefined) continue;
    const file = new DatabaseSync(join(folder, name), { readOnly: true });
    try {
      for (const { id, name: topic } of file.prepare('SELECT id, name FROM topic').all())
        yield* readTopic(file, `batch_${id}`, String(topic), Number(partition));
    } finally {
      file.close();
    }
  }
}

function* readTopic(file: DatabaseSync, table: string, topic: string, partition: number): Generator<LogRecord> {
  let offset = 0;
  const rows = file.prepare(`SELECT base, count, codec, payload FROM ${table} ORDER BY base`).all() as unknown as Row[];
  for (const { base, count, codec, payload } of rows) {
    if (base !== offset) throw new Error(`The log of ${topic}/${partition} has ${base} after ${offset - 1}`);
    for (const { at, bytes } of readFrames(codec === ZSTD ? zstdDecompressSync(payload) : payload))
      yield { topic, partition, offset: offset++, at, bytes };
    if (offset !== base + count) throw new Error(`The log of ${topic}/${partition} lacks records after ${base}`);
  }
}

/** u32 length, f64 time, record; little endian, back to back. */
function* readFrames(frames: Uint8Array): Generator<{ at: number; bytes: Uint8Array }> {
  const view = new DataView(frames.buffer, frames.byteOffset, frames.byteLength);
  for (let start = 0; start < frames.length; ) {
    const end = start + HEADER_BYTES + view.getUint32(start, true);
    yield { at: view.getFloat64(start + 4, true), bytes: frames.subarray(start + HEADER_BYTES, end) };
    start = end;
  }
}
