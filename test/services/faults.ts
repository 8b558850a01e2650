/**
 * Faults of the servers themselves: killed, frozen, restarted by the script that runs them, which `TEST_SERVICES` names.
 * Tests that do so are skipped where nobody handed them that script: servers of others are not ours to kill.
 */
import { spawn } from 'node:child_process';
import type { TestContext } from 'node:test';
import { needs, type ServerName } from './servers.ts';

export type Service = 'kafka' | 'mongo' | 'postgres' | 'namenode' | 'datanode' | 'hive';
export type Fault = 'kill9' | 'freeze' | 'thaw' | 'restart' | 'up';

/** As `needs`, for a test that does harm to the servers. */
export function needsToHarm(...names: readonly ServerName[]): { skip: string | false } {
  if (!process.env.TEST_SERVICES) return { skip: 'TEST_SERVICES names no script that starts and stops the servers' };
  return needs(...names);
}

/** Done when it returns: after `restart` and `up` the server answers again. */
export async function harm(fault: Fault, service: Service): Promise<void> {
  const child = spawn(process.env.TEST_SERVICES as string, [fault, service], { stdio: ['ignore', 'pipe', 'pipe'] });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text) => (said += text));
  const code = await new Promise<number | null>((resolve) => child.on('close', resolve));
  if (code !== 0) throw new Error(`${fault} ${service} ended with ${code}: ${said.slice(-1000)}`);
}

/** Whatever the test does to this server, it is well again afterwards. */
export function healAfter(t: TestContext, service: Service): void {
  t.after(async () => {
    await harm('thaw', service).catch(() => undefined);
    await harm('up', service);
  });
}
