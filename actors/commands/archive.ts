/** `pulso archive list|run|verify`: what is in the archive, archive now, and whether it holds what it should. */
import { existsSync } from 'node:fs';
import { AppError } from '../../protocol/errors.ts';
import { type BackendConfig, chooseArchiveManifest, existingData } from '../backends/choose.ts';
import { type Config, processSources, readConfig } from '../config/read.ts';
import type { ArchiveBatch } from '../ports/archive.ts';
import { archiveNow } from './archive-run.ts';
import { verifyArchive } from './archive-verify.ts';
import { type Arguments, type Command, EXIT, settingOption, wholeOption } from './command.ts';

const STANDARD_LIMIT = 50;

export const archive: Command = {
  name: 'archive',
  summary:
    'list: the batches of the archive. run: archive all that is committed now. verify: re-read and compare all of it.',
  positional: 'list|run|verify',
  options: {
    limit: { type: 'string', value: 'N', meaning: `how many batches to list, newest first (${STANDARD_LIMIT})` },
    json: { type: 'boolean', meaning: 'list as JSON, one batch a line' },
    url: { type: 'string', value: 'URL', meaning: 'run: the pulso to ask (its token in PULSO_TOKEN)' },
    data: settingOption('data', 'DIR'),
    partitions: settingOption('partitions', 'P'),
  },
  run,
};

const ACTIONS = { list, run: runNow, verify } as const;

async function run(args: Arguments): Promise<number> {
  const [name] = args.positionals;
  if (name === undefined || !Object.hasOwn(ACTIONS, name)) {
    throw new AppError(
      'bad-parameter',
      `Cannot run "pulso archive" without one of ${Object.keys(ACTIONS).join(', ')}: current value is ${name ?? 'missing'}`,
    );
  }
  return ACTIONS[name as keyof typeof ACTIONS](args);
}

async function list(args: Arguments): Promise<number> {
  const limit = wholeOption(args, 'limit', 1, 100_000) ?? STANDARD_LIMIT;
  const manifest = await chooseArchiveManifest(await backendOf(readConfig(processSources(args.settings))));
  try {
    const { items, next } = await manifest.list({ limit });
    if (args.options.json === true) for (const batch of items) process.stdout.write(`${JSON.stringify(batch)}\n`);
    else process.stdout.write(tableOf(items));
    if (next !== null) process.stderr.write(`There are more: --limit N shows them\n`);
    return EXIT.done;
  } finally {
    await manifest.close();
  }
}

function tableOf(batches: readonly ArchiveBatch[]): string {
  if (batches.length === 0) return 'Nothing is archived yet\n';
  const head = ['batch', 'state', 'offsets', 'records', 'orders', 'rows', 'bytes', 'from', 'to'];
  const rows = batches.map((batch) => [
    batch.id,
    batch.state,
    `${batch.fromOffset}-${batch.toOffset - 1}`,
    ...[batch.records, batch.orders, batch.rows, batch.bytes].map(String),
    ...[batch.from, batch.to].map((time) => (time === null ? '-' : new Date(time).toISOString())),
  ]);
  const widths = head.map((_, column) => Math.max(...[head, ...rows].map((row) => (row[column] as string).length)));
  return [head, ...rows]
    .map(
      (row) =>
        `${row
          .map((cell, column) => cell.padEnd(widths[column] as number))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}

function runNow(args: Arguments): Promise<number> {
  return archiveNow(readConfig(processSources(args.settings)), args.options.url);
}

async function verify(args: Arguments): Promise<number> {
  const config = readConfig(processSources(args.settings));
  return verifyArchive(await backendOf(config), config.zone);
}

/** Looking makes no data. */
async function backendOf(config: Config): Promise<BackendConfig> {
  if (config.mongodbUri === undefined && !existsSync(config.data)) {
    throw new AppError('bad-config', `Cannot look at the archive as there is no data folder ${config.data}`, {
      field: 'data',
    });
  }
  return existingData(config);
}
