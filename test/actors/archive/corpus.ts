/** A topic-partition of hostile events as the way in would store it: decoded, judged and cut into chunks by the product. */
import { zstdCompressSync } from 'node:zlib';
import type { ChunkSource } from '../../../actors/archive/write-batch.ts';
import { ConsumerCore } from '../../../actors/partition-consumer/core.ts';
import type { RawChunk } from '../../../actors/ports/hot-store.ts';
import { PartitionAggregate } from '../../../actors/window-aggregator/core.ts';
import type { DeadLetter, TopicPartition } from '../../../protocol/event.ts';
import { FrameWriter } from '../../../protocol/frames.ts';
import { HOSTILE_START, hostileLines } from '../../model/hostile.ts';
import { Model, type ModelResult } from '../../model/model.ts';
import { emptyState } from '../window-aggregator/batches.ts';

export const PLACE: TopicPartition = { topic: 'orders', partition: 0 };

export type Corpus = {
  readonly chunks: readonly RawChunk[];
  readonly dead: readonly DeadLetter[];
  readonly source: ChunkSource;
  readonly end: number;
  readonly model: ModelResult;
};

export type CorpusOptions = { readonly events: number; readonly seed?: number; readonly extra?: readonly string[] };

/** Record times run over two days. */
export function corpusOf({ events, seed = 1, extra = [] }: CorpusOptions): Corpus {
  const lines = [...hostileLines({ events, seed })].filter(({ record }) => record).map(({ bytes }) => bytes);
  const records = [...extra.map((text) => new TextEncoder().encode(text)), ...lines];
  const model = new Model({ topics: ['orders', 'deliveries', 'clicks'], dedup: true });
  const consumer = new ConsumerCore({ futureMs: 300_000, compress: (frames) => zstdCompressSync(frames) });
  const aggregate = new PartitionAggregate(emptyState({ ...PLACE }), { latenessMs: 3_600_000, dedup: 1_000_000 });
  for (let base = 0; base < records.length; base += 97) {
    const part = records.slice(base, base + 97);
    const frames = new FrameWriter();
    for (const [index, record] of part.entries()) {
      const at = timeOf((base + index) / records.length);
      frames.add(record, at);
      model.addTo(PLACE.topic, PLACE.partition, record, at);
    }
    const chunk = { ...PLACE, base, next: base + part.length, count: part.length, frames: frames.take() };
    const batch = consumer.decode(chunk);
    for (const start of aggregate.needs(batch)) aggregate.adopt(start, undefined);
    aggregate.apply(batch);
  }
  const { raw: chunks, deadLetters: dead } = aggregate.prepareCommit();
  const source: ChunkSource = {
    raw: async (_, from, maxBytes) => {
      const first = chunks.findIndex(({ next }) => next > from);
      return first < 0 ? [] : chunks.slice(first, first + Math.max(1, Math.floor(maxBytes / 1e6)));
    },
    deadLettersIn: async (_, from, to) => dead.filter(({ offset }) => offset >= from && offset < to),
  };
  return { chunks, dead, source, end: records.length, model: model.result() };
}

/** Later than every event but those meant as dead letters. */
function timeOf(share: number): number {
  return HOSTILE_START + 12 * 3_600_000 + Math.floor(share * 24 * 3_600_000);
}
