/** What goes wrong on HDFS, as the errors that pulso's callers act on: wait and try again, or tell a person. */
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '../../protocol/errors.ts';

/** A NameNode that is starting, in safe mode or the standby of a pair says so at once and will do it soon. */
const SOON = /StandbyException|RetriableException|SafeModeException|in state standby|in safe mode/i;
const DENIED = /AccessControlException|SecurityException|AuthenticationException|Permission denied/i;
const FIRST_PAUSE_MS = 50;
const LONGEST_PAUSE_MS = 1000;
const EXCERPT = 300;

/** HDFS, or the way to it, has failed: said by a server, a socket or a deadline. All other errors are pulso's own. */
export class HdfsFailure extends Error {}

/** Everything that may be well later. A person can help only where the user lacks a right. */
export function hdfsError(action: string, failure: HdfsFailure): AppError {
  const said = saidBy(failure);
  return DENIED.test(said)
    ? new AppError('forbidden', `Cannot ${action} as HDFS refuses it to this HDFS_USER: ${said}`, { cause: failure })
    : new AppError('unavailable', `Cannot ${action} as HDFS did not do it: ${said}`, { cause: failure });
}

/**
 * Does it again while HDFS says "soon", until the time is up; every other failure is thrown at once. `attempt` gets the
 * milliseconds that are left.
 */
export async function insist<T>(action: string, limitMs: number, attempt: (leftMs: number) => Promise<T>): Promise<T> {
  const end = performance.now() + limitMs;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    try {
      return await attempt(Math.max(1, end - performance.now()));
    } catch (thrown) {
      if (!(thrown instanceof HdfsFailure)) throw thrown;
      const soon = SOON.test(saidBy(thrown)) && performance.now() + pauseMs < end;
      if (!soon) throw hdfsError(action, thrown);
    }
    await sleep(pauseMs);
  }
}

function saidBy({ message, cause }: Error): string {
  const whole = cause instanceof Error ? `${message}: ${saidBy(cause)}` : message;
  return (whole.split('\n', 1)[0] as string).slice(0, EXCERPT);
}
