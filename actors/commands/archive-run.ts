/** `pulso archive run`: asks a running pulso to archive all that is committed, and waits until that is done. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { ArchiveStatus } from '../../protocol/message.ts';
import type { Config } from '../config/read.ts';
import { EXIT } from './command.ts';
import { askTarget, type Target, targetOf } from './target.ts';

const LOOK_MS = 250;
/** Archiving that has failed for so long does not get on by itself. */
const FAILING_MS = 15_000;

export async function archiveNow(config: Config, url: unknown): Promise<number> {
  const target = targetOf(config, url, 'archive now');
  const { records, bytes } = (await askTarget(target, '/archive/run', {})) as { records: number; bytes: number };
  process.stdout.write(`${records} records in the hot store (${bytes} bytes) go to the archive\n`);
  const error = await untilDone(target);
  if (error !== undefined) {
    process.stderr.write(`Cannot archive everything now: ${error}; it goes on being tried\n`);
    return EXIT.failed;
  }
  const status = (await askTarget(target, '/archive/status')) as ArchiveStatus;
  process.stdout.write(`Done: the archive holds ${status.records} records, ${status.rows} order items\n`);
  return EXIT.done;
}

/** What went wrong, when it does not get on. */
async function untilDone(target: Target): Promise<string | undefined> {
  let failingSince: number | undefined;
  for (;;) {
    const status = (await askTarget(target, '/archive/status')) as ArchiveStatus;
    if (!status.running) return undefined;
    showProgress(status);
    const now = performance.now();
    failingSince = status.last_error === null ? undefined : (failingSince ?? now);
    if (failingSince !== undefined && now - failingSince > FAILING_MS) return status.last_error ?? undefined;
    await sleep(LOOK_MS);
  }
}

function showProgress({ hot_bytes, records }: ArchiveStatus): void {
  if (process.stderr.isTTY === true) process.stderr.write(`\r${hot_bytes} bytes hot, ${records} records archived `);
}
