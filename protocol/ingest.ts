/** Whether consumers may take anything from the log, as the owner of the tree tells them by a note. */

export type IngestNote = { readonly ingest: 'paused' | 'open' };

/** Why nothing is taken from the log, and since when. */
export type IngestPause = { readonly at: number; readonly reason: string };

/**
 * Of an actor's note; without a word about it ingest is open.
 * @example isPaused({ ingest: 'paused' }) // true
 */
export function isPaused(note: unknown): boolean {
  return (note as Partial<IngestNote> | null | undefined)?.ingest === 'paused';
}
