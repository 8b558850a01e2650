/** The embedded store as readers see it: committed state of all partitions, over connections that cannot write. */
import type { DeadLetter } from '../../protocol/event.ts';
import type {
  DeadLetterFilter,
  OrderFilter,
  Page,
  PartitionState,
  ReadWindow,
  StoredOrder,
  StoreReader,
  StoreSnapshot,
} from '../ports/hot-store.ts';
import type { PartitionFile } from './partition-file.ts';
import { readDeadLetters } from './store-embedded-dead-letters.ts';
import { OrderSearch } from './store-embedded-orders.ts';
import { rawBytes } from './store-embedded-raw-sums.ts';
import { type EmbeddedStoreConfig, readStates, storeFiles } from './store-embedded-schema.ts';

const NEXT_WINDOW = 'SELECT start FROM window WHERE topic = ? AND start >= ? ORDER BY start LIMIT 1';

export class EmbeddedStoreReader implements StoreReader {
  #files: PartitionFile[];
  #search: OrderSearch;

  constructor(config: EmbeddedStoreConfig) {
    this.#files = storeFiles(config).openAllToRead();
    this.#search = new OrderSearch(this.#files);
  }

  async partitions(): Promise<readonly PartitionState[]> {
    return this.#files.flatMap((file) => readStates(file));
  }

  async windows(from: number, to: number): Promise<readonly ReadWindow[]> {
    return this.#files.flatMap((file) => readWindows(file, from, to));
  }

  async nextWindow(from: number): Promise<number | undefined> {
    const starts = this.#files.flatMap(({ file, topics }) =>
      [...topics.values()].flatMap((id) => file.row<{ start: number }>(NEXT_WINDOW, id, from)?.start ?? []),
    );
    return starts.length === 0 ? undefined : Math.min(...starts);
  }

  async snapshot(from: number, to: number): Promise<StoreSnapshot> {
    const parts = this.#files.map((file) =>
      file.file.snapshot(() => ({ states: readStates(file), windows: readWindows(file, from, to) })),
    );
    return {
      states: parts.flatMap(({ states }) => states),
      windows: parts.flatMap(({ windows }) => windows),
    };
  }

  orders(filter: OrderFilter): Promise<Page<StoredOrder>> {
    return this.#search.newest(filter);
  }

  order(id: string): Promise<StoredOrder | undefined> {
    return this.#search.byId(id);
  }

  async deadLetters(filter: DeadLetterFilter): Promise<Page<DeadLetter>> {
    return readDeadLetters(this.#files, filter);
  }

  async hotBytes(): Promise<number> {
    return this.#files.reduce((sum, { file }) => sum + rawBytes(file), 0);
  }

  async close(): Promise<void> {
    for (const { file } of this.#files) file.close();
  }
}

function readWindows({ file, partition, topics }: PartitionFile, from: number, to: number): ReadWindow[] {
  const windows: ReadWindow[] = [];
  for (const [topic, id] of topics) {
    const rows = file.rows<{ start: number; seq: number; packed: Uint8Array }>(
      'SELECT start, seq, packed FROM window WHERE topic = ? AND start >= ? AND start < ? ORDER BY start',
      id,
      from,
      to,
    );
    for (const { start, seq, packed } of rows) windows.push({ topic, partition, start, seq, packed });
  }
  return windows;
}
