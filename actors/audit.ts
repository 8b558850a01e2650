/**
 * The audit list as the main thread keeps it: it outlives the gateway that shows it, and the process. A command that was
 * under way when the process ended stands there as `lost`: whether it was carried out is not known.
 */
import type { WireError } from '../protocol/errors.ts';
import type { AuditEntry } from './gateway/control.ts';
import { LineFile, readLines } from './line-file.ts';
import type { Log } from './log.ts';

const KEPT_ENTRIES = 1_000;
const WHAT = 'the audit list';

export class AuditKeeper {
  #entries: Map<number, AuditEntry>;
  readonly #file: LineFile<AuditEntry>;
  #tell: ((entry: AuditEntry) => void) | undefined;

  private constructor(path: string, log: Log, entries: readonly AuditEntry[]) {
    this.#entries = new Map(entries.slice(-KEPT_ENTRIES).map((entry) => [entry.id, entry]));
    this.#file = new LineFile({ path, what: WHAT, log, list: () => this.entries() });
  }

  static async open(path: string, log: Log): Promise<AuditKeeper> {
    const lines = await readLines(path, WHAT, log);
    const entries = new Map(lines.filter(isEntry).map((entry) => [entry.id, entry]));
    const settled = [...entries.values()].map((entry) =>
      entry.outcome === 'pending' ? ({ ...entry, outcome: 'lost' } as const) : entry,
    );
    return new AuditKeeper(path, log, settled);
  }

  /** Oldest first. */
  entries(): readonly AuditEntry[] {
    return [...this.#entries.values()];
  }

  onChange(tell: (entry: AuditEntry) => void): void {
    this.#tell = tell;
  }

  /** Somebody has asked for it. */
  asked(entry: AuditEntry): void {
    void this.#keep(entry);
  }

  /** A command was carried out, or not; resolves when that is on disk, or could not be written. */
  note(entry: AuditEntry, error: WireError | null): Promise<void> {
    return this.#keep({ ...entry, outcome: error === null ? 'accepted' : 'refused', error });
  }

  close(): Promise<void> {
    return this.#file.close();
  }

  #keep(entry: AuditEntry): Promise<void> {
    this.#entries.set(entry.id, entry);
    if (this.#entries.size > KEPT_ENTRIES) this.#entries.delete(this.#entries.keys().next().value as number);
    this.#file.write(entry);
    this.#tell?.(entry);
    return this.#file.flush();
  }
}

/** As much as whoever reads it takes for granted. */
function isEntry(value: unknown): value is AuditEntry {
  if (typeof value !== 'object' || value === null) return false;
  const { id, at, command, reason, idempotency_key, from, outcome } = value as Partial<
    Record<keyof AuditEntry, unknown>
  >;
  const texts = [command, reason, idempotency_key, from, outcome].every((text) => typeof text === 'string');
  return Number.isSafeInteger(id) && typeof at === 'number' && texts;
}
