/**
 * Does the hot store stay within its budget while orders pour in? Orders of a steady pace come in over HTTP, everything runs, and
 * the oldest are archived all the while.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { ledgerTotal, startPulso } from '../system/exactness.ts';
import type { Figure } from './figures.ts';
import { cpuSeconds, metric, residentBytes } from './system.ts';

const COMMAND = fileURLToPath(new URL('../../actors/main.ts', import.meta.url));
const RATE = Number(process.env.BENCH_RATE ?? 8_000);
const LOAD_MS = Number(process.env.BENCH_LOAD_MS ?? 300_000);
const BUDGET = 50_000_000;
const POSTS_A_SECOND = 10;
/** Different orders; they come again with the time of now. */
const ORDERS = 80_000;
const MB = 1024 * 1024;

export async function benchBudget(): Promise<Figure[]> {
  const dataDir = mkdtempSync(join(tmpdir(), 'pulso-bench-'));
  try {
    const orders = someOrders(dataDir);
    return await pourIn(join(dataDir, 'data'), orders);
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
}

function someOrders(dir: string): Buffer[] {
  const orders: Buffer[] = [];
  for (let seed = 1; orders.length < ORDERS; seed++) {
    const out = join(dir, `events-${seed}.ndjson`);
    execFileSync(process.execPath, [COMMAND, 'generate', '--count', '400000', '--seed', String(seed), '--out', out]);
    for (const line of readFileSync(out, 'latin1').split('\n')) {
      if (line.startsWith('{"type":"order"')) orders.push(Buffer.from(`${line}\n`, 'latin1'));
    }
  }
  return orders.slice(0, ORDERS);
}

async function pourIn(dataDir: string, orders: readonly Buffer[]): Promise<Figure[]> {
  const pulso = await startPulso(['--no-generator'], { dataDir, env: { PULSO_HOT_BYTES: String(BUDGET) } });
  const began = performance.now();
  const hot: number[] = [];
  const memory: number[] = [];
  let sent = 0;
  while (performance.now() - began < LOAD_MS) {
    const size = RATE / POSTS_A_SECOND;
    const body = Buffer.concat(Array.from({ length: size }, (_, index) => orders[(sent + index) % ORDERS] as Buffer));
    stamp(body, String(Date.now()));
    const answer = await fetch(new URL('/events', pulso.url), {
      method: 'POST',
      headers: { 'content-type': 'application/x-ndjson' },
      body: new Uint8Array(body),
    });
    if (answer.status === 202) sent += size;
    await answer.arrayBuffer();
    if (sent % RATE === 0) {
      const metrics = await (await fetch(new URL('/metrics', pulso.url))).text();
      const bytes = metric(metrics, 'pulso_hot_bytes');
      // Not measured yet in the first moments.
      if (Number.isFinite(bytes)) hot.push(bytes);
      memory.push(residentBytes(pulso));
    }
    await sleep(Math.max(0, began + (sent / RATE) * 1000 - performance.now()));
  }
  const seconds = (performance.now() - began) / 1000;
  const cpu = cpuSeconds(pulso);
  const total = await ledgerTotal(pulso.url);
  const metrics = await (await fetch(new URL('/metrics', pulso.url))).text();
  await pulso.stop();
  return [
    { name: `orders a second taken at ${RATE} asked`, value: sent / seconds, unit: '1/s' },
    { name: 'counted', value: total.counted, unit: '' },
    { name: 'behind at the end', value: total.lag, unit: '' },
    { name: 'hot store, highest', value: Math.max(...hot) / 1e6, unit: 'MB' },
    { name: 'hot store, highest of the second half', value: Math.max(...hot.slice(hot.length / 2)) / 1e6, unit: 'MB' },
    { name: 'budget', value: BUDGET / 1e6, unit: 'MB' },
    { name: 'orders a CPU second, everything included', value: total.counted / cpu, unit: '1/s' },
    {
      name: 'append to frame p99',
      value: metric(metrics, 'pulso_latency_seconds{quantile="0.99"}') * 1000,
      unit: 'ms',
    },
    { name: 'resident memory, highest', value: Math.max(...memory) / MB, unit: 'MB' },
  ];
}

const TIMESTAMP = Buffer.from('"timestamp":');

/** Every order is of now. */
function stamp(body: Buffer, now: string): void {
  for (let at = body.indexOf(TIMESTAMP); at >= 0; at = body.indexOf(TIMESTAMP, at + TIMESTAMP.length)) {
    body.write(now, at + TIMESTAMP.length, 'latin1');
  }
}
