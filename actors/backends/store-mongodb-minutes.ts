/**
 * `kpi_minute`: a row a minute, state and category over all topic-partitions. A row's `rev` is the sum of the places of
 * the windows it was folded from, and only a larger one replaces it: of several processes that fold the same
 * minute the one that saw most wins.
 */
import type { Projection, ProjectionOptions } from '../ports/projection.ts';
import { plainBytes } from './store-mongodb-client.ts';
import { idPart } from './store-mongodb-dims.ts';
import { type OwnedPartitions, replaceNewer } from './store-mongodb-owned.ts';
import type { MinuteDocument, PartitionDocument } from './store-mongodb-schema.ts';
import { newestHead } from './store-mongodb-tail.ts';

const MINUTE_MS = 60_000;
/** Windows looked at in one step. */
const SLICE = 64;
const REST_MS = 2_000;
const ROWS_AT_ONCE = 500;
/** Minutes whose rows are remembered, so that only those that have changed are written again. */
const REMEMBERED = 32;

export class MinuteProjection implements Projection {
  readonly name = 'kpi_minute';
  readonly restMs = REST_MS;
  readonly #source: OwnedPartitions;
  readonly #options: ProjectionOptions;
  readonly #written = new Map<number, Map<string, string>>();
  #final = 0;

  constructor(source: OwnedPartitions, options: ProjectionOptions) {
    this.#source = source;
    this.#options = options;
  }

  async step() {
    const partitions = await this.#source.list();
    await this.#finalise();
    const changed = await Promise.all(partitions.map((partition) => this.#changed(partition)));
    const starts = [...new Set(changed.flatMap((slice) => slice.starts))].sort((a, b) => a - b);
    let written = 0;
    for (const start of starts) written += await this.#fold(start);
    await this.#source.advance(
      'minuteCursor',
      changed.filter(({ partition, to }) => to > partition.minuteCursor),
    );
    return { written, more: changed.some(({ starts }) => starts.length === SLICE) };
  }

  /** Above the cursor of the windows some may be written while others of a lower place are not. */
  async #changed(partition: PartitionDocument) {
    const { topic, partition: index, minuteCursor, kpiCursor } = partition;
    const found = await this.#source.collections.partials
      .find(
        { topic, partition: index, place: { $gt: minuteCursor, $lte: kpiCursor } },
        { projection: { start: 1, place: 1 } },
      )
      .sort({ place: 1 })
      .limit(SLICE)
      .toArray();
    // Windows of one commit share its place: a slice must not end among them.
    const last = found.at(-1)?.place ?? minuteCursor;
    const first = found[0]?.place ?? minuteCursor;
    if (found.length < SLICE) return { partition, starts: found.map(({ start }) => start), to: last };
    if (first < last) {
      const whole = found.filter(({ place }) => place < last);
      return { partition, starts: whole.map(({ start }) => start), to: whole.at(-1)?.place as number };
    }
    const all = await this.#source.collections.partials
      .find({ topic, partition: index, place: last }, { projection: { start: 1 } })
      .toArray();
    return { partition, starts: all.map(({ start }) => start), to: last };
  }

  async #fold(start: number): Promise<number> {
    const windows = await this.#source.collections.partials
      .find({ start }, { projection: { place: 1, packed: 1 } })
      .toArray();
    const rev = windows.reduce((sum, { place }) => sum + place, 0);
    const final = start + MINUTE_MS <= this.#final;
    const rows = this.#options.fold(
      start,
      windows.map(({ packed }) => plainBytes(packed)),
    );
    await this.#options.nextTurn();
    const before = this.#remember(start);
    const documents: MinuteDocument[] = [];
    for (const row of rows) {
      const _id = `${start}|${idPart(row.customer_state)}|${row.product_category}`;
      const text = `${JSON.stringify(row)}${final}`;
      if (before.get(_id) === text) continue;
      before.set(_id, text);
      documents.push({ _id, minute: start, ...row, rev, final });
    }
    try {
      for (let at = 0; at < documents.length; at += ROWS_AT_ONCE)
        await replaceNewer(this.#source.collections.minutes, documents.slice(at, at + ROWS_AT_ONCE), 'rev');
    } catch (thrown) {
      this.#written.delete(start);
      throw thrown;
    }
    return documents.length;
  }

  #remember(start: number): Map<string, string> {
    const rows = this.#written.get(start) ?? new Map<string, string>();
    this.#written.delete(start);
    this.#written.set(start, rows);
    for (const oldest of this.#written.keys()) if (this.#written.size > REMEMBERED) this.#written.delete(oldest);
    return rows;
  }

  /** A minute is final when every topic-partition that ever had an event has gone by it. */
  async #finalise(): Promise<void> {
    const { collections } = this.#source;
    const all = await collections.partitions.find().toArray();
    const heads = await Promise.all(all.map((partition) => newestHead(collections, partition)));
    const watermarks = heads.flatMap((head) => (head !== null && head.watermark >= 0 ? [head.watermark] : []));
    if (watermarks.length === 0) return;
    const final = Math.floor((Math.min(...watermarks) - this.#options.latenessMs) / MINUTE_MS) * MINUTE_MS;
    if (final <= this.#final) return;
    await this.#source.collections.minutes.updateMany(
      { minute: { $gte: this.#final - MINUTE_MS, $lt: final }, final: false },
      { $set: { final: true } },
    );
    this.#final = final;
  }
}
