/** Many seeded faults of all kinds on a loaded system, and every figure against the model at the end. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { reportText } from '../../actors/commands/chaos/report.ts';
import { runChaos } from '../../actors/commands/chaos/run.ts';
import { CHAOS_KINDS } from '../../actors/commands/chaos/schedule.ts';
import { portsTo } from '../../actors/commands/chaos.ts';
import { compareAll } from '../model/compare.ts';
import { compareOrders } from '../model/orders.ts';
import { eventsOf, modelOfLog, poisonedPlaces } from '../system/against-model.ts';
import { startPulso, untilCounted, untilReady } from '../system/exactness.ts';
import type { Soaked } from './quiet.ts';
import { compareSketches } from './sketches.ts';

/** As many as the budgets of two lanes allow. */
const FAULTS_A_MINUTE = 24;
/** The archive has its own tests: nothing is to be moved while figures are compared. */
const HOT_BYTES = '4GB';
const COUNTED_MS = 300_000;
const SHOWN = 20;

export type StrikeOptions = { readonly seed: number; readonly faults: number; readonly rate: number };

export async function strike({ seed, faults, rate }: StrikeOptions): Promise<Soaked> {
  const dataDir = mkdtempSync(join(tmpdir(), 'pulso-chaos-'));
  const env = { PULSO_HOT_BYTES: HOT_BYTES };
  const pulso = await startPulso(['--rate', String(rate), '--lanes', '2'], { dataDir, env });
  try {
    await untilReady(pulso.url);
    const { signal } = new AbortController();
    const spanMs = (faults / FAULTS_A_MINUTE) * 60_000;
    const plan = { url: pulso.url, seed, spanMs, faults, kinds: CHAOS_KINDS, signal };
    const report = await runChaos(plan, portsTo(pulso));
    process.stdout.write(reportText(report));
    const { code } = await pulso.stop();
    const differences = await againstModel(dataDir);
    const broken = report.invariants.flatMap(({ name, breaches }) => breaches.map((text) => `${name}: ${text}`));
    return {
      figures: [
        { name: 'chaos: faults', value: report.all.faults, unit: '' },
        { name: 'chaos: recovered', value: report.all.recovered, unit: '' },
        ...report.kinds.flatMap(({ kind, seen, back }) => [
          ...(seen === null ? [] : [{ name: `chaos: ${kind} seen p99`, value: seen.p99, unit: 'ms' }]),
          ...(back === null ? [] : [{ name: `chaos: ${kind} running again p99`, value: back.p99, unit: 'ms' }]),
        ]),
        { name: 'chaos: differences from the model', value: differences.length, unit: '' },
      ],
      breaches: [
        ...broken,
        ...countsOf(differences),
        ...differences.slice(0, SHOWN),
        ...(code === 0 ? [] : [`It ended with ${code}`]),
      ],
    };
  } finally {
    await pulso.kill9();
    rmSync(dataDir, { recursive: true, force: true });
  }
}

/** By another process on the same folder, without the generator: what is counted has to be there after a restart, too. */
async function againstModel(dataDir: string): Promise<string[]> {
  const pulso = await startPulso(['--no-generator', '--lanes', '2'], { dataDir, env: { PULSO_HOT_BYTES: HOT_BYTES } });
  try {
    await untilReady(pulso.url, COUNTED_MS);
    const model = modelOfLog(dataDir, await poisonedPlaces(pulso.url));
    await untilCounted(pulso.url, eventsOf(model), COUNTED_MS);
    return [
      ...(await compareAll(pulso.url, model)),
      ...(await compareSketches(pulso.url, model)),
      ...(await compareOrders(pulso.url, model)).differences,
    ];
  } finally {
    await pulso.kill9();
  }
}

/** How many there are of each kind: a long list of one kind hides the others. */
function countsOf(differences: readonly string[]): string[] {
  const kinds = Map.groupBy(differences, (text) => text.split(/[([{]/)[0] ?? text);
  return [...kinds].map(([kind, list]) => `${list.length} differences: ${kind}`);
}
