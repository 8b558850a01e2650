/**
 * The same load on the servers that the environment names and on the embedded backends, one after the other: what
 * Kafka and MongoDB cost, on this machine, servers included.
 */
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Figure } from './figures.ts';
import { underLoad } from './system.ts';

const RATE = Number(process.env.BENCH_RATE ?? 10_000);
const SERVERS = ['KAFKA_BROKERS', 'MONGODB_URI'] as const;

export async function benchServers(): Promise<Figure[]> {
  const named = Object.fromEntries(SERVERS.flatMap((name) => (process.env[name] ? [[name, process.env[name]]] : [])));
  const group = `bench-${randomBytes(3).toString('hex')}`;
  const topics = ['orders', 'deliveries', 'clicks'].map((topic) => `${group}-${topic}`).join(',');
  const shared = named.KAFKA_BROKERS === undefined ? {} : { PULSO_TOPICS: topics };
  const dataDir = mkdtempSync(join(tmpdir(), 'pulso-bench-'));
  try {
    return [
      ...called('embedded', await underLoad(join(dataDir, 'embedded'), RATE)),
      ...called(
        Object.keys(named).join(' + '),
        await underLoad(join(dataDir, 'servers'), RATE, { ...named, ...shared, PULSO_GROUP: group }),
      ),
    ];
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
}

function called(where: string, figures: readonly Figure[]): Figure[] {
  return figures.map((figure) => ({ ...figure, name: `${where}: ${figure.name}` }));
}
