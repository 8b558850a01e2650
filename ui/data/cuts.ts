/** Steps of the map's colours: round numbers on a curve, because one state has most of the orders. */

/** Lower bounds of steps 2 to 7, as shares of the largest value. */
const CURVE = [0.0053, 0.0132, 0.0317, 0.0634, 0.132, 0.317];
const ROUND = [1, 1.2, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10];

/** Lower bounds of steps 2 to 7 for values up to `most`; they move only when the scale itself does. */
export function colourCuts(most: number): number[] {
  const top = roundUp(Math.max(most, 7));
  const cuts: number[] = [];
  for (const share of CURVE) cuts.push(Math.max(roundUp(top * share), (cuts.at(-1) ?? 1) + 1));
  return cuts;
}

/** Step 1 to 7 of a value. */
export function colourStep(value: number, cuts: readonly number[]): number {
  return 1 + cuts.filter((cut) => value >= cut).length;
}

/** Bounds of the seven steps from worse to better, as relative changes. */
export const CHANGE_CUTS = [-0.3, -0.15, -0.05, 0.05, 0.15, 0.3] as const;

function roundUp(value: number): number {
  const decade = 10 ** Math.floor(Math.log10(value));
  const factor = ROUND.find((candidate) => candidate * decade >= value * (1 - 1e-9)) ?? 10;
  return Math.round(factor * decade);
}
