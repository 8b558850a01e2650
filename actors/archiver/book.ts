/** What others are told of the archive: batches and how it stands as a whole. */
import type { ArchiveBatchView, ArchiveChanged, ArchiveStatus, Finding } from '../../protocol/message.ts';
import { ARCHIVE_STATES, type ArchiveBatch, type ArchiveState } from '../ports/archive.ts';

/** Batches told at once to a gateway that comes up. */
const NEWEST = 50;

type Counted = Pick<ArchiveBatch, 'state' | 'records' | 'rows' | 'bytes'> & {
  /** Failed attempts of a batch that is not in the archive yet. */
  readonly attempts: number;
};

const SEEN: readonly ArchiveState[] = ['COMMITTED', 'DELETED'];

export class ArchiveBook {
  #counted = new Map<string, Counted>();
  #newest: ArchiveBatch[] = [];
  #changed = new Map<string, ArchiveBatch>();
  #error: { readonly text: string; readonly at: number } | undefined;
  #finding: Finding | undefined;

  note(batch: ArchiveBatch, now: number): void {
    const { state, records, rows, bytes } = batch;
    const attempts = SEEN.includes(state) ? 0 : batch.attempts;
    this.#counted.set(batch.id, { state, records, rows, bytes, attempts });
    this.#changed.set(batch.id, batch);
    this.#newest = [batch, ...this.#newest.filter(({ id }) => id !== batch.id)].slice(0, NEWEST);
    if (state === 'FAILED') this.failed(`${batch.id}: ${batch.error}`, now);
  }

  failed(text: string, now: number): void {
    if (this.#error?.text !== text) this.#error = { text, at: now };
  }

  /** Nothing fails now, unless a batch that has failed is not in the archive yet. */
  wentWell(): void {
    if (![...this.#counted.values()].some(({ attempts }) => attempts > 0)) this.#error = undefined;
  }

  status(parts: Pick<ArchiveStatus, 'hot_bytes' | 'budget' | 'running'>): ArchiveStatus {
    const all = [...this.#counted.values()];
    const seen = all.filter(({ state }) => SEEN.includes(state));
    const sum = (read: (batch: Counted) => number) => seen.reduce((total, batch) => total + read(batch), 0);
    return {
      ...parts,
      states: Object.fromEntries(
        ARCHIVE_STATES.map((state) => [state, all.filter((batch) => batch.state === state).length]),
      ),
      records: sum(({ records }) => records),
      rows: sum(({ rows }) => rows),
      bytes: sum(({ bytes }) => bytes),
      last_error: this.#error?.text ?? null,
      last_error_at: this.#error?.at ?? null,
    };
  }

  /** For everybody who has heard all before; forgets what changed. */
  takeChanged(status: ArchiveStatus): ArchiveChanged {
    const batches = [...this.#changed.values()].map(shortView);
    this.#changed.clear();
    return { type: 'archive-changed', status, batches };
  }

  /** For whoever hears of it for the first time. */
  everything(status: ArchiveStatus): ArchiveChanged {
    return { type: 'archive-changed', status, batches: this.#newest.map(shortView) };
  }

  /** What people should know; undefined while it is as it was. */
  judge({ hot_bytes, budget, last_error }: ArchiveStatus, now: number): Finding | undefined {
    const far = hot_bytes > budget * 1.5;
    const severity = last_error === null ? 'ok' : far ? 'critical' : 'warning';
    const text =
      last_error === null ? 'Archiving goes well' : `Archiving does not get on and is tried again: ${last_error}`;
    if (this.#finding?.severity === severity && this.#finding.text === text) return undefined;
    const since = this.#finding?.severity === severity ? this.#finding.since : now;
    const first = this.#finding === undefined;
    const evidence = { hot_bytes, budget };
    this.#finding = { type: 'finding', id: 'archive', severity, text, since, evidence };
    return first && severity === 'ok' ? undefined : this.#finding;
  }

  get finding(): Finding | undefined {
    return this.#finding?.severity === 'ok' ? undefined : this.#finding;
  }
}

export function viewOf(batch: ArchiveBatch, uri: (path: string) => string): ArchiveBatchView {
  return {
    ...shortView(batch),
    sums: batch.sums,
    files: batch.files.map(({ path, table, orderDate, rows, bytes, checksum }) => ({
      path,
      uri: uri(path),
      table,
      order_date: orderDate,
      rows,
      bytes,
      checksum,
    })),
  };
}

function shortView(batch: ArchiveBatch): ArchiveChanged['batches'][number] {
  const { id, kind, state, topic, partition, records, orders, rows, bytes, from, to, attempts, error } = batch;
  return {
    id,
    kind,
    state,
    topic,
    partition,
    from_offset: batch.fromOffset,
    to_offset: batch.toOffset,
    records,
    orders,
    rows,
    bytes,
    from,
    to,
    planned_at: batch.plannedAt,
    verified_at: batch.verifiedAt,
    committed_at: batch.committedAt,
    deleted_at: batch.deletedAt,
    attempts,
    error,
  };
}
