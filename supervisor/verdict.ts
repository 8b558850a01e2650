/** What a supervisor makes of a child that ended unasked, before budget and strategy come in. Pure. */

import { assertNever } from '../protocol/errors.ts';
import type { AutoShutdown, RestartType } from './child-spec.ts';
import { type Exit, isOrderly } from './exit.ts';

export type Verdict =
  /** The supervisor's own first start has failed with it. */
  'boot-failed' | 'stays-down' | 'restart';

export type Circumstances = {
  readonly restart: RestartType;
  /** The supervisor has not been up yet. */
  readonly booting: boolean;
  /** The child has been up under this supervisor, or was killed by an operator: it is not unable to start. */
  readonly proven: boolean;
};

export function judgeEnd({ restart, booting, proven }: Circumstances, exit: Exit): Verdict {
  if (exit.ignored) return 'stays-down';
  if (booting && !proven) return 'boot-failed';
  return wantsRestart(restart, exit) ? 'restart' : 'stays-down';
}

/** S8. An attempt that never came up is tried again whatever the type: a restart was wanted already. */
export function wantsRestart(type: RestartType, exit: Exit): boolean {
  switch (type) {
    case 'permanent':
      return true;
    case 'temporary':
      return false;
    case 'transient':
      return !exit.started || !isOrderly(exit.reason);
    default:
      return assertNever(type);
  }
}

/** S17. Whether a significant child that stays down takes its supervisor with it. */
export function endsSupervisor(autoShutdown: AutoShutdown, otherSignificantAlive: boolean): boolean {
  switch (autoShutdown) {
    case 'never':
      return false;
    case 'any_significant':
      return true;
    case 'all_significant':
      return !otherSignificantAlive;
    default:
      return assertNever(autoShutdown);
  }
}
