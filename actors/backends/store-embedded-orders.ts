/**
 * Searches of raw orders over all files of the store: newest first by event time, or by id. Chunks are taken in the
 * order of their newest event until none that is left can hold anything that belongs on the page.
 */
import { ID_SEEDS, murmur3 } from '../../protocol/hash.ts';
import type { OrderFilter, Page, StoredOrder } from '../ports/hot-store.ts';
import { decodeCursor, encodeCursor } from './cursor.ts';
import type { PartitionFile } from './partition-file.ts';
import { ChunkReader, type ChunkRow, type FoundOrder, markOf, storedOrder } from './store-embedded-chunks.ts';

/** Rows of `raw_orders` fetched at a time. */
const CHUNK_ROWS = 32;
/** A long search lets other queries in after this. */
const TURN_MS = 20;
const COLUMNS = 'key, min_time AS minTime, max_time AS maxTime, marks';
const CURSOR_SHAPE = [0, '', 0, 0, 0] as const;

type Place = Pick<FoundOrder, 'time' | 'topic' | 'partition' | 'offset' | 'element'>;
type Candidate = { readonly file: PartitionFile; readonly row: ChunkRow };

export class OrderSearch {
  #files: readonly PartitionFile[];
  #chunks = new ChunkReader();

  constructor(files: readonly PartitionFile[]) {
    this.#files = files;
  }

  async newest(filter: OrderFilter): Promise<Page<StoredOrder>> {
    const after = filter.cursor === undefined ? undefined : placeOfCursor(filter.cursor);
    const to = after === undefined ? filter.to : Math.min(filter.to, after.time + 1);
    let best: FoundOrder[] = [];
    let turn = performance.now();
    for (const { file, row } of newestChunks(this.#files, filter.from, to)) {
      const last = best[filter.limit];
      if (last !== undefined && row.maxTime < last.time) break;
      const found = this.#chunks.orders(file, row, filter.state).filter((order) => belongs(order, filter, after));
      if (found.length > 0) best = [...best, ...found].sort(newestFirst).slice(0, filter.limit + 1);
      if (performance.now() - turn > TURN_MS) {
        await new Promise((resolve) => setImmediate(resolve));
        turn = performance.now();
      }
    }
    const items = best.slice(0, filter.limit);
    const end = items.at(-1);
    return {
      items: items.map(storedOrder),
      next: best.length > filter.limit && end !== undefined ? cursorOf(end) : null,
    };
  }

  /** The order of this id; of several the one that counts, and of those the newest. */
  async byId(id: string): Promise<StoredOrder | undefined> {
    const bytes = new TextEncoder().encode(id);
    const low = murmur3(bytes, 0, bytes.length, ID_SEEDS.low);
    const high = murmur3(bytes, 0, bytes.length, ID_SEEDS.high);
    const found = this.#files
      .flatMap((file) => chunksWithHash(file, low).flatMap((row) => this.#chunks.orders(file, row)))
      .filter((order) => order.idLow === low && order.idHigh === high)
      .sort((a, b) => Number(markOf(a) !== null) - Number(markOf(b) !== null) || newestFirst(a, b));
    return found[0] === undefined ? undefined : storedOrder(found[0]);
  }
}

/** `instr` finds the hash at any byte, so a chunk may be named in vain; its orders are compared afterwards. */
function chunksWithHash({ file }: PartitionFile, low: number): ChunkRow[] {
  const needle = new Uint8Array(new Uint32Array([low]).buffer);
  return file.rows<ChunkRow>(`SELECT ${COLUMNS} FROM raw_orders WHERE instr(order_hashes, ?) > 0`, needle);
}

/** Chunks that may hold an order of [from, to), those with the newest event first, over all files. */
function* newestChunks(files: readonly PartitionFile[], from: number, to: number): Generator<Candidate> {
  const streams = files.map((file) => fileChunks(file, from, to));
  const heads = streams.map((stream) => stream.next().value as Candidate | undefined);
  for (;;) {
    let newest = -1;
    for (let index = 0; index < heads.length; index++) {
      const row = heads[index]?.row;
      if (row !== undefined && (newest < 0 || row.maxTime > (heads[newest]?.row.maxTime ?? 0))) newest = index;
    }
    const head = heads[newest];
    if (head === undefined) return;
    yield head;
    heads[newest] = streams[newest]?.next().value as Candidate | undefined;
  }
}

function* fileChunks(file: PartitionFile, from: number, to: number): Generator<Candidate, undefined> {
  let maxTime = Number.MAX_SAFE_INTEGER;
  let key = 0;
  for (;;) {
    const rows = file.file.rows<ChunkRow>(
      `SELECT ${COLUMNS} FROM raw_orders WHERE (max_time, key) < (?, ?) AND max_time >= ? AND min_time < ?
        ORDER BY max_time DESC, key DESC LIMIT ?`,
      maxTime,
      key,
      from,
      to,
      CHUNK_ROWS,
    );
    for (const row of rows) yield { file, row };
    const last = rows.at(-1);
    if (rows.length < CHUNK_ROWS || last === undefined) return undefined;
    ({ maxTime, key } = last);
  }
}

function belongs(order: FoundOrder, filter: OrderFilter, after: Place | undefined): boolean {
  if (order.time < filter.from || order.time >= filter.to) return false;
  if (filter.state !== undefined && order.state !== filter.state) return false;
  return after === undefined || newestFirst(after, order) < 0;
}

/** One order over all orders there are, so that pages neither repeat nor skip. */
function newestFirst(a: Place, b: Place): number {
  if (a.time !== b.time) return b.time - a.time;
  if (a.topic !== b.topic) return a.topic < b.topic ? -1 : 1;
  return a.partition - b.partition || b.offset - a.offset || b.element - a.element;
}

function cursorOf({ time, topic, partition, offset, element }: Place): string {
  return encodeCursor([time, topic, partition, offset, element]);
}

function placeOfCursor(cursor: string): Place {
  const [time, topic, partition, offset, element] = decodeCursor(cursor, CURSOR_SHAPE);
  return { time, topic, partition, offset, element };
}
