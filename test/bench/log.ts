/** Figures of the embedded log and store: what an append costs by batch size, what a commit costs, what reading gives. */
import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zstdCompressSync } from 'node:zlib';
import { EmbeddedLogWriter } from '../../actors/backends/event-log-embedded.ts';
import { EmbeddedLogSource } from '../../actors/backends/event-log-embedded-source.ts';
import { EmbeddedPartitionStore } from '../../actors/backends/store-embedded.ts';
import type { PartitionCommit, PartitionState, RawChunk } from '../../actors/ports/hot-store.ts';
import { FrameWriter } from '../../protocol/frames.ts';
import { type Figure, perCpuSecond } from './figures.ts';

const TOPICS = ['orders', 'deliveries', 'clicks'];
const BATCHES = [
  { size: 1, rounds: 2000 },
  { size: 10, rounds: 1000 },
  { size: 100, rounds: 500 },
  { size: 1000, rounds: 150 },
];
const COMMITS = 400;
const WINDOW_BYTES = 16 * 1024;
const READ_BYTES = 512 * 1024;

export async function benchLog(): Promise<Figure[]> {
  const folder = await mkdtemp(join(tmpdir(), 'pulso-bench-'));
  try {
    const config = { dataDir: folder, partitions: 4, topics: TOPICS, logBytes: 1e12 };
    const log = new EmbeddedLogWriter(config);
    const figures: Figure[] = [];
    for (const batch of BATCHES) figures.push(...(await benchAppend(log, batch)));
    await log.close();
    figures.push(await benchRead(config), ...(await benchCommit(folder)));
    return figures;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A batch goes to one partition, as a group of one busy moment does. */
async function benchAppend(
  log: EmbeddedLogWriter,
  { size, rounds }: { size: number; rounds: number },
): Promise<Figure[]> {
  const times: number[] = [];
  const made = Array.from({ length: 20 }, (_, round) => orders(round * size, size));
  const rate = await perCpuSecond(async () => {
    for (let round = 0; round < rounds; round++) {
      const frames = made[round % made.length] as Uint8Array;
      const began = performance.now();
      await log.append([{ topic: 'orders', partition: round % 4, count: size, frames }]);
      times.push(performance.now() - began);
    }
    return rounds * size;
  });
  const name = `log append, batches of ${size}`;
  return [
    { name: `${name}: CPU per event`, value: 1e6 / rate, unit: 'us' },
    { name: `${name}: p50`, value: quantile(times, 0.5), unit: 'ms' },
    { name: `${name}: p99`, value: quantile(times, 0.99), unit: 'ms' },
  ];
}

async function benchRead(config: ConstructorParameters<typeof EmbeddedLogSource>[0]): Promise<Figure> {
  const source = new EmbeddedLogSource(config);
  await source.seek([0, 1, 2, 3].map((partition) => ({ topic: 'orders', partition, offset: 0 })));
  const rate = await perCpuSecond(async () => {
    let records = 0;
    for (let chunk = await source.take(READ_BYTES); chunk !== undefined; chunk = await source.take(READ_BYTES)) {
      records += chunk.count;
    }
    return records;
  });
  await source.close();
  return { name: 'log read: events per CPU second', value: rate, unit: '/s' };
}

/** Three topics of a partition in one transaction, two windows and one chunk of raw events each. */
async function benchCommit(folder: string): Promise<Figure[]> {
  const store = new EmbeddedPartitionStore({ dataDir: folder, partitions: 4, topics: TOPICS });
  let states: readonly PartitionState[] = await Promise.all(TOPICS.map((topic) => store.open({ topic, partition: 0 })));
  const times: number[] = [];
  const rate = await perCpuSecond(async () => {
    for (let round = 0; round < COMMITS; round++) {
      const commits = states.map((state) => commitOf(state, Math.floor(round / 40)));
      const began = performance.now();
      await store.commit(commits);
      times.push(performance.now() - began);
      states = commits;
    }
    return COMMITS;
  });
  await store.close();
  const name = 'store commit, 3 topics x 2 windows of 16 KB + raw';
  return [
    { name: `${name}: CPU`, value: 1000 / rate, unit: 'ms' },
    { name: `${name}: p50`, value: quantile(times, 0.5), unit: 'ms' },
    { name: `${name}: p99`, value: quantile(times, 0.99), unit: 'ms' },
  ];
}

const packed = new Uint8Array(WINDOW_BYTES).map((_, index) => (index * 31) % 251);
const raw = new Uint8Array(zstdCompressSync(orders(0, 125)));

function commitOf(state: PartitionState, minute: number): PartitionCommit {
  const base = state.nextOffset;
  const chunk: RawChunk = {
    base,
    next: base + 125,
    records: 125,
    zstd: true,
    frames: raw,
    orders: 125,
    minTime: base,
    maxTime: base + 125,
    orderHashes: new Uint32Array(125).map((_, index) => index * 7919),
    marks: [],
  };
  const windows = [0, 1].map((back) => ({ start: (minute - back) * 60_000, packed }));
  return { ...state, seq: state.seq + 1, nextOffset: base + 125, windows, raw: [chunk], deadLetters: [] };
}

/** Orders of about 400 bytes whose ids and figures differ. */
function orders(from: number, count: number): Uint8Array {
  const writer = new FrameWriter(count * 450);
  const encoder = new TextEncoder();
  for (let index = from; index < from + count; index++) {
    const price = ((index * 37) % 9000) / 100;
    const order = {
      type: 'order',
      order_id: (index * 2_654_435_761).toString(16).padStart(32, 'a1b2'),
      timestamp: 1_763_600_000_000 + index * 50,
      customer_id: ((index * 40_503) % 50_000).toString(16).padStart(32, 'c3d4'),
      customer_state: ['SP', 'RJ', 'MG', 'RS'][index % 4],
      segment: 'retail',
      payment_type: 'credit_card',
      payment_status: 'approved',
      items: [{ product_id: `p${(index * 7919) % 30_000}`, category: 'bed_bath_table', quantity: 1, price }],
      shipping_cost: 12.3,
      payment_value: price + 12.3,
      warehouse_id: 'w3',
      courier_id: 'k7',
    };
    writer.add(encoder.encode(JSON.stringify(order)));
  }
  return writer.take();
}

function quantile(times: number[], share: number): number {
  return times.sort((a, b) => a - b)[Math.floor(times.length * share)] ?? 0;
}
