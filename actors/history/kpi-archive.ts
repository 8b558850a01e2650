/**
 * Archives days of KPIs that are over, and again when late events have changed them. There is one batch a day in the
 * manifest: a revision takes the place of the former in one step, and its files are removed afterwards. A day stays
 * noted as to be archived until all of that is done, so a run may end anywhere and the next goes on.
 */
import { type DayOf, dayIn } from '../archive/days.ts';
import { temporaryPath } from '../archive/paths.ts';
import { dayStartIn, type Floor, nextDay } from '../kpi/granularity.ts';
import type { ArchiveBatch, ArchiveCatalog, ArchiveFiles, ArchiveManifest, BatchFile } from '../ports/archive.ts';
import type { FactStore, RollupStamp, StoreReader } from '../ports/hot-store.ts';
import { type KpiDay, type KpiDraft, verifyKpiDay, writeKpiDay } from './kpi-day.ts';
import type { Rollups } from './walk.ts';

const FACT = 'kpi-archive';
const DAY_MS = 86_400_000;

/** Days to be archived, by their start, and up to which commits that is known. */
type KpiArchiveState = { readonly zone: string; readonly stamp: RollupStamp; readonly days: readonly number[] };

export type KpiArchiveStores = {
  readonly store: StoreReader;
  readonly rollups: Pick<Rollups, 'changedSince'>;
  readonly facts: FactStore;
  readonly manifest: ArchiveManifest;
  readonly files: ArchiveFiles;
  readonly catalog?: ArchiveCatalog | undefined;
};

export type KpiArchiveSettings = {
  readonly zone: string;
  readonly latenessMs: number;
  readonly now: () => number;
  readonly turn: () => Promise<void>;
};

export class KpiArchive {
  readonly #stores: KpiArchiveStores;
  readonly #settings: KpiArchiveSettings;
  readonly #dayStart: Floor;
  readonly #dayOf: DayOf;

  constructor(stores: KpiArchiveStores, settings: KpiArchiveSettings) {
    this.#stores = stores;
    this.#settings = settings;
    this.#dayStart = dayStartIn(settings.zone);
    this.#dayOf = dayIn(settings.zone);
  }

  /** One run at a time. Answers how many days were archived. */
  async run(signal?: AbortSignal): Promise<number> {
    const { store, rollups, facts } = this.#stores;
    const { zone, latenessMs } = this.#settings;
    const states = await store.partitions();
    const known = (await facts.get(FACT)) as KpiArchiveState | undefined;
    // Days of another zone are other days: all of them anew.
    const before = known?.zone === zone ? known : undefined;
    const stamp = states.map(({ topic, partition, seq }) => ({ topic, partition, seq }));
    const days = new Set(before?.days);
    for (const start of await rollups.changedSince(before?.stamp ?? [])) days.add(this.#dayStart(start));
    const note = () => facts.put(FACT, { zone, stamp, days: [...days] } satisfies KpiArchiveState);
    await note();
    const over = Math.max(-1, ...states.map(({ watermark }) => watermark)) - latenessMs - DAY_MS;
    const due = [...days].filter((start) => nextDay(this.#dayStart, start) <= over).sort((a, b) => a - b);
    for (const start of due) {
      signal?.throwIfAborted();
      await this.#archive(start);
      days.delete(start);
      await note();
    }
    return due.length;
  }

  async #archive(start: number): Promise<void> {
    const { manifest, store, catalog } = this.#stores;
    const { turn, now } = this.#settings;
    const date = this.#dayOf(start);
    const id = `kpi-${date}`;
    const batch = (await manifest.get(id)) ?? (await this.#plan(id, start));
    // What the hot store has let go of is whole in the archive only.
    if (batch.state === 'DELETED') return;
    const revision = (batch.sums.revision ?? 0) + 1;
    const day: KpiDay = { name: `${id}-r${revision}`, date, start, end: nextDay(this.#dayStart, start) };
    const draft = await writeKpiDay(store, day, turn);
    if (draft === undefined) return;
    const files = await this.#publish(draft);
    const at = now();
    const committed: ArchiveBatch = {
      ...batch,
      ...contentOf(draft, files, revision),
      state: 'COMMITTED',
      attempts: batch.attempts + 1,
      verifiedAt: at,
      committedAt: at,
    };
    // Another process that was quicker has the day: this one's files go with the next revision.
    if (!(await manifest.advance(committed, batch.state))) return;
    await this.#sweep(committed, date);
    await catalog?.register('kpi_minute', [date]);
  }

  async #plan(id: string, start: number): Promise<ArchiveBatch> {
    const planned: ArchiveBatch = {
      id,
      kind: 'kpi',
      state: 'PLANNED',
      topic: '',
      partition: 0,
      fromOffset: start,
      toOffset: nextDay(this.#dayStart, start),
      ...{ records: 0, orders: 0, rows: 0, sums: {}, bytes: 0, from: null, to: null, files: [] },
      ...{ plannedAt: this.#settings.now(), verifiedAt: null, committedAt: null, deletedAt: null },
      ...{ attempts: 0, error: null },
    };
    await this.#stores.manifest.create(planned);
    return (await this.#stores.manifest.get(id)) ?? planned;
  }

  /** Under temporary names, read back, and only then to where they belong. */
  async #publish(draft: KpiDraft): Promise<BatchFile[]> {
    const { files } = this.#stores;
    for (const { path, content } of draft.files) await files.write(temporaryPath(path), content);
    await verifyKpiDay(draft, ({ path }) => files.read(temporaryPath(path)), this.#settings.turn);
    for (const { path } of draft.files) {
      // Left of a revision that did not get as far as the manifest: nobody reads it.
      await files.remove(path);
      await files.publish(temporaryPath(path), path);
    }
    return draft.files.map(({ content: _content, ...file }) => file);
  }

  /** What the day's folders hold beside its batch are earlier revisions. */
  async #sweep({ files }: ArchiveBatch, date: string): Promise<void> {
    const kept = new Set(files.map(({ path }) => path));
    for (const folder of [`kpi_minute/order_date=${date}`, `windows/date=${date}`])
      for (const { path } of await this.#stores.files.list(folder))
        if (!kept.has(path)) await this.#stores.files.remove(path);
  }
}

function contentOf({ sums }: KpiDraft, files: readonly BatchFile[], revision: number) {
  const spans = files.flatMap(({ from, to }) => (from === null || to === null ? [] : [from, to]));
  return {
    files,
    records: sums.windows,
    orders: sums.orders,
    rows: sums.rows,
    sums: { items: sums.items, sales: sums.sales, revision },
    bytes: files.reduce((sum, { bytes }) => sum + bytes, 0),
    from: Math.min(...spans),
    to: Math.max(...spans),
  };
}
