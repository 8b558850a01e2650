/** Tells the catalog of days that have come into the archive; what fails is told again later and holds up nothing. */
import type { ArchiveBatch, ArchiveCatalog } from '../ports/archive.ts';

const RETRY_MS = 30_000;

type Table = 'orders' | 'kpi_minute';

export class Registrar {
  #catalog: ArchiveCatalog;
  #now: () => number;
  #pending = new Map<Table, Set<string>>();
  #registered = new Set<string>();
  #retryAt = 0;
  #under: Promise<void> | undefined;
  /** Why the catalog was not told when it was last tried. */
  failure: string | undefined;

  constructor(catalog: ArchiveCatalog, now: () => number) {
    this.#catalog = catalog;
    this.#now = now;
  }

  note({ files }: ArchiveBatch): void {
    for (const { table, orderDate } of files) {
      if (table !== 'orders' && table !== 'kpi_minute') continue;
      if (this.#registered.has(`${table}/${orderDate}`)) continue;
      const days = this.#pending.get(table) ?? new Set();
      this.#pending.set(table, days.add(orderDate));
    }
  }

  /** Registers what waits, one call at a time. */
  async look(): Promise<void> {
    if (this.#under !== undefined || this.#pending.size === 0 || this.#now() < this.#retryAt) return;
    this.#under = this.#register();
    await this.#under.finally(() => {
      this.#under = undefined;
    });
  }

  async #register(): Promise<void> {
    try {
      for (const [table, days] of [...this.#pending]) {
        await this.#catalog.register(table, [...days]);
        for (const day of days) this.#registered.add(`${table}/${day}`);
        this.#pending.delete(table);
      }
      this.failure = undefined;
    } catch (thrown) {
      this.#retryAt = this.#now() + RETRY_MS;
      this.failure = thrown instanceof Error ? thrown.message : String(thrown);
    }
  }
}
