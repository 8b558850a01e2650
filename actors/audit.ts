/** The audit list as the main thread keeps it, so that it outlives the gateway that shows it. */
import type { WireError } from '../protocol/errors.ts';
import type { AuditEntry } from './gateway/control.ts';

const KEPT_ENTRIES = 1_000;

export class AuditKeeper {
  #entries: AuditEntry[] = [];

  /** Oldest first. */
  entries(): readonly AuditEntry[] {
    return this.#entries;
  }

  /** A command was carried out, or not. */
  note(entry: AuditEntry, error: WireError | null): void {
    this.#entries = [
      ...this.#entries,
      { ...entry, outcome: error === null ? ('accepted' as const) : ('refused' as const), error },
    ].slice(-KEPT_ENTRIES);
  }
}
