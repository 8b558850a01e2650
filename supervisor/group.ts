/**
 * A restart of several children in order: whom to stop still (last first) and whom to start then (first first). The
 * first start of a supervisor is one too, with nobody to stop. Pure.
 */

import type { RestartPlan } from './strategy.ts';

export type Group = { readonly stop: readonly string[]; readonly start: readonly string[] };

export type Member = { readonly id: string; readonly alive: boolean; readonly temporary: boolean };

/**
 * The group that a failure leads to, together with what a group under way has left to do. A temporary child that is
 * up goes down with its siblings and does not come back; one whose first turn is still to come keeps it.
 */
export function regroup(plan: RestartPlan, members: readonly Member[], former: Group | undefined): Group {
  const stop = new Set([...plan.stop, ...(former?.stop ?? [])]);
  const start = new Set([...plan.start, ...(former?.start ?? [])]);
  const alive = members.filter((member) => member.alive && stop.has(member.id));
  const wanted = members.filter((member) => start.has(member.id) && !(member.temporary && member.alive));
  return { stop: alive.map(({ id }) => id).reverse(), start: wanted.map(({ id }) => id) };
}

/** No longer to be stopped: it is down. */
export function stopped(group: Group | undefined, id: string): Group | undefined {
  return group && { ...group, stop: group.stop.filter((member) => member !== id) };
}

/** No longer to be started: it stays down. */
export function excused(group: Group | undefined, id: string): Group | undefined {
  return group && { ...group, start: group.start.filter((member) => member !== id) };
}
