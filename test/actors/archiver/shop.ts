/** A data folder with a topic-partition of hostile events in its hot store, an archiver on it, and what must hold at any time. */
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { zstdDecompressSync } from 'node:zlib';
import { dayIn } from '../../../actors/archive/days.ts';
import { TableReader } from '../../../actors/archive/read-table.ts';
import { openRaw } from '../../../actors/archive/verify-batch.ts';
import { Archiver, type ArchiverPorts } from '../../../actors/archiver/archiver.ts';
import { Wanted } from '../../../actors/archiver/wanted.ts';
import { LocalArchiveFiles } from '../../../actors/backends/archive-local.ts';
import { EmbeddedPartitionStore } from '../../../actors/backends/store-embedded.ts';
import { EmbeddedFactStore } from '../../../actors/backends/store-embedded-facts.ts';
import { EmbeddedArchiveManifest } from '../../../actors/backends/store-embedded-manifest.ts';
import { EmbeddedRawReader } from '../../../actors/backends/store-embedded-raw.ts';
import { prepareStore } from '../../../actors/backends/store-embedded-schema.ts';
import type { ArchiveBatch } from '../../../actors/ports/archive.ts';
import { readFrames } from '../../../protocol/frames.ts';
import { commitAfter } from '../../contracts/commits.ts';
import { type Corpus, PLACE } from '../archive/corpus.ts';

const ZONE = 'America/Sao_Paulo';

export type Shop = { readonly dataDir: string; readonly partitions: number; readonly topics: readonly string[] };

export function shopIn(dataDir: string): Shop {
  return { dataDir, partitions: 1, topics: [PLACE.topic] };
}

export async function fill(shop: Shop, { chunks, dead, end }: Corpus): Promise<void> {
  prepareStore(shop);
  const store = new EmbeddedPartitionStore(shop);
  const state = await store.open(PLACE);
  await store.commit([commitAfter(state, { nextOffset: end, raw: chunks, deadLetters: dead })]);
  await store.close();
}

export type Opened = {
  readonly archiver: Archiver;
  readonly ports: ArchiverPorts;
  readonly changes: ArchiveBatch[];
  close(): Promise<void>;
};

/** An archiver as a process would have it, with ports that `around` may stand before. */
export async function open(
  shop: Shop,
  budget: number,
  around: (ports: ArchiverPorts) => ArchiverPorts = (ports) => ports,
): Promise<Opened> {
  const store = new EmbeddedPartitionStore(shop);
  const owner = await store.open(PLACE);
  const raw = new EmbeddedRawReader(shop);
  const manifest = new EmbeddedArchiveManifest(shop.dataDir);
  const facts = new EmbeddedFactStore(shop.dataDir);
  let nonces = 0;
  const ports: ArchiverPorts = around({
    raw,
    manifest,
    wanted: new Wanted(facts),
    files: new LocalArchiveFiles(join(shop.dataDir, 'archive')),
    dayOf: dayIn(ZONE),
    turn: nextTurn,
    now: Date.now,
    nonce: () => `${process.pid}n${Date.now().toString(36)}${nonces++}`,
    drop: async (_, horizon) => {
      while (!(await store.dropRaw(owner, horizon)));
      return true;
    },
  });
  const changes: ArchiveBatch[] = [];
  const archiver = new Archiver(ports, { budget, onChange: (batch) => changes.push(batch) });
  archiver.own([PLACE]);
  return {
    archiver,
    ports,
    changes,
    async close() {
      for (const part of [raw, manifest, facts, store]) await part.close();
    },
  };
}

/** Works until there is nothing to do; answers how often something was done. */
export async function workOff(archiver: Archiver): Promise<number> {
  let steps = 0;
  while (await archiver.work()) steps++;
  return steps;
}

/** As readers see it: below the horizon the archive, above it the hot store; all of it must be the corpus, each record once. */
export async function assertWhole(shop: Shop, corpus: Corpus): Promise<{ batches: readonly ArchiveBatch[] }> {
  const raw = new EmbeddedRawReader(shop);
  const manifest = new EmbeddedArchiveManifest(shop.dataDir);
  const files = new LocalArchiveFiles(join(shop.dataDir, 'archive'));
  const batches = await manifest.inState(['COMMITTED', 'DELETED']);
  const horizon = Math.max(0, ...batches.map(({ toOffset }) => toOffset));
  const found: string[] = [];
  let rows = 0;
  for (const batch of batches) {
    for (const { offset, at, bytes } of await openRaw(batch, ({ path }) => files.read(path)))
      found.push(line(offset, at, bytes));
    for (const { path, table } of batch.files) {
      if (table === 'orders') rows += new TableReader(await files.read(path), nextTurn).rows;
    }
  }
  for (const chunk of await raw.raw(PLACE, horizon, 1e9)) if (chunk.base >= horizon) found.push(...linesOf(chunk));
  const expected = corpus.chunks.flatMap(linesOf);
  assert.equal(found.length, expected.length);
  assert.deepEqual(found, expected);
  const archived = corpus.model.orders.filter(({ id }) => Number(id.split(':')[2]) < horizon);
  const items = archived.reduce((sum, { order }) => sum + Math.max(1, order.items.length), 0);
  assert.equal(rows, items, 'order items in the archive');
  for (const part of [raw, manifest]) await part.close();
  return { batches };
}

/** Nothing lies in the archive but what batches name. */
export async function assertClean(shop: Shop): Promise<void> {
  const manifest = new EmbeddedArchiveManifest(shop.dataDir);
  const files = new LocalArchiveFiles(join(shop.dataDir, 'archive'));
  const named = (await manifest.inState(['COMMITTED', 'DELETED'])).flatMap((batch) =>
    batch.files.map(({ path }) => path),
  );
  const found = (await Promise.all(['_tmp', 'orders', 'raw'].map((folder) => files.list(folder)))).flat();
  assert.deepEqual(found.map(({ path }) => path).sort(), named.sort());
  await manifest.close();
}

function linesOf({ base, zstd, frames }: Corpus['chunks'][number]): string[] {
  const plain = zstd ? zstdDecompressSync(frames) : frames;
  return [...readFrames(plain)].map(({ start, end, at }, index) => line(base + index, at, plain.subarray(start, end)));
}

function line(offset: number, at: number, bytes: Uint8Array): string {
  return `${offset} ${at} ${Buffer.from(bytes).toString('latin1')}`;
}
