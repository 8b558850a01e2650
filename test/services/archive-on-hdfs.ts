/** What stands in an archive, read from its files by the manifest that pulso tells, against the model. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { userInfo } from 'node:os';
import type { TestContext } from 'node:test';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { TableReader } from '../../actors/archive/read-table.ts';
import { WebhdfsArchiveFiles } from '../../actors/backends/archive-webhdfs.ts';
import { hdfsConfig } from '../../actors/backends/hdfs-config.ts';
import type { ArchiveFiles } from '../../actors/ports/archive.ts';
import type { ArchiveStatus } from '../../protocol/message.ts';
import type { ModelOrder, ModelResult } from '../model/model.ts';
import { ask, askPages } from '../model/questions.ts';
import { dropDatabase } from './hive-place.ts';
import type { Place } from './pulso.ts';

export type Batch = {
  readonly id: string;
  readonly kind: 'events' | 'kpi';
  readonly state: string;
  readonly topic: string;
  readonly partition: number;
  readonly from_offset: number;
  readonly to_offset: number;
  readonly records: number;
  readonly files: readonly { path: string; table: string; order_date: string; bytes: number; checksum: string }[];
};

/** The place's own folder and database, as pulso is told of them. */
export function archiveOf(t: TestContext, here: Place) {
  const { WEBHDFS_URL: webhdfsUrl, HIVE_METASTORE: hiveMetastore, HDFS_URL: hdfsUrl } = here.env;
  const { webhdfs, hive: config } = hdfsConfig(
    { webhdfsUrl, hiveMetastore, hdfsUrl, hdfsUser: userInfo().username },
    here.name,
  );
  assert.ok(webhdfs && config);
  const files = new WebhdfsArchiveFiles(webhdfs);
  t.after(async () => {
    await files.close();
    await dropDatabase(config);
  });
  return { files, config };
}

export async function archiveStatus(url: string): Promise<ArchiveStatus> {
  return (await ask(url, '/archive/status')) as ArchiveStatus;
}

export async function eventBatches(url: string): Promise<Batch[]> {
  const all = (await askPages(url, '/archive/batches')) as unknown as Batch[];
  return all.filter(({ kind }) => kind === 'events').sort((a, b) => a.from_offset - b.from_offset);
}

/** Each topic-partition's batches follow one another without gap or overlap and end where the log does. */
export function compareRanges(batches: readonly Batch[], { partitions }: ModelResult): string[] {
  const differences: string[] = [];
  for (const { topic, partition, records } of partitions.values()) {
    const own = batches.filter((batch) => batch.topic === topic && batch.partition === partition);
    let at = 0;
    for (const batch of own) {
      if (batch.from_offset !== at) differences.push(`${batch.id} begins at ${batch.from_offset} instead of ${at}`);
      at = batch.to_offset;
    }
    if (at !== records) differences.push(`${topic}/${partition} is archived up to ${at} of ${records}`);
  }
  return differences;
}

/** Every file of the manifest is on HDFS as it was written, and no other is. */
export async function compareFiles(files: ArchiveFiles, batches: readonly Batch[]): Promise<string[]> {
  const differences: string[] = [];
  const wanted = new Map(batches.flatMap((batch) => batch.files).map((file) => [file.path, file]));
  for (const { path, bytes, checksum } of wanted.values()) {
    const content = await files.read(path);
    const found = createHash('sha256').update(content).digest('hex');
    if (content.length !== bytes || found !== checksum) differences.push(`${path} is not what was written`);
  }
  const there = [...(await files.list('orders')), ...(await files.list('raw')), ...(await files.list('_tmp'))];
  for (const { path } of there) if (!wanted.has(path)) differences.push(`${path} belongs to no batch`);
  return differences;
}

type Row = Record<string, string | number | bigint | null>;

/** Every order of the log stands in the files once, item by item, with its money to the cent. */
export async function compareRows(
  files: ArchiveFiles,
  batches: readonly Batch[],
  { orders }: ModelResult,
): Promise<string[]> {
  const found = new Map<string, string[]>();
  for (const { path, table } of batches.flatMap((batch) => batch.files)) {
    if (table !== 'orders') continue;
    for (const row of await rowsOf(await files.read(path))) {
      const id = [row.topic, row.partition, row.offset, ...(row.element === -1 ? [] : [row.element])].join(':');
      found.set(id, [...(found.get(id) ?? []), shapeOfRow(row)]);
    }
  }
  const differences: string[] = [];
  for (const order of orders) {
    const [is, should] = [(found.get(order.id) ?? []).sort().join('\n'), shapeOfOrder(order).sort().join('\n')];
    if (is !== should) differences.push(`${order.id}: ${is || 'nothing'} instead of ${should}`);
    found.delete(order.id);
  }
  for (const id of found.keys()) differences.push(`${id} is no order of the log`);
  return differences;
}

function shapeOfRow(row: Row): string {
  const item = [row.product_id, row.category, row.quantity, row.price_cents];
  const order = [
    row.order_id,
    row.order_time,
    row.customer_state,
    row.payment_status,
    row.payment_value_cents,
    row.mark,
  ];
  return [...order, row.item_count, ...(row.item_no === 0 ? [] : item)].join('|');
}

function shapeOfOrder({ order, mark }: ModelOrder): string[] {
  const common = [order.id, order.time, order.state, order.paymentStatus, order.value, mark, order.items.length];
  if (order.items.length === 0) return [common.join('|')];
  return order.items.map(({ product, category, quantity, price }) =>
    [...common, product, category, quantity, price].join('|'),
  );
}

async function rowsOf(content: Uint8Array): Promise<Row[]> {
  const reader = new TableReader(content, nextTurn);
  const rows: Row[] = [];
  for await (const group of reader.groups(reader.names)) {
    const columns = reader.names.map((name) => [name, group.column(name)] as const);
    for (let at = 0; at < group.rows; at++) {
      rows.push(Object.fromEntries(columns.map(([name, values]) => [name, values[at] ?? null])));
    }
  }
  return rows;
}
