/** `npm run bench`: figures of the parts, then of the whole system under load. Prints a table, writes bench.json. */
import { writeFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { benchAggregate } from './aggregate.ts';
import { benchArchive } from './archive.ts';
import { benchBudget } from './budget.ts';
import { benchDecode } from './decode.ts';
import { type Figure, printTable } from './figures.ts';
import { benchGenerate } from './generate.ts';
import { benchLog } from './log.ts';
import { benchServers } from './servers.ts';
import { benchSupervision } from './supervision.ts';
import { benchSystem } from './system.ts';

const BENCHES: Record<string, () => Promise<Figure[]>> = {
  decode: benchDecode,
  generate: benchGenerate,
  aggregate: benchAggregate,
  log: benchLog,
  archive: benchArchive,
  supervision: benchSupervision,
  system: benchSystem,
};
/** These take minutes, or servers that the environment names: only when they are asked for. */
const ON_DEMAND: Record<string, () => Promise<Figure[]>> = { budget: benchBudget, servers: benchServers };

const wanted = process.argv.slice(2);
const all = { ...BENCHES, ...ON_DEMAND };
const unknown = wanted.filter((name) => !(name in all));
if (unknown.length > 0) {
  console.error(`Cannot run ${unknown.join(', ')}: known are ${Object.keys(all).join(', ')}`);
  process.exit(2);
}
const figures: Figure[] = [];
for (const [name, bench] of Object.entries(wanted.length > 0 ? all : BENCHES)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue;
  console.error(`${name} ..`);
  figures.push(...(await bench()));
}
printTable(figures);
const machine = { node: process.versions.node, platform: process.platform, cores: availableParallelism() };
writeFileSync('bench.json', `${JSON.stringify({ at: new Date().toISOString(), machine, figures }, null, 2)}\n`);
