/** Commits as an aggregator would make them, of a few events written as JSON; worked out apart from the product's decoder. */
import { zstdCompressSync } from 'node:zlib';
import type { PartitionCommit, PartitionState, RawChunk } from '../../actors/ports/hot-store.ts';
import type { DeadLetter } from '../../protocol/event.ts';
import { FrameWriter } from '../../protocol/frames.ts';
import { ID_SEEDS, murmur3 } from '../../protocol/hash.ts';

export type TestOrder = { readonly id: string; readonly time: number; readonly state: string };
export type TestMark = RawChunk['marks'][number];

const encoder = new TextEncoder();

export function orderJson({ id, time, state }: TestOrder): Record<string, unknown> {
  return {
    type: 'order',
    order_id: id,
    timestamp: time,
    customer_state: state,
    items: [{ product_id: 'p1', category: 'toys', quantity: 1, price: 5 }],
    payment_value: 5,
  };
}

/** A chunk of records; each is the text of one record and the orders that are inside it. */
export function rawChunk(
  base: number,
  records: readonly { readonly text: string; readonly orders: readonly TestOrder[] }[],
  { zstd = false, marks = [] }: { zstd?: boolean; marks?: readonly TestMark[] } = {},
): RawChunk {
  const writer = new FrameWriter();
  for (const { text } of records) writer.add(encoder.encode(text), 1_763_600_000_000);
  const orders = records.flatMap((record) => record.orders);
  const times = orders.map(({ time }) => time);
  const frames = writer.take();
  return {
    base,
    next: base + records.length,
    records: records.length,
    zstd,
    frames: zstd ? new Uint8Array(zstdCompressSync(frames)) : frames,
    orders: orders.length,
    minTime: orders.length === 0 ? 0 : Math.min(...times),
    maxTime: orders.length === 0 ? -1 : Math.max(...times),
    orderHashes: Uint32Array.from(orders, ({ id }) => hashOf(id)).sort(),
    marks,
  };
}

function hashOf(id: string): number {
  const bytes = encoder.encode(id);
  return murmur3(bytes, 0, bytes.length, ID_SEEDS.low);
}

export function ordersChunk(base: number, orders: readonly TestOrder[], options: { zstd?: boolean } = {}): RawChunk {
  const records = orders.map((order) => ({ text: JSON.stringify(orderJson(order)), orders: [order] }));
  return rawChunk(base, records, options);
}

/** The commit that follows a state. */
export function commitAfter(state: PartitionState, parts: Partial<PartitionCommit> = {}): PartitionCommit {
  return { ...state, seq: state.seq + 1, windows: [], raw: [], deadLetters: [], ...parts };
}

export function deadLetter(partition: number, offset: number, parts: Partial<DeadLetter> = {}): DeadLetter {
  return {
    topic: 'orders',
    partition,
    offset,
    element: -1,
    reason: 'not-json',
    field: null,
    excerpt: `{"broken ${offset}`,
    at: 1_763_600_000_000 + offset,
    ...parts,
  };
}
