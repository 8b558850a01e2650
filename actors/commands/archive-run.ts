/** `pulso archive run`: asks a running pulso to archive all that is committed, and waits until that is done. */
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '../../protocol/errors.ts';
import type { ArchiveStatus } from '../../protocol/message.ts';
import { findRunning } from '../backends/lock.ts';
import type { Config } from '../config/read.ts';
import { EXIT } from './command.ts';

const LOOK_MS = 250;
/** Archiving that has failed for so long does not get on by itself. */
const FAILING_MS = 15_000;

type Target = { readonly url: string; readonly token: string | undefined };

export async function archiveNow(config: Config, url: unknown): Promise<number> {
  const target = targetOf(config, url);
  const { records, bytes } = (await ask(target, '/archive/run', {})) as { records: number; bytes: number };
  process.stdout.write(`${records} records in the hot store (${bytes} bytes) go to the archive\n`);
  const error = await untilDone(target);
  if (error !== undefined) {
    process.stderr.write(`Cannot archive everything now: ${error}; it goes on being tried\n`);
    return EXIT.failed;
  }
  const status = (await ask(target, '/archive/status')) as ArchiveStatus;
  process.stdout.write(`Done: the archive holds ${status.records} records, ${status.rows} order items\n`);
  return EXIT.done;
}

/** What went wrong, when it does not get on. */
async function untilDone(target: Target): Promise<string | undefined> {
  let failingSince: number | undefined;
  for (;;) {
    const status = (await ask(target, '/archive/status')) as ArchiveStatus;
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

function targetOf({ data, token }: Config, url: unknown): Target {
  if (typeof url === 'string') return { url, token };
  const running = findRunning(data);
  if (running !== undefined) return running;
  throw new AppError('unavailable', `Cannot archive now as no pulso runs on ${data}: start it, or name one with --url`);
}

async function ask({ url, token }: Target, path: string, body?: unknown): Promise<unknown> {
  const headers: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const post = {
    method: 'POST',
    body: JSON.stringify(body),
    headers: { ...headers, 'content-type': 'application/json' },
  };
  const response = await fetch(new URL(path, url), body === undefined ? { headers } : post).catch((cause: unknown) => {
    throw new AppError('unavailable', `Cannot reach the pulso at ${url}: ${(cause as Error).message}`, { cause });
  });
  const answer = (await response.json()) as { readonly error?: { readonly message: string } };
  if (response.ok) return answer;
  throw new AppError('unavailable', answer.error?.message ?? `Cannot use the answer ${response.status} of ${url}`);
}
