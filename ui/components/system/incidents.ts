/** Incidents of GET /system/incidents, and where they stand on a line per actor. Pure. */

export type Incident = {
  readonly id: number;
  readonly at: number;
  readonly actor: string;
  /** An exit reason, a command, or the kind of an event. */
  readonly what: string;
  readonly why: string;
  readonly state: string;
  readonly detectionMs: number | undefined;
  readonly downAt: number | undefined;
  readonly recoveredAt: number | undefined;
  readonly recoveryMs: number | undefined;
};

/** Lines shown; actors with older incidents are told by their number. */
const LANES = 8;
/** Marks of one actor closer than this share of the width are drawn as one. */
const NEAR = 0.02;

export const INCIDENT_KINDS = ['all', 'deaths', 'commands', 'other'] as const;
export type IncidentKind = (typeof INCIDENT_KINDS)[number];

const COMMANDS: ReadonlySet<string> = new Set(['restart', 'stop', 'start', 'drain', 'kill', 'fault', 'configure']);

/** `width`: how long the actor was down, as a share of the line. */
export type IncidentMark = {
  readonly x: number;
  readonly width: number;
  readonly incident: Incident;
  readonly count: number;
};
export type IncidentLane = { readonly actor: string; readonly marks: readonly IncidentMark[] };
export type IncidentPlan = { readonly lanes: readonly IncidentLane[]; readonly hidden: number };

/** Newest first. */
export function readIncidents(answer: unknown): Incident[] {
  const items = (answer as { items?: unknown } | null | undefined)?.items;
  if (!Array.isArray(items)) return [];
  return items.flatMap((item: Readonly<Record<string, unknown>> | null) =>
    typeof item?.at === 'number' && typeof item.actor === 'string'
      ? [
          {
            id: number(item.id) ?? 0,
            at: item.at,
            actor: item.actor,
            what: String(item.what),
            why: String(item.why ?? ''),
            state: String(item.state),
            detectionMs: number(item.detection_ms),
            downAt: number(item.down_at),
            recoveredAt: number(item.recovered_at),
            recoveryMs: number(item.recovery_ms),
          },
        ]
      : [],
  );
}

export function kindOf({ what, downAt, state }: Incident): IncidentKind {
  if (COMMANDS.has(what)) return 'commands';
  return downAt === undefined && state === 'noted' ? 'other' : 'deaths';
}

export function planIncidents(incidents: readonly Incident[], now: number, spanMs: number): IncidentPlan {
  const byActor = new Map<string, Incident[]>();
  for (const incident of incidents) byActor.set(incident.actor, [...(byActor.get(incident.actor) ?? []), incident]);
  const all = [...byActor].map(([actor, list]): IncidentLane => ({ actor, marks: marksOf(list, now, spanMs) }));
  return { lanes: all.slice(0, LANES), hidden: Math.max(0, all.length - LANES) };
}

/** Newest first, so that the newest of several close ones gives them its name. */
function marksOf(incidents: readonly Incident[], now: number, spanMs: number): IncidentMark[] {
  const place = (at: number) => Math.min(1, Math.max(0, 1 - (now - at) / spanMs));
  const marks: { x: number; width: number; incident: Incident; count: number }[] = [];
  for (const incident of incidents) {
    const x = place(incident.at);
    const last = marks.at(-1);
    if (last !== undefined && last.x - x < NEAR) last.count++;
    else marks.push({ x, width: place(upAt(incident, now)) - x, incident, count: 1 });
  }
  return marks;
}

/** When it was up again; what was cut off or only noted has no length. */
function upAt({ at, recoveredAt, state }: Incident, now: number): number {
  return recoveredAt ?? (state === 'open' || state === 'down' ? now : at);
}

/** Stretches of the span in which the actor was down, as shares of it, oldest first. */
export function downtimes(
  incidents: readonly Incident[],
  now: number,
  spanMs: number,
): { readonly from: number; readonly to: number; readonly open: boolean }[] {
  const place = (at: number) => Math.min(1, Math.max(0, 1 - (now - at) / spanMs));
  return incidents
    .filter(({ downAt }) => downAt !== undefined)
    .map((incident) => ({
      from: place(incident.downAt as number),
      to: place(upAt(incident, now)),
      open: incident.state === 'open',
    }))
    .reverse();
}

function number(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
}
