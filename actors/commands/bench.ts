/** `pulso bench`: what `npm run bench` runs. The benchmarks come with the sources, not with an image. */
import { existsSync } from 'node:fs';
import { AppError } from '../../protocol/errors.ts';
import { type Arguments, type Command, EXIT } from './command.ts';

const BENCHMARKS = new URL('../../test/bench/main.ts', import.meta.url);

export const bench: Command = {
  name: 'bench',
  summary: 'Measures throughput, latency, recovery and memory on this machine: a table, and bench.json.',
  positional: '[PART ..]',
  many: true,
  options: {},
  run,
};

async function run({ positionals }: Arguments): Promise<number> {
  if (!existsSync(BENCHMARKS))
    throw new AppError('unavailable', 'Cannot measure as the benchmarks come with the sources only: run it in a clone');
  process.argv.splice(2, Number.POSITIVE_INFINITY, ...positionals);
  await import(BENCHMARKS.href);
  return EXIT.done;
}
