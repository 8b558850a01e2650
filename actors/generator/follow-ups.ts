/** What follows the first event of an order or a session, and when: by class, sorted by lag, as columns. */

export type FollowUps = {
  readonly lagMs: Float64Array;
  /** The class. */
  readonly of: Uint16Array;
  readonly step: Uint8Array;
};

export type StepDraft = { readonly of: number; readonly step: number; readonly lagMs: number };

/** Sorted by lag, so that looking back walks through the remembered slots in order. */
export function packFollowUps(steps: readonly StepDraft[]): FollowUps {
  const sorted = steps.toSorted((a, b) => a.lagMs - b.lagMs || a.of - b.of);
  return {
    lagMs: Float64Array.from(sorted, (step) => step.lagMs),
    of: Uint16Array.from(sorted, (step) => step.of),
    step: Uint8Array.from(sorted, (step) => step.step),
  };
}
