/**
 * The archiver without its thread: looks at the store, plans, and takes one step after another. Everything outside is
 * handed in, so that it can be stopped between any two steps and begun anew by another.
 */
import { partitionKey, type TopicPartition } from '../../protocol/event.ts';
import { readFrames } from '../../protocol/frames.ts';
import { ChunkDecoder } from '../archive/decode-chunk.ts';
import { TEMPORARY } from '../archive/paths.ts';
import type { ArchiveBatch, ArchiveState } from '../ports/archive.ts';
import type { RawExtent } from '../ports/hot-store.ts';
import {
  batchBytes,
  bytesOver,
  type Candidate,
  chunksInBatch,
  oldestOf,
  plannedBatch,
  retryDelayMs,
  UNFINISHED,
  unclaimed,
  weightOf,
} from './core.ts';
import { type StepPorts, takeStep } from './steps.ts';
import type { Wanted } from './wanted.ts';

export type ArchiverSettings = {
  readonly budget: number;
  readonly onChange: (batch: ArchiveBatch) => void;
};

export type ArchiverPorts = StepPorts & { readonly wanted: Wanted };

export class Archiver {
  /** What the raw events of the store weigh, as they were last looked at. */
  hotBytes = 0;
  /** What they may weigh. */
  budget: number;
  #ports: ArchiverPorts;
  #settings: ArchiverSettings;
  #own = new Map<string, TopicPartition>();
  #cleaned = new Set<string>();
  #oldest = new Map<string, { readonly from: number; readonly at: number }>();
  #retryAt = new Map<string, number>();
  /** Went over the budget, and has not come down far enough since. */
  #begun = false;

  constructor(ports: ArchiverPorts, settings: ArchiverSettings) {
    this.#ports = ports;
    this.#settings = settings;
    this.budget = settings.budget;
  }

  /** From now on exactly these are this process's to archive. */
  own(partitions: readonly TopicPartition[]): void {
    this.#own = new Map(partitions.map((place) => [partitionKey(place), place]));
    for (const key of this.#cleaned) if (!this.#own.has(key)) this.#cleaned.delete(key);
  }

  /** Has all archived that is committed now, by whomever it is; answers how much that is. */
  async wantAll(): Promise<{ readonly records: number; readonly bytes: number }> {
    const extents = await this.#ports.raw.rawExtents();
    await this.#ports.wanted.add(extents);
    return { records: extents.reduce((sum, { records }) => sum + records, 0), bytes: weightOf(extents) };
  }

  /** Does the next thing there is to do; answers false when there is nothing now. */
  async work(): Promise<boolean> {
    const extents = await this.#ports.raw.rawExtents();
    this.hotBytes = weightOf(extents);
    await this.#ports.wanted.look(extents);
    const unfinished = (await this.#ports.manifest.inState(UNFINISHED)).filter(
      (batch) => batch.kind === 'events' && this.#own.has(partitionKey(batch)),
    );
    await this.#clean(unfinished);
    for (const batch of unfinished) if (this.#isDue(batch) && (await this.#step(batch))) return true;
    return this.#plan(extents, new Set(unfinished.map(partitionKey)));
  }

  #isDue({ id, state, attempts }: ArchiveBatch): boolean {
    if (state !== 'FAILED') return true;
    const at = this.#retryAt.get(id);
    if (at === undefined) this.#retryAt.set(id, this.#ports.now() + retryDelayMs(attempts));
    return at !== undefined && at <= this.#ports.now();
  }

  async #step(batch: ArchiveBatch): Promise<boolean> {
    const after = await takeStep(batch, this.#ports);
    if (after.state === batch.state && after.state !== 'FAILED') return false;
    if (after.state === 'FAILED') this.#retryAt.set(after.id, this.#ports.now() + retryDelayMs(after.attempts));
    else this.#retryAt.delete(after.id);
    this.#settings.onChange(after);
    return true;
  }

  /** Plans the next batch, if there is too much or somebody wants it. */
  async #plan(extents: readonly RawExtent[], busy: ReadonlySet<string>): Promise<boolean> {
    const own = extents.filter((extent) => this.#own.has(partitionKey(extent)));
    const over = bytesOver(extents, new Set(this.#own.keys()), this.budget, this.#begun);
    this.#begun = over > 0;
    const free = own.filter((extent) => !busy.has(partitionKey(extent)));
    const wanted = free.filter((extent) => extent.from < this.#ports.wanted.below(extent));
    const from = over > 0 ? free : wanted;
    const chosen = oldestOf(await this.#candidates(from));
    if (chosen === undefined) return false;
    return this.#planOf(chosen.extent, over > 0 ? over : Number.POSITIVE_INFINITY, over > 0);
  }

  async #planOf(extent: RawExtent, needed: number, forBudget: boolean): Promise<boolean> {
    const { raw, manifest, wanted, now } = this.#ports;
    const chunks = await raw.raw(extent, extent.from, batchBytes(needed));
    const below = forBudget ? undefined : wanted.below(extent);
    const last = chunks[chunksInBatch(chunks, needed, below) - 1];
    if (last === undefined) return false;
    const batch = plannedBatch(extent, (chunks[0] as { base: number }).base, last.next, now());
    if (!(await manifest.create(batch))) return false;
    this.#settings.onChange(batch);
    return true;
  }

  async #candidates(extents: readonly RawExtent[]): Promise<Candidate[]> {
    const candidates: Candidate[] = [];
    for (const extent of extents) {
      if (extent.next > extent.from) candidates.push({ extent, oldestAt: await this.#oldestAt(extent) });
    }
    return candidates;
  }

  /** When the oldest record was appended; read once for each offset that is the oldest. */
  async #oldestAt(extent: RawExtent): Promise<number> {
    const key = partitionKey(extent);
    const known = this.#oldest.get(key);
    if (known?.from === extent.from) return known.at;
    const [chunk] = await this.#ports.raw.raw(extent, extent.from, 1);
    const frames = chunk === undefined ? new Uint8Array(0) : new ChunkDecoder(extent, []).unpack(chunk);
    const first = readFrames(frames).next();
    const at = first.done === true ? 0 : first.value.at;
    this.#oldest.set(key, { from: extent.from, at });
    return at;
  }

  /** Once for each partition that became this process's: what cut-off attempts have left. */
  async #clean(unfinished: readonly ArchiveBatch[]): Promise<void> {
    const fresh = [...this.#own].filter(([key]) => !this.#cleaned.has(key));
    if (fresh.length === 0) return;
    const { files } = this.#ports;
    const found = (await files.list(TEMPORARY)).map(({ path }) => path);
    const places = fresh.map(([, place]) => place);
    for (const path of unclaimed(found, places, unfinished.filter(hasFiles))) await files.remove(path);
    for (const [key] of fresh) this.#cleaned.add(key);
  }
}

const CLAIMING: readonly ArchiveState[] = ['WRITTEN', 'VERIFIED'];

function hasFiles({ state }: ArchiveBatch): boolean {
  return CLAIMING.includes(state);
}
