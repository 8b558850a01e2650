/** Incidents in the form of /system/incidents. */
import type { Incident } from '../../../supervisor/incidents.ts';

export function incidentView(incident: Incident): Readonly<Record<string, unknown>> {
  const { id, at, actor, epoch, what, why, state, attempts, restarts, budget } = incident;
  return {
    id,
    at,
    actor,
    epoch,
    what,
    why,
    state,
    detection_ms: incident.detectionMs,
    down_at: incident.downAt,
    recovered_at: incident.recoveredAt,
    recovery_ms: incident.recoveryMs,
    attempts,
    restarts,
    budget: budget && { of: budget.of, used: budget.used, budget: budget.max },
  };
}
