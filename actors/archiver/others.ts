/**
 * Batches that are not this archiver's own work: those of other processes on the same store, and the KPI days that the
 * jobs archive. The manifest is looked at now and then, newest first, so that what people are told is the whole archive.
 */
import type { ArchiveBatch, ArchiveManifest } from '../ports/archive.ts';
import { UNFINISHED } from './core.ts';

const LOOK_MS = 2_000;
const PAGE = 50;

export type OthersOptions = {
  readonly manifest: Pick<ArchiveManifest, 'list' | 'get'>;
  /** Told of each batch that is not as it was. */
  readonly note: (batch: ArchiveBatch) => void;
  readonly now: () => number;
};

export class OthersBatches {
  readonly #options: OthersOptions;
  /** How each batch stood when it was last seen. */
  readonly #known = new Map<string, string>();
  readonly #unfinished = new Set<string>();
  #lookedAt = Number.NEGATIVE_INFINITY;

  constructor(options: OthersOptions) {
    this.#options = options;
  }

  /** Somebody knows of it already. */
  saw(batch: ArchiveBatch): void {
    const { id, state } = batch;
    this.#known.set(id, markOf(batch));
    if (UNFINISHED.includes(state)) this.#unfinished.add(id);
    else this.#unfinished.delete(id);
  }

  async look(): Promise<void> {
    const now = this.#options.now();
    if (now - this.#lookedAt < LOOK_MS) return;
    this.#lookedAt = now;
    const fresh = await this.#changed();
    for (const batch of fresh.reverse()) {
      this.saw(batch);
      this.#options.note(batch);
    }
  }

  /** Newest first: page by page while all of one were new, and what was under way when it was last seen. */
  async #changed(): Promise<ArchiveBatch[]> {
    const { manifest } = this.#options;
    const left = new Set(this.#unfinished);
    const changed: ArchiveBatch[] = [];
    let cursor: string | undefined;
    do {
      const { items, next } = await manifest.list({ limit: PAGE, cursor });
      for (const { id } of items) left.delete(id);
      const unknown = items.filter(({ id }) => !this.#known.has(id));
      changed.push(...items.filter((batch) => this.#known.get(batch.id) !== markOf(batch)));
      cursor = unknown.length === items.length ? (next ?? undefined) : undefined;
    } while (cursor !== undefined);
    for (const id of left) {
      const batch = await manifest.get(id);
      if (batch !== undefined && this.#known.get(id) !== markOf(batch)) changed.push(batch);
    }
    return changed;
  }
}

function markOf({ state, attempts, committedAt }: ArchiveBatch): string {
  return `${state} ${attempts} ${committedAt}`;
}
