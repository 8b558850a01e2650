/**
 * The whole system as a user runs it: start, full load for a while, every kind of actor killed, stop. The load comes
 * from the generator inside, so the figures are of everything together on this machine.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { actors, command, ledgerTotal, type Pulso, startPulso, until } from '../system/exactness.ts';
import type { Figure } from './figures.ts';

const RATE = 20_000;
const WARM_UP_MS = 5_000;
const LOAD_MS = Number(process.env.BENCH_LOAD_MS ?? 60_000);
const KILL_RATE = 5_000;
const MB = 1024 * 1024;

export async function benchSystem(): Promise<Figure[]> {
  const dataDir = mkdtempSync(join(tmpdir(), 'pulso-bench-'));
  try {
    return [...(await underLoad(join(dataDir, 'load'))), ...(await recovery(join(dataDir, 'kill')))];
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
}

export async function underLoad(dataDir: string, rate = RATE, env: Record<string, string> = {}): Promise<Figure[]> {
  const began = performance.now();
  const pulso = await startPulso(['--rate', String(rate)], { dataDir, env });
  const startMs = performance.now() - began;
  await sleep(WARM_UP_MS);
  const before = { at: performance.now(), total: await ledgerTotal(pulso.url), cpu: cpuSeconds(pulso) };
  const memory: number[] = [];
  while (performance.now() - before.at < LOAD_MS) {
    await sleep(1_000);
    memory.push(residentBytes(pulso));
  }
  const seconds = (performance.now() - before.at) / 1000;
  const total = await ledgerTotal(pulso.url);
  const cpu = cpuSeconds(pulso) - before.cpu;
  const events = total.in - before.total.in;
  const metrics = await (await fetch(new URL('/metrics', pulso.url))).text();
  await pulso.stop();
  return [
    { name: 'start to page served', value: startMs, unit: 'ms' },
    { name: `events counted a second at ${rate} asked`, value: events / seconds, unit: '1/s' },
    { name: 'events a CPU second, everything included', value: events / cpu, unit: '1/s' },
    {
      name: 'append to frame p50',
      value: metric(metrics, 'pulso_latency_seconds{quantile="0.5"}') * 1000,
      unit: 'ms',
    },
    {
      name: 'append to frame p99',
      value: metric(metrics, 'pulso_latency_seconds{quantile="0.99"}') * 1000,
      unit: 'ms',
    },
    { name: 'resident memory, highest', value: Math.max(...memory) / MB, unit: 'MB' },
    { name: 'resident memory, growth over the second half', value: growth(memory) / MB, unit: 'MB' },
    { name: 'dead letters', value: total.dead, unit: '' },
    { name: 'late', value: total.late, unit: '' },
  ];
}

/** Kills each actor once by the API while events come in, and times how long until it runs again. */
async function recovery(dataDir: string): Promise<Figure[]> {
  const pulso = await startPulso(['--rate', String(KILL_RATE)], { dataDir });
  await sleep(WARM_UP_MS);
  const figures: Figure[] = [];
  for (const [id, { epoch }] of await actors(pulso.url)) {
    const began = performance.now();
    await command(pulso, id, 'kill');
    await until(`${id} runs again`, 10_000, async () => {
      const now = await actors(pulso.url).catch(() => undefined);
      const actor = now?.get(id);
      return { done: actor !== undefined && actor.epoch > epoch && actor.state === 'running', state: actor };
    });
    figures.push({ name: `${id} killed to running, as seen over HTTP`, value: performance.now() - began, unit: 'ms' });
  }
  await pulso.stop();
  return figures;
}

export function metric(text: string, name: string): number {
  const line = text.split('\n').find((row) => row.startsWith(`${name} `));
  return line === undefined ? Number.NaN : Number(line.slice(name.length + 1));
}

export function residentBytes({ child }: Pulso): number {
  try {
    return 1024 * Number(/^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]);
  } catch {
    return 1024 * Number(execFileSync('ps', ['-o', 'rss=', '-p', String(child.pid)]).toString());
  }
}

/** User and system time of the process, from the kernel where it tells. */
export function cpuSeconds({ child }: Pulso): number {
  try {
    const fields = readFileSync(`/proc/${child.pid}/stat`, 'utf8')
      .replace(/^.*\) /, '')
      .split(' ');
    return (Number(fields[11]) + Number(fields[12])) / 100;
  } catch {
    return Number.NaN;
  }
}

/** Mean of the last quarter less the mean of the third one. */
function growth(samples: readonly number[]): number {
  const quarter = Math.floor(samples.length / 4);
  const mean = (part: readonly number[]) => part.reduce((sum, value) => sum + value, 0) / Math.max(1, part.length);
  return mean(samples.slice(-quarter)) - mean(samples.slice(-2 * quarter, -quarter));
}
