/** Incidents on disk, and whether the process that wrote them has ended in order. */
import type { Incident } from '../supervisor/incidents.ts';
import { LineFile, readLines } from './line-file.ts';
import type { Log } from './log.ts';

const STOPPED = '{"stopped":true}\n';

export type KeptIncidents = {
  readonly incidents: readonly Incident[];
  /** Whether the process before this one ended in order; undefined without any. */
  readonly stopped: boolean | undefined;
};

/** What a file holds. A torn line, or one that is no incident, is passed over; without a file there are none. */
export async function readIncidents(path: string, log: Log): Promise<KeptIncidents> {
  const lines = await readLines(path, 'incidents', log);
  const incidents = new Map<number, Incident>();
  for (const line of lines) if (isIncident(line)) incidents.set(line.id, line);
  return { incidents: [...incidents.values()], stopped: lines.length === 0 ? undefined : isStopped(lines.at(-1)) };
}

export class IncidentFile extends LineFile<Incident> {
  /** Says that the process has ended in order. */
  override close(): Promise<void> {
    return super.close(STOPPED);
  }
}

function isStopped(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'stopped' in value;
}

/** As much as whoever reads it takes for granted. */
function isIncident(value: unknown): value is Incident {
  if (typeof value !== 'object' || value === null) return false;
  const { id, at, actor, what, why, state, events } = value as Partial<Record<keyof Incident, unknown>>;
  const texts = [actor, what, why, state].every((text) => typeof text === 'string');
  return Number.isSafeInteger(id) && typeof at === 'number' && texts && Array.isArray(events) && events.every(isEvent);
}

function isEvent(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Number.isSafeInteger((value as { id?: unknown }).id);
}
