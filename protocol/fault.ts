/** Faults that may be ordered of any actor, so that its recovery is seen before it is needed. */

/**
 * crash: the next handler throws. stall: the next handler, and all after it, wait for a promise that never settles.
 * slow: handlers take 200 ms more, for 10 s. hang: an endless loop. block: the thread waits for ever. oom: a Map
 * that grows until the actor is ended. drop-link: its ports to other actors close.
 */
export const FAULT_KINDS = ['crash', 'hang', 'block', 'stall', 'oom', 'slow', 'drop-link'] as const;
export type FaultKind = (typeof FAULT_KINDS)[number];

/** Those that end the actor, each in another way. */
export const DEATHS = ['crash', 'hang', 'block', 'stall', 'oom'] as const satisfies readonly FaultKind[];
export type Death = (typeof DEATHS)[number];

/** Of an order: the actor dies whenever it handles it, and of `heal` no more. */
export const ORDER_FAULTS = ['poison', 'heal'] as const;
export type OrderFault = (typeof ORDER_FAULTS)[number];

/** @example isFaultKind('crash') */
export function isFaultKind(value: unknown): value is FaultKind {
  return (FAULT_KINDS as readonly unknown[]).includes(value);
}
