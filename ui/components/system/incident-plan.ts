/** Which events of the last hour are incidents, and where they stand on a line per actor. Pure. */
import type { SystemEvent } from './actors.ts';

export const SPAN_MS = 3_600_000;
/** Lines shown; actors with older incidents are told by their number. */
const LANES = 8;
/** Marks of one actor closer than this share of the width are drawn as one. */
const NEAR = 0.02;

/** What an operator looks for; plain starts and stops are in the actor's own history. */
const KINDS: ReadonlySet<string> = new Set([
  ...['exited', 'hung', 'terminated', 'start-failed', 'zombie', 'backing-off', 'group-restart', 'gave-up'],
  ...['shutdown-error', 'command'],
]);

export type IncidentMark = { readonly x: number; readonly event: SystemEvent; readonly count: number };
export type IncidentLane = { readonly actor: string; readonly marks: readonly IncidentMark[] };
export type IncidentPlan = { readonly lanes: readonly IncidentLane[]; readonly hidden: number };

/** Newest first. */
export function incidentsOf(events: readonly SystemEvent[], now: number): SystemEvent[] {
  return events
    .filter(
      ({ kind, at, text }) =>
        KINDS.has(kind) && at >= now - SPAN_MS && !(kind === 'exited' && /\((normal|shutdown)\)/.test(text)),
    )
    .sort((a, b) => b.at - a.at || b.id - a.id);
}

export function planIncidents(incidents: readonly SystemEvent[], now: number): IncidentPlan {
  const byActor = new Map<string, SystemEvent[]>();
  for (const event of incidents) byActor.set(event.actor, [...(byActor.get(event.actor) ?? []), event]);
  const all = [...byActor].map(([actor, list]): IncidentLane => ({ actor, marks: marksOf(list, now) }));
  return { lanes: all.slice(0, LANES), hidden: Math.max(0, all.length - LANES) };
}

function marksOf(newestFirst: readonly SystemEvent[], now: number): IncidentMark[] {
  const marks: { x: number; event: SystemEvent; count: number }[] = [];
  for (const event of newestFirst) {
    const x = Math.min(1, Math.max(0, 1 - (now - event.at) / SPAN_MS));
    const last = marks.at(-1);
    if (last !== undefined && last.x - x < NEAR) last.count++;
    else marks.push({ x, event, count: 1 });
  }
  return marks;
}
