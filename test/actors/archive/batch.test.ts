/** Batches of the archive against the brute-force model, and against files that were tampered with. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { zstdDecompressSync } from 'node:zlib';
import { dayIn } from '../../../actors/archive/days.ts';
import { readRawFile } from '../../../actors/archive/raw-file.ts';
import { TableReader } from '../../../actors/archive/read-table.ts';
import { openRaw, verifyBatch, verifyFiles } from '../../../actors/archive/verify-batch.ts';
import { type Draft, writeBatch } from '../../../actors/archive/write-batch.ts';
import type { ArchiveBatch } from '../../../actors/ports/archive.ts';
import { ARCHIVE_TABLES } from '../../../actors/ports/archive-tables.ts';
import { FrameWriter, readFrames } from '../../../protocol/frames.ts';
import { archiveBatch } from '../../contracts/archive-manifest.ts';
import { rawChunk } from '../../contracts/commits.ts';
import { type Corpus, corpusOf, PLACE } from './corpus.ts';

const ZONE = 'America/Sao_Paulo';
const settings = { dayOf: dayIn(ZONE), turn: nextTurn };
const names = ARCHIVE_TABLES.orders.map(({ name }) => name);
const unpack = ({ zstd, frames }: { zstd: boolean; frames: Uint8Array }) =>
  zstd ? zstdDecompressSync(frames) : frames;

const ODD = [
  // What texts, times and forms may be.
  '{"type":"order","order_id":"açaí-🛒","timestamp":1763640000000,"customer_id":"北京","customer_state":"São Paulo","segment":"\\ufeffbom","payment_type":"a\\"b\\\\c","payment_status":"approved","items":[{"product_id":"p\\n1","category":"çã","quantity":1,"price":0.01},{"product_id":"p2","category":"","quantity":1000000,"price":99999999999.99}],"shipping_cost":0,"payment_value":100000000000,"warehouse_id":"w","courier_id":"k"}',
  '{"order_id":1234567,"order_time":"2025-11-20T10:00:00Z","total_amount":12.5,"user_id":7}',
  '[{"type":"order","order_id":"a1","timestamp":1763640000000,"customer_state":"SP","items":[{"product_id":"x","quantity":2,"price":1}],"payment_value":2},\n{"type":"order"},{"type":"order","order_id":"a2","timestamp":1763640000001,"customer_state":"RJ","items":[{"product_id":"x","quantity":2,"price":1}],"payment_value":2}]',
  '',
  'no json at all\n\n',
];

async function archived(corpus: Corpus): Promise<{ batch: ArchiveBatch; contents: Map<string, Uint8Array> }> {
  const draft = await writeBatch(corpus.source, rangeOf(corpus), settings.dayOf, settings.turn);
  const contents = new Map(draft.files.map(({ path, content }) => [path, content]));
  return { batch: batchOf(draft, corpus), contents };
}

const rangeOf = ({ end }: { end: number }) => archiveBatch(0, { ...PLACE, toOffset: end });

function batchOf({ files, ...counts }: Draft, corpus: { end: number }): ArchiveBatch {
  const listed = files.map(({ content: _content, ...file }) => file);
  return { ...rangeOf(corpus), ...counts, files: listed, state: 'WRITTEN' };
}

const readerOf =
  (contents: ReadonlyMap<string, Uint8Array>) =>
  async ({ path }: { path: string }): Promise<Uint8Array> =>
    contents.get(path) as Uint8Array;

async function rowsOf(content: Uint8Array): Promise<Record<string, unknown>[]> {
  const rows: Record<string, unknown>[] = [];
  for await (const group of new TableReader(content, nextTurn).groups(names)) {
    for (let row = 0; row < group.rows; row++) {
      rows.push(Object.fromEntries(names.map((name) => [name, group.column(name)[row]])));
    }
  }
  return rows;
}

test('archive batch holds every readable order of hostile events just as the model reads it', async () => {
  const corpus = corpusOf({ events: 6000, extra: ODD });
  const { batch, contents } = await archived(corpus);
  const files = batch.files.filter(({ table }) => table === 'orders');
  const rows: Record<string, unknown>[] = [];
  for (const file of files) {
    const content = contents.get(file.path) as Uint8Array;
    assert.equal(file.path, `orders/order_date=${file.orderDate}/part-${batch.id}.parquet`);
    const own = await rowsOf(content);
    assert.equal(own.length, file.rows);
    for (const { order_time } of own) assert.equal(settings.dayOf(order_time as number), file.orderDate);
    rows.push(...own);
  }
  const found = rows.map((row) =>
    JSON.stringify(row, (_, value) => (typeof value === 'bigint' ? Number(value) : value)),
  );
  const expected = corpus.model.orders.flatMap(({ id, mark, order }) => {
    const [, , offset, element = -1] = id.split(':').map(Number) as [number, number, number, number?];
    const items = order.items.length === 0 ? [undefined] : order.items;
    return items.map((item, place) => ({
      order_id: order.id,
      order_time: order.time,
      customer_id: order.customer,
      customer_state: order.state,
      segment: order.segment,
      payment_type: order.paymentType,
      payment_status: order.paymentStatus,
      payment_value_cents: Number(order.value),
      item_no: item === undefined ? 0 : place + 1,
      item_count: order.items.length,
      product_id: item?.product ?? null,
      category: item?.category ?? null,
      quantity: item === undefined ? null : Number(item.quantity),
      price_cents: item === undefined ? null : Number(item.price),
      ...PLACE,
      offset,
      element,
      mark,
    }));
  });
  const keys = Object.keys(expected[0] as object).sort();
  const sorted = (list: readonly string[]) =>
    list.map((text) => JSON.stringify({ mark: null, ...JSON.parse(text) }, keys)).sort();
  assert.ok(expected.length > 2000, `${expected.length} rows`);
  assert.deepEqual(sorted(found), sorted(expected.map((row) => JSON.stringify(row))));
  assert.equal(batch.orders, corpus.model.orders.length);
  assert.equal(batch.sums.marked, corpus.model.orders.filter(({ mark }) => mark !== null).length);
  assert.ok((batch.sums.marked as number) > 0);
});

test('archive batch gives back every record byte for byte, at its offset and with its time', async () => {
  const corpus = corpusOf({ events: 3000, seed: 2, extra: ODD });
  const { batch, contents } = await archived(corpus);
  const days = new Set(batch.files.filter(({ table }) => table === 'raw').map(({ orderDate }) => orderDate));
  assert.ok(days.size >= 2, 'the records span days');
  const expected = corpus.chunks.flatMap((chunk) => {
    const frames = unpack(chunk);
    return [...readFrames(frames)].map(({ start, end, at }, index) => ({
      offset: chunk.base + index,
      at,
      hex: Buffer.from(frames.subarray(start, end)).toString('hex'),
    }));
  });
  const found = [...(await openRaw(batch, readerOf(contents)))].map(({ offset, at, bytes }) => ({
    offset,
    at,
    hex: Buffer.from(bytes).toString('hex'),
  }));
  assert.equal(found.length, corpus.end);
  assert.deepEqual(found, expected);
  const lines = batch.files.find(({ path }) => path.endsWith('.ndjson.zst'));
  const text = zstdDecompressSync(contents.get(lines?.path as string) as Uint8Array).toString();
  assert.ok(text.endsWith('\n'), 'lines that any tool reads');
});

test('archive batch names its range, rows and checksum in each Parquet file', async () => {
  const corpus = corpusOf({ events: 500, seed: 3 });
  const { batch, contents } = await archived(corpus);
  for (const file of batch.files.filter(({ table }) => table === 'orders')) {
    const { metadata } = new TableReader(contents.get(file.path) as Uint8Array, nextTurn);
    assert.equal(metadata['pulso.schema_version'], '1');
    assert.equal(metadata['pulso.batch'], batch.id);
    assert.equal(metadata['pulso.from_offset'], '0');
    assert.equal(metadata['pulso.to_offset'], String(corpus.end));
    assert.equal(metadata['pulso.rows'], String(file.rows));
    assert.match(metadata['pulso.checksum'] ?? '', /^[0-9a-f]{64}$/);
  }
});

test('archive batch passes its verification, with the hot store and without', async () => {
  const corpus = corpusOf({ events: 2000, seed: 4, extra: ODD });
  const { batch, contents } = await archived(corpus);
  await verifyBatch(batch, corpus.source, readerOf(contents), settings);
  await verifyFiles(batch, corpus.source.deadLettersIn, readerOf(contents), settings);
});

test('archive batch of no order at all is raw files alone', async () => {
  const chunks = [rawChunk(0, [{ text: '{"type":"click"', orders: [] }])];
  const source = { raw: async () => chunks, deadLettersIn: async () => [] };
  const draft = await writeBatch(source, rangeOf({ end: 1 }), settings.dayOf, nextTurn);
  const batch = batchOf(draft, { end: 1 });
  assert.deepEqual(
    batch.files.map(({ table }) => table),
    ['raw', 'raw'],
  );
  assert.deepEqual([batch.records, batch.orders, batch.rows, batch.from], [1, 0, 0, null]);
  const contents = new Map(draft.files.map(({ path, content }) => [path, content]));
  await verifyBatch(batch, source, readerOf(contents), settings);
});

test('archive batch is refused when the hot store does not hold just its range', async () => {
  const corpus = corpusOf({ events: 500, seed: 5 });
  for (const range of [{ toOffset: corpus.end + 1 }, { toOffset: 50 }]) {
    const plan = { ...rangeOf(corpus), ...range };
    await assert.rejects(writeBatch(corpus.source, plan, settings.dayOf, nextTurn), { code: 'data-mismatch' });
  }
});

test('archive verification finds every changed byte of every file', async () => {
  const corpus = corpusOf({ events: 300, seed: 6 });
  const { batch, contents } = await archived(corpus);
  for (const { path, bytes } of batch.files) {
    for (const at of [0, Math.floor(bytes / 2), bytes - 1]) {
      const tampered = Uint8Array.from(contents.get(path) as Uint8Array);
      tampered[at] = (tampered[at] as number) ^ 1;
      const read = readerOf(new Map([...contents, [path, tampered]]));
      await assert.rejects(verifyFiles(batch, corpus.source.deadLettersIn, read, settings), { code: 'data-mismatch' });
    }
  }
});

test('archive verification finds what a right checksum hides: one text, one number, one record changed at the source', async () => {
  const corpus = corpusOf({ events: 300, seed: 7 });
  const changes: readonly [RegExp, string][] = [
    [/"quantity":(\d)([,}])/, '"quantity":1$1$2'],
    [/"order_id":"(\w)/, '"order_id":"$1$1'],
    [/"customer_state":"\w\w"/, '"customer_state":"S"'],
    [/"payment_value":(\d)/, '"payment_value":1$1'],
  ];
  for (const [pattern, replacement] of changes) {
    const other = changed(corpus, pattern, replacement);
    const { batch, contents } = await archived({ ...corpus, source: other });
    await assert.rejects(verifyBatch(batch, corpus.source, readerOf(contents), settings), { code: 'data-mismatch' });
    // The raw files of the true events beside the orders of the changed ones: only the sums can tell.
    const truth = await archived(corpus);
    const mixed = new Map(truth.contents);
    const files = truth.batch.files.map((file) => {
      const twin = batch.files.find(({ path }) => path === file.path);
      if (file.table !== 'orders' || twin === undefined) return file;
      mixed.set(file.path, contents.get(file.path) as Uint8Array);
      return twin;
    });
    await assert.rejects(
      verifyBatch({ ...truth.batch, files }, corpus.source, readerOf(mixed), settings),
      { code: 'data-mismatch' },
      String(pattern),
    );
  }
});

test('archive verification finds a raw file whose index does not fit', async () => {
  const corpus = corpusOf({ events: 100, seed: 8 });
  const { contents } = await archived(corpus);
  const [lines] = [...contents].find(([path]) => path.endsWith('.ndjson.zst')) ?? [''];
  const index = [...contents].filter(([path]) => path.endsWith('.index.zst')).at(-1)?.[1] as Uint8Array;
  await assert.rejects(
    readRawFile(contents.get(lines) as Uint8Array, index).then((records) => [...records]),
    { code: 'data-mismatch' },
  );
  await assert.rejects(readRawFile(new Uint8Array(10), index), { code: 'data-mismatch' });
});

/** The first record that fits the pattern, changed. */
function changed({ chunks, source }: Corpus, pattern: RegExp, replacement: string): Corpus['source'] {
  let done = false;
  const edited = chunks.map((chunk) => {
    const frames = unpack(chunk);
    const writer = new FrameWriter();
    for (const { start, end, at } of readFrames(frames)) {
      const bytes = frames.subarray(start, end);
      const text = Buffer.from(bytes).toString();
      const fits =
        !done &&
        text.startsWith('{"type":"order","order_id"') &&
        pattern.test(text) &&
        /"courier_id":"\w+"}$/.test(text);
      done ||= fits;
      writer.add(fits ? Buffer.from(text.replace(pattern, replacement)) : bytes, at);
    }
    return { ...chunk, zstd: false, frames: writer.take() };
  });
  assert.ok(done, `some order fits ${pattern}`);
  return {
    ...source,
    raw: async (_, from) => edited.filter(({ next }) => next > from).slice(0, 1),
  };
}
