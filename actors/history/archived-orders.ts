/**
 * Orders that stand in the archive. Which orders a batch has, and when, is read from its Parquet files (a few columns
 * of them); the events as they came, from its raw files. Both are kept for a while, as pages follow each other.
 */

import { AppError } from '../../protocol/errors.ts';
import { hasHash, hashOfId } from '../archive/order-ids.ts';
import { isIdsPath } from '../archive/paths.ts';
import { TableReader } from '../archive/read-table.ts';
import type { ArchiveBatch, ArchiveFiles, BatchFile } from '../ports/archive.ts';
import type { StoredOrder } from '../ports/hot-store.ts';
import { ArchivedRecords, type Records } from './archived-records.ts';
import { ByteCache } from './byte-cache.ts';
import { newestFirst, type OrderPlace } from './order-place.ts';

const CACHE_BYTES = 64 * 1024 * 1024;
/** Files of ids read at a time: an archive far away answers each in milliseconds, one after the other that adds up. */
const IDS_AT_ONCE = 8;
const ROW_BYTES = 24;
const ORDER_COLUMNS = ['order_time', 'customer_state', 'offset', 'element', 'mark'];

export type Mark = StoredOrder['mark'];
export type ArchivedOrder = OrderPlace & { readonly mark: Mark; readonly batch: ArchiveBatch };
export type OrderRange = { readonly from: number; readonly to: number; readonly state?: string | undefined };
export type OrderFile = { readonly batch: ArchiveBatch; readonly file: BatchFile & { readonly to: number } };

const MARKS: readonly Mark[] = [null, 'late', 'duplicate'];

/** One row an order, in the order of the file. */
type Rows = {
  readonly count: number;
  readonly times: Float64Array;
  readonly offsets: Float64Array;
  readonly elements: Int32Array;
  readonly marks: Uint8Array;
  readonly states: Uint32Array;
  readonly stateNames: readonly string[];
};

const text = new TextDecoder();

export class ArchivedOrders {
  readonly #files: ArchiveFiles;
  readonly #turn: () => Promise<void>;
  readonly #cache = new ByteCache(CACHE_BYTES);
  readonly #records: ArchivedRecords;

  constructor(files: ArchiveFiles, turn: () => Promise<void>) {
    this.#files = files;
    this.#turn = turn;
    this.#records = new ArchivedRecords(files, turn, this.#cache);
  }

  /** Files that may hold an order of the range, those with the newest order first. */
  filesOf(batches: readonly ArchiveBatch[], { from, to }: OrderRange): OrderFile[] {
    return batches
      .flatMap((batch) => batch.files.map((file) => ({ batch, file })))
      .filter((each): each is OrderFile => {
        const { table, from: first, to: last } = each.file;
        return table === 'orders' && first !== null && last !== null && last >= from && first < to;
      })
      .sort((a, b) => b.file.to - a.file.to);
  }

  /** Orders of a file that are in the range and, where a place is given, behind it. */
  async ordersOf({ batch, file }: OrderFile, range: OrderRange, after?: OrderPlace): Promise<ArchivedOrder[]> {
    const rows = await this.#cache.get(`rows ${file.checksum}`, () => this.#readRows(file));
    const { topic, partition } = batch;
    const state = range.state === undefined ? -1 : rows.stateNames.indexOf(range.state);
    const found: ArchivedOrder[] = [];
    if (range.state !== undefined && state < 0) return found;
    for (let row = 0; row < rows.count; row++) {
      const time = rows.times[row] as number;
      if (time < range.from || time >= range.to || (state >= 0 && rows.states[row] !== state)) continue;
      const [offset, element] = [rows.offsets[row] as number, rows.elements[row] as number];
      const order = { topic, partition, time, offset, element, mark: MARKS[rows.marks[row] as number] ?? null, batch };
      if (after === undefined || newestFirst(after, order) < 0) found.push(order);
    }
    return found;
  }

  /** All orders of this id. */
  async withId(batches: readonly ArchiveBatch[], id: string): Promise<ArchivedOrder[]> {
    const hash = hashOfId(id);
    const found: ArchivedOrder[] = [];
    for (let at = 0; at < batches.length; at += IDS_AT_ONCE) {
      const some = batches.slice(at, at + IDS_AT_ONCE);
      const may = await Promise.all(some.map((batch) => this.#mayHold(batch, hash)));
      for (const [index, batch] of some.entries()) if (may[index]) found.push(...(await this.#ordersWithId(batch, id)));
      await this.#turn();
    }
    return found;
  }

  /** With their events as they came. */
  async whole(orders: readonly ArchivedOrder[]): Promise<StoredOrder[]> {
    const records = new Map<string, Records>();
    for (const [id, [first]] of Map.groupBy(orders, ({ batch }) => batch.id))
      records.set(id, await this.#records.of((first as ArchivedOrder).batch));
    return orders.map(({ batch, ...place }) => {
      const record = records.get(batch.id)?.get(place.offset);
      if (record === undefined)
        throw damaged(batch, `offset ${place.offset} is in its orders and not in its raw files`);
      return { ...place, event: eventOf(record, place.element), archived: true };
    });
  }

  async #mayHold(batch: ArchiveBatch, hash: number): Promise<boolean> {
    if (batch.orders === 0) return false;
    const file = batch.files.find(({ path }) => isIdsPath(path));
    if (file === undefined) return true;
    const ids = await this.#cache.get(`ids ${file.checksum}`, async () => {
      const value = await this.#files.read(file.path);
      return { value, bytes: value.length };
    });
    return hasHash(ids, hash);
  }

  async #ordersWithId(batch: ArchiveBatch, id: string): Promise<ArchivedOrder[]> {
    const found: ArchivedOrder[] = [];
    const { topic, partition } = batch;
    for (const file of batch.files.filter(({ table }) => table === 'orders')) {
      const table = new TableReader(await this.#files.read(file.path), this.#turn);
      for await (const group of table.groups(['order_id', ...ORDER_COLUMNS])) {
        const ids = group.column('order_id');
        for (let row = 0; row < group.rows; row++) {
          if (ids[row] !== id) continue;
          const [offset, element] = [Number(group.column('offset')[row]), Number(group.column('element')[row])];
          if (found.some((each) => each.offset === offset && each.element === element)) continue;
          const time = Number(group.column('order_time')[row]);
          found.push({ topic, partition, time, offset, element, mark: markOf(group.column('mark')[row]), batch });
        }
        await this.#turn();
      }
    }
    return found;
  }

  async #readRows(file: BatchFile): Promise<{ value: Rows; bytes: number }> {
    const table = new TableReader(await this.#files.read(file.path), this.#turn);
    const rows = new RowGatherer(table.rows);
    for await (const group of table.groups(ORDER_COLUMNS)) {
      const [time, state, offset, element, mark] = ORDER_COLUMNS.map((name) => group.column(name));
      for (let row = 0; row < group.rows; row++)
        rows.add(Number(offset?.[row]), Number(element?.[row]), () => ({
          time: Number(time?.[row]),
          state: String(state?.[row]),
          mark: markOf(mark?.[row]),
        }));
      await this.#turn();
    }
    const value = rows.take();
    return { value, bytes: value.count * ROW_BYTES };
  }
}

/** An order has a row an item, one behind the other: the first stands for it. */
class RowGatherer {
  #rows: Rows & { count: number };
  #stateNames: string[] = [];
  #states = new Map<string, number>();

  constructor(most: number) {
    this.#rows = {
      count: 0,
      times: new Float64Array(most),
      offsets: new Float64Array(most),
      elements: new Int32Array(most),
      marks: new Uint8Array(most),
      states: new Uint32Array(most),
      stateNames: this.#stateNames,
    };
  }

  add(offset: number, element: number, rest: () => { time: number; state: string; mark: Mark }): void {
    const rows = this.#rows;
    const last = rows.count - 1;
    if (last >= 0 && rows.offsets[last] === offset && rows.elements[last] === element) return;
    const { time, state, mark } = rest();
    rows.times[rows.count] = time;
    rows.offsets[rows.count] = offset;
    rows.elements[rows.count] = element;
    rows.marks[rows.count] = MARKS.indexOf(mark);
    rows.states[rows.count++] = this.#stateId(state);
  }

  take(): Rows {
    const { count, times, offsets, elements, marks, states, stateNames } = this.#rows;
    return {
      count,
      times: times.slice(0, count),
      offsets: offsets.slice(0, count),
      elements: elements.slice(0, count),
      marks: marks.slice(0, count),
      states: states.slice(0, count),
      stateNames,
    };
  }

  #stateId(state: string): number {
    let id = this.#states.get(state);
    if (id === undefined) {
      id = this.#stateNames.push(state) - 1;
      this.#states.set(state, id);
    }
    return id;
  }
}

function markOf(value: unknown): Mark {
  return value === 'late' || value === 'duplicate' ? value : null;
}

/** The record was read as an event once, so it is JSON and the element is there. */
function eventOf(record: Uint8Array, element: number): Readonly<Record<string, unknown>> {
  const parsed: unknown = JSON.parse(text.decode(record));
  return (element === -1 ? parsed : (parsed as unknown[])[element]) as Record<string, unknown>;
}

function damaged({ id }: ArchiveBatch, detail: string): AppError {
  return new AppError('data-mismatch', `Cannot read archive batch ${id} as ${detail}`);
}
