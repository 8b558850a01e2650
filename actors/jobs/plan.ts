/** What is known of a job before it runs. */
export type JobPlan = {
  readonly name: string;
  readonly periodMs: number;
  /** Moves its due times, so that jobs of one period do not all begin at once. */
  readonly offsetMs: number;
  /** A run that takes longer is ended and has failed. */
  readonly deadlineMs: number;
  /** Further tries of a due time after the first one failed; then it waits for the next. */
  readonly retries: number;
  /** The wait before the second try; it doubles with each further one. */
  readonly backoffMs: number;
};
