/**
 * The archiver's work without its thread, per CPU second: orders of some 400 bytes stand in the store as compressed chunks of
 * 600; they are read, decoded, written as Parquet and raw NDJSON, read back and compared.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { zstdCompressSync } from 'node:zlib';
import { dayIn } from '../../actors/archive/days.ts';
import { verifyBatch } from '../../actors/archive/verify-batch.ts';
import { type Draft, writeBatch } from '../../actors/archive/write-batch.ts';
import type { RawChunk } from '../../actors/ports/hot-store.ts';
import { FrameWriter } from '../../protocol/frames.ts';
import { archiveBatch } from '../contracts/archive-manifest.ts';
import { canonicalOrder } from './decode.ts';
import { type Figure, perCpuSecond } from './figures.ts';

const ORDERS = 120_000;
const CHUNK = 600;
const ROUNDS = 3;
const LOGGED_AT = 1_763_700_000_000;
const UNIT = 'rows per CPU second';

export async function benchArchive(): Promise<Figure[]> {
  const chunks = storedChunks();
  const source = {
    raw: async (_: unknown, from: number) => chunks.slice(Math.floor(from / CHUNK), Math.floor(from / CHUNK) + 20),
    deadLettersIn: async () => [],
  };
  const plan = archiveBatch(0, { toOffset: ORDERS });
  const dayOf = dayIn('America/Sao_Paulo');
  const rates = { write: 0, verify: 0 };
  let draft: Draft | undefined;
  for (let round = 0; round < ROUNDS; round++) {
    const write = await perCpuSecond(async () => {
      draft = await writeBatch(source, plan, dayOf, nextTurn);
      return draft.rows;
    });
    const { files, ...rest } = draft as Draft;
    const batch = { ...plan, ...rest, files };
    const contents = new Map(files.map(({ path, content }) => [path, content]));
    const verify = await perCpuSecond(async () => {
      await verifyBatch(batch, source, async ({ path }) => contents.get(path) as Uint8Array, { dayOf, turn: nextTurn });
      return batch.rows;
    });
    rates.write = Math.max(rates.write, write);
    rates.verify = Math.max(rates.verify, verify);
  }
  const bytes = (draft as Draft).files.reduce((sum, file) => sum + file.bytes, 0);
  return [
    { name: 'archive, write', value: rates.write, unit: UNIT },
    { name: 'archive, verify', value: rates.verify, unit: UNIT },
    { name: 'archive, both', value: 1 / (1 / rates.write + 1 / rates.verify), unit: UNIT },
    { name: 'archive, size', value: bytes / (draft as Draft).rows, unit: 'bytes per row' },
  ];
}

function storedChunks(): RawChunk[] {
  const encoder = new TextEncoder();
  const chunks: RawChunk[] = [];
  for (let base = 0; base < ORDERS; base += CHUNK) {
    const writer = new FrameWriter();
    for (let at = base; at < base + CHUNK; at++) writer.add(encoder.encode(canonicalOrder(at)), LOGGED_AT + at);
    const frames = new Uint8Array(zstdCompressSync(writer.take()));
    const hot = {
      zstd: true,
      frames,
      orders: CHUNK,
      minTime: 0,
      maxTime: 0,
      orderHashes: new Uint32Array(0),
      marks: [],
    };
    chunks.push({ base, next: base + CHUNK, records: CHUNK, ...hot });
  }
  return chunks;
}
