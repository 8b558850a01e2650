/** How busy the machine is: what a limit of time has to be widened by where others want the processors too. */
import { availableParallelism, loadavg } from 'node:os';

/** How many times as long anything may take as on a machine that has no more to do than it has cores. */
export const overload = () => Math.max(1, (loadavg()[0] as number) / availableParallelism());
