/**
 * What supervision costs. Idle: a process that does nothing but supervise 20 actors that rest. At work: what a message
 * costs its actor more for being supervised, and what the main thread of the whole system uses, which does nothing else.
 */
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import { SupervisorTree, type TreeOptions } from '../../supervisor/index.ts';
import { type Pulso, startPulso } from '../system/exactness.ts';
import type { Figure } from './figures.ts';
import type { MessageCosts } from './fixtures/measured-actor.ts';

const ACTORS = 20;
const EVENTS_A_SECOND = 20_000;
const WARM_UP_MS = 3_000;
/** What is compiled and collected after a start is not rest: it takes some ten seconds to fade. */
const COME_TO_REST_MS = 12_000;
const LOOK_MS = 8_000;
/** Never, for all that a bench lives. */
const NO_TICK: TreeOptions = { tickMs: 2 ** 31 - 1 };

export async function benchSupervision(): Promise<Figure[]> {
  const idle = await withActors(restingShare);
  const plain = await withPlainThreads(restingShare);
  const { bareNs, supervisedNs, awaitedNs } = await messageCosts();
  const atWork = await mainThreadShare(['--rate', String(EVENTS_A_SECOND)]);
  const asleep = await mainThreadShare(['--no-generator']);
  const share = (ns: number) => (ns * EVENTS_A_SECOND * 100) / 1e9;
  const percent = (name: string, value: number): Figure => ({ name, value, unit: '% of a core' });
  return [
    percent(`supervision of ${ACTORS} idle actors`, idle.process - plain.process),
    percent(`${ACTORS} idle actors, all of their process`, idle.process),
    percent(`${ACTORS} idle actors, the supervisor's thread`, idle.main),
    percent(`${ACTORS} idle threads without supervision, all of their process`, plain.process),
    { name: 'a supervised message costs its actor', value: supervisedNs - bareNs, unit: 'ns' },
    { name: 'a supervised message of an asynchronous handler', value: awaitedNs - bareNs, unit: 'ns' },
    percent(`the same at ${EVENTS_A_SECOND} messages a second`, share(supervisedNs - bareNs)),
    percent(`the same, asynchronous, at ${EVENTS_A_SECOND} a second`, share(awaitedNs - bareNs)),
    percent(`pulso's main thread at ${EVENTS_A_SECOND} events a second`, atWork),
    percent("pulso's main thread with nothing to do", asleep),
  ];
}

async function upWith(actors: number, options: TreeOptions = {}): Promise<SupervisorTree> {
  const entry = new URL('./fixtures/measured-actor.ts', import.meta.url);
  const children = Array.from({ length: actors }, (_, index) => ({ id: `a${index}`, type: 'worker' as const, entry }));
  const tree = new SupervisorTree({ id: 'root', type: 'supervisor', children }, options);
  await tree.start();
  return tree;
}

type Share = { readonly process: number; readonly main: number };

/** Percent of a core, of the whole process and of this thread, while all threads rest. */
async function restingShare(): Promise<Share> {
  await sleep(COME_TO_REST_MS);
  const [at, all, own] = [performance.now(), process.cpuUsage(), process.threadCpuUsage()];
  await sleep(LOOK_MS);
  const [wholeUs, ownUs] = [process.cpuUsage(all), process.threadCpuUsage(own)].map(
    ({ user, system }) => user + system,
  );
  const elapsedUs = (performance.now() - at) * 1_000;
  return { process: ((wholeUs ?? 0) * 100) / elapsedUs, main: ((ownUs ?? 0) * 100) / elapsedUs };
}

async function withActors(look: () => Promise<Share>): Promise<Share> {
  const tree = await upWith(ACTORS);
  const share = await look();
  await tree.stop();
  return share;
}

async function withPlainThreads(look: () => Promise<Share>): Promise<Share> {
  const entry = new URL('./fixtures/plain-thread.ts', import.meta.url);
  const threads = Array.from({ length: ACTORS }, () => new Worker(entry));
  await Promise.all(threads.map((thread) => once(thread, 'online')));
  const share = await look();
  await Promise.all(threads.map((thread) => thread.terminate()));
  return share;
}

async function messageCosts(): Promise<MessageCosts> {
  // Its loop is not to be taken for one that hangs.
  const tree = await upWith(1, NO_TICK);
  const told = new Promise<MessageCosts>((resolve) =>
    tree.onTell((_id, _epoch, body) => resolve(body as MessageCosts)),
  );
  tree.tell('a0', 'measure');
  const costs = await told;
  await tree.stop();
  return costs;
}

/** Percent of a core, as the kernel counts for the first thread of the process. */
async function mainThreadShare(args: readonly string[]): Promise<number> {
  const dataDir = mkdtempSync(join(tmpdir(), 'pulso-bench-'));
  try {
    const pulso = await startPulso([...args], { dataDir });
    await sleep(WARM_UP_MS);
    const before = { at: performance.now(), cpuMs: mainThreadMs(pulso) };
    await sleep(LOOK_MS);
    const share = ((mainThreadMs(pulso) - before.cpuMs) * 100) / (performance.now() - before.at);
    await pulso.stop();
    return share;
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
}

/** Not a number where no kernel tells. */
function mainThreadMs({ child: { pid } }: Pulso): number {
  try {
    const fields = readFileSync(`/proc/${pid}/task/${pid}/stat`, 'utf8')
      .replace(/^.*\) /, '')
      .split(' ');
    return (Number(fields[11]) + Number(fields[12])) * 10;
  } catch {
    return Number.NaN;
  }
}
