/**
 * No faults at all, and everything that could look like one: bursts of threads that take every core, large questions
 * that leave garbage behind, actors with nothing to do. Nobody may be taken for dead, and memory stays where it was.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { Figure } from '../bench/figures.ts';
import { cpuSeconds, residentBytes } from '../bench/system.ts';
import { ask } from '../model/questions.ts';
import { actors, ledgerTotal, type Pulso, startPulso, untilReady } from '../system/exactness.ts';
import { flatnessOf, type Sample } from './flatness.ts';

export type Soaked = { readonly figures: readonly Figure[]; readonly breaches: readonly string[] };

const MB = 1024 * 1024;
const LOOK_MS = 1_000;
/** Of each cycle: first only the generator works, then large questions come, then every core is taken as well. */
const CYCLE_MS = 30_000;
const QUESTIONS_FROM = 10_000;
const SPINNING_FROM = 20_000;
const SPIN_MS = 4_000;
const QUESTIONS = [
  '/kpi/query?metrics=total_orders,total_sales&group_by=minute,state,category&limit=100000',
  '/kpi/query?metrics=total_orders,unique_customers&group_by=state&granularity=1h',
  '/orders?limit=1000',
  '/profile',
];
/** None of these happens where nobody is struck and nobody is taken for dead. */
const ALARMS = ['hung', 'memory', 'terminated', 'exited', 'zombie', 'poison', 'gave-up', 'relinked', 'dropped'];
/** What is in use may drift with what was counted; a leak at this load comes to more. */
const MOST_GROWTH = 1.25;

export async function soakQuietly(minutes: number, rate: number): Promise<Soaked> {
  const dataDir = mkdtempSync(join(tmpdir(), 'pulso-soak-'));
  const pulso = await startPulso(['--rate', String(rate), '--lanes', '2'], { dataDir });
  try {
    await untilReady(pulso.url);
    const samples = await watchOver(pulso, minutes * 60_000);
    return await judge(pulso, samples);
  } finally {
    await pulso.kill9();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

async function watchOver(pulso: Pulso, spanMs: number): Promise<Sample[]> {
  const began = performance.now();
  const samples: Sample[] = [];
  let spunAt = Number.NEGATIVE_INFINITY;
  for (let atMs = 0; atMs < spanMs; atMs = performance.now() - began) {
    const inCycle = atMs % CYCLE_MS;
    if (inCycle >= QUESTIONS_FROM) void askAll(pulso.url);
    if (inCycle >= SPINNING_FROM && atMs - spunAt >= SPIN_MS) {
      spunAt = atMs;
      spin();
    }
    samples.push({ atMs, bytes: residentBytes(pulso) });
    await sleep(LOOK_MS);
  }
  return samples;
}

/** Answers of any kind will do: the work is what is wanted. */
async function askAll(url: string): Promise<void> {
  for (const question of QUESTIONS) {
    const answer = await fetch(new URL(question, url)).catch(() => undefined);
    await answer?.arrayBuffer().catch(() => undefined);
  }
}

/** Twice as many as there are cores, half of the time. */
function spin(): void {
  for (let count = 0; count < 2 * availableParallelism(); count++)
    new Worker(new URL('./spinner.ts', import.meta.url), { workerData: { ms: SPIN_MS / 2 } });
}

type Noted = { readonly kind: string; readonly text: string };

async function judge(pulso: Pulso, samples: readonly Sample[]): Promise<Soaked> {
  const { items } = (await ask(pulso.url, '/system/events?limit=1000')) as { items: Noted[] };
  const alarms = items.filter(({ kind }) => ALARMS.includes(kind));
  const again = [...(await actors(pulso.url)).values()].filter(({ epoch }) => epoch !== 1);
  const total = await ledgerTotal(pulso.url);
  const cpu = cpuSeconds(pulso);
  const { secondMinute, lastMinute, bytesAMinute, highest } = flatnessOf(samples);
  const lost = total.in - total.counted - total.late - total.dead - total.duplicates;
  const { code } = await pulso.stop();
  const breaches = [
    ...alarms.map(({ text }) => `False alarm: ${text}`),
    ...again.map(({ id, epoch }) => `${id} is of epoch ${epoch}`),
    ...(lastMinute > MOST_GROWTH * secondMinute ? ['Memory is not flat'] : []),
    ...(lost === 0 ? [] : [`${lost} events of the ledger have no outcome`]),
    ...(code === 0 ? [] : [`It ended with ${code}`]),
  ];
  const figures = [
    { name: 'soak: false alarms', value: alarms.length, unit: '' },
    { name: 'soak: events counted', value: total.counted, unit: '' },
    { name: 'soak: CPU of pulso', value: cpu, unit: 's' },
    { name: 'soak: resident memory, mean of the second minute', value: secondMinute / MB, unit: 'MB' },
    { name: 'soak: resident memory, mean of the last minute', value: lastMinute / MB, unit: 'MB' },
    { name: 'soak: resident memory, highest', value: highest / MB, unit: 'MB' },
    { name: 'soak: slope from the second minute on', value: bytesAMinute / MB, unit: 'MB/min' },
  ];
  return { figures, breaches };
}
