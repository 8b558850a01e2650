/**
 * Until when minutes are read from the archive alone, as the manifest says: a day of KPIs in state DELETED has been let
 * go of by the hot store, or is about to be. Days go in order and none is skipped, so it is one moment.
 */
import type { ArchiveManifest } from '../ports/archive.ts';

/** Whose batches those of the KPIs are in the manifest. */
export const KPI_PLACE = { topic: '', partition: 0 };

/**
 * Of days that are so for `graceMs` at least: whoever was reading a day from the hot store is done by then. Negative
 * infinity where there is none.
 */
export async function windowBorder(
  manifest: Pick<ArchiveManifest, 'inState'>,
  { now, graceMs }: { readonly now: number; readonly graceMs: number },
): Promise<number> {
  const days = await manifest.inState(['DELETED'], KPI_PLACE);
  const gone = days.filter(({ kind, deletedAt }) => kind === 'kpi' && (deletedAt ?? 0) <= now - graceMs);
  return Math.max(Number.NEGATIVE_INFINITY, ...gone.map(({ toOffset }) => toOffset));
}
