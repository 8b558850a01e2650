/** Actors that are never taken for hung: these cases are about restarts, on however busy a machine. */

import type { WorkerSpec } from '../../../supervisor/index.ts';
import type { PuppetInput } from '../fixtures/puppet.ts';
import { puppet as watched } from '../real.ts';

export function puppet(id: string, input: PuppetInput = {}, more: Partial<WorkerSpec> = {}): WorkerSpec {
  return watched(id, input, { heartbeatMs: 0, progressMs: 0, ...more });
}
