/**
 * Archives days of KPIs that are over, and again when late events have changed them. There is one batch a day in the
 * manifest: a revision takes the place of the former in one step, and its files are removed afterwards. A day stays
 * noted as to be archived until all of that is done, so a run may end anywhere and the next goes on.
 */
import { type DayOf, dayIn } from '../archive/days.ts';
import { TEMPORARY, temporaryPath } from '../archive/paths.ts';
import { checksumOf } from '../archive/write-batch.ts';
import { dayStartIn, type Floor, nextDay } from '../kpi/granularity.ts';
import type { ArchiveBatch, ArchiveCatalog, ArchiveFiles, ArchiveManifest, BatchFile } from '../ports/archive.ts';
import type { FactStore, PartitionState, RollupStamp, StoreReader } from '../ports/hot-store.ts';
import { type KpiDay, type KpiDraft, verifyKpiDay, writeKpiDay } from './kpi-day.ts';
import { readRollupState } from './rollup-state.ts';
import type { Rollups } from './walk.ts';
import { KPI_PLACE } from './window-border.ts';

const FACT = 'kpi-archive';
const DAY_MS = 86_400_000;

/** Days to be archived, by their start, and up to which commits that is known. */
type KpiArchiveState = {
  readonly zone: string;
  readonly stamp: RollupStamp;
  readonly days: readonly number[];
  /** Archived days that the catalog was not told of. */
  readonly unregistered: readonly string[];
};

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
  /** How long minutes stay in the hot store. */
  readonly retentionMs: number;
  readonly now: () => number;
  readonly turn: () => Promise<void>;
  /** A text that no other attempt has. */
  readonly nonce: () => string;
};

/** `retired`: days whose minutes the hot store may let go of from now on. */
export type KpiArchiveResult = { readonly archived: number; readonly retired: number };

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

  /** One run at a time. */
  async run(signal?: AbortSignal): Promise<KpiArchiveResult> {
    const { store, rollups, facts, catalog } = this.#stores;
    const { zone, latenessMs } = this.#settings;
    const states = await store.partitions();
    const known = (await facts.get(FACT)) as KpiArchiveState | undefined;
    // Days of another zone are other days: all of them anew.
    const before = known?.zone === zone ? known : undefined;
    const stamp = states.map(({ topic, partition, seq }) => ({ topic, partition, seq }));
    const days = new Set(before?.days);
    for (const start of await rollups.changedSince(before?.stamp ?? [])) days.add(this.#dayStart(start));
    const unregistered = new Set(before?.unregistered);
    const note = () =>
      facts.put(FACT, { zone, stamp, days: [...days], unregistered: [...unregistered] } satisfies KpiArchiveState);
    await note();
    const over = Math.max(-1, ...states.map(({ watermark }) => watermark)) - latenessMs - DAY_MS;
    const due = [...days].filter((start) => nextDay(this.#dayStart, start) <= over).sort((a, b) => a - b);
    for (const start of due) {
      signal?.throwIfAborted();
      await this.#archive(start);
      days.delete(start);
      unregistered.add(this.#dayOf(start));
      await note();
    }
    const retired = await this.#retire(states, days);
    await note();
    // Last, as tools that cannot be told hold up nothing.
    if (catalog !== undefined && unregistered.size > 0) await catalog.register('kpi_minute', [...unregistered]);
    unregistered.clear();
    await note();
    return { archived: due.length, retired };
  }

  /**
   * Days of which minutes are not kept any longer: from now on theirs are read from the archive, and owners may let go.
   * In order, and only what nothing can change or needs any more: every topic-partition is past it by more than events
   * may be late, and it is rolled up.
   */
  async #retire(states: readonly PartitionState[], waiting: Set<number>): Promise<number> {
    const { manifest, facts } = this.#stores;
    const { latenessMs, retentionMs, now } = this.#settings;
    const rollup = await readRollupState(facts);
    const watermarks = states.map(({ watermark }) => watermark).filter((watermark) => watermark >= 0);
    if (rollup === undefined || watermarks.length === 0) return 0;
    const passed = Math.min(Math.max(...watermarks) - retentionMs, Math.min(...watermarks) - latenessMs);
    const until = Math.min(passed, ...waiting, ...rollup.hours, ...rollup.days);
    const days = (await manifest.inState(['COMMITTED'], KPI_PLACE)).filter(({ kind }) => kind === 'kpi');
    const old = days.filter(({ toOffset }) => toOffset <= until).sort((a, b) => a.fromOffset - b.fromOffset);
    let retired = 0;
    for (const day of old) {
      if (!(await this.#isWhole(day))) {
        waiting.add(day.fromOffset);
        break;
      }
      await manifest.advance({ ...day, state: 'DELETED', deletedAt: now() }, 'COMMITTED');
      retired++;
    }
    return retired;
  }

  /** Looked at once more before the archive has the only copy. */
  async #isWhole({ files }: ArchiveBatch): Promise<boolean> {
    for (const { path, bytes, checksum } of files) {
      const found = await this.#stores.files.stat(path);
      if (found?.bytes !== bytes || checksumOf(await this.#stores.files.read(path)) !== checksum) return false;
    }
    return files.length > 0;
  }

  async #archive(start: number): Promise<void> {
    const { manifest, store } = this.#stores;
    const { turn, now, nonce } = this.#settings;
    const date = this.#dayOf(start);
    const id = `kpi-${date}`;
    const batch = (await manifest.get(id)) ?? (await this.#plan(id, start));
    // What the hot store has let go of is whole in the archive only.
    if (batch.state === 'DELETED') return;
    const revision = (batch.sums.revision ?? 0) + 1;
    const day: KpiDay = { name: `${id}-r${revision}-${nonce()}`, date, start, end: nextDay(this.#dayStart, start) };
    const draft = await writeKpiDay(store, day, turn);
    if (draft === undefined) return;
    const files = await this.#publish(draft, nonce());
    const at = now();
    const committed: ArchiveBatch = {
      ...batch,
      ...contentOf(draft, files, revision),
      state: 'COMMITTED',
      attempts: batch.attempts + 1,
      verifiedAt: at,
      committedAt: at,
    };
    // Where the manifest has moved on the day is another's; its next revision removes these files.
    if (await manifest.advance(committed, batch.state)) await this.#sweep(committed, date);
  }

  async #plan(id: string, start: number): Promise<ArchiveBatch> {
    const planned: ArchiveBatch = {
      id,
      kind: 'kpi',
      state: 'PLANNED',
      ...KPI_PLACE,
      fromOffset: start,
      toOffset: nextDay(this.#dayStart, start),
      ...{ records: 0, orders: 0, rows: 0, sums: {}, bytes: 0, from: null, to: null, files: [] },
      ...{ plannedAt: this.#settings.now(), verifiedAt: null, committedAt: null, deletedAt: null },
      ...{ attempts: 0, error: null },
    };
    await this.#stores.manifest.create(planned);
    return (await this.#stores.manifest.get(id)) ?? planned;
  }

  /** Under temporary names, read back, and only then to where they belong: under names that nothing else ever has. */
  async #publish(draft: KpiDraft, nonce: string): Promise<BatchFile[]> {
    const { files } = this.#stores;
    for (const { path, content } of draft.files) await files.write(temporaryPath(path, nonce), content);
    await verifyKpiDay(draft, ({ path }) => files.read(temporaryPath(path, nonce)), this.#settings.turn);
    for (const { path } of draft.files) await files.publish(temporaryPath(path, nonce), path);
    return draft.files.map(({ content: _content, ...file }) => file);
  }

  /** What the day's folders hold beside its batch are earlier revisions. */
  async #sweep({ files }: ArchiveBatch, date: string): Promise<void> {
    const kept = new Set(files.map(({ path }) => path));
    for (const folder of [`kpi_minute/order_date=${date}`, `windows/date=${date}`])
      for (const { path } of await this.#stores.files.list(folder))
        if (!kept.has(path)) await this.#stores.files.remove(path);
    for (const { path } of await this.#stores.files.list(TEMPORARY))
      if (path.includes(`part-kpi-${date}-`)) await this.#stores.files.remove(path);
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
