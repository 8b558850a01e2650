/** How long to wait before dialling again: full jitter, so that a crowd of pages never comes back at once. */

/** First ceiling in ms: a blip is over before anybody notices. */
const BASE_MS = 250;
/** Last ceiling in ms: a page that was left open costs a dead server two attempts a minute. */
const CEILING_MS = 30_000;

/** Wait before attempt number `attempt` (1 is the first try after a loss); `random` is in [0, 1). */
export function reconnectDelayMs(attempt: number, random: number): number {
  const ceiling = Math.min(CEILING_MS, BASE_MS * 2 ** Math.max(0, attempt - 1));
  return Math.round(ceiling * random);
}
