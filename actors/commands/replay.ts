/** `pulso replay PATH`: events of a file into the log, of a running pulso if there is one, else of the data folder. */
import { createReadStream, existsSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '../../protocol/errors.ts';
import { chooseLogWriter, partitionCounts, prepareData, prepareLog } from '../backends/choose.ts';
import { acquireLock, findRunning } from '../backends/lock.ts';
import { type Config, processSources, readConfig } from '../config/read.ts';
import { batchesIn, rawFolderOf, replayArchive } from '../replay/archive.ts';
import { pacer } from '../replay/pace.ts';
import { readRecords } from '../replay/records.ts';
import { httpSink, logSink, type ReplaySink } from '../replay/sinks.ts';
import { type Arguments, type Command, EXIT, settingOption } from './command.ts';

const DIALECTS = ['auto', 'order', 'flat', 'nested'];
const LATER_DIALECTS = ['fact', 'olist', 'click'];
const SHOW_MS = 200;

export const replay: Command = {
  name: 'replay',
  summary: 'Reads events of a file (NDJSON or a JSON array), or of an archive, into the log.',
  positional: 'PATH',
  options: {
    dialect: {
      type: 'string',
      value: DIALECTS.join('|'),
      meaning: 'form of the events; each is recognised by its keys anyway',
    },
    speed: {
      type: 'string',
      value: 'max|1x|60x..',
      meaning: 'as fast as possible, or as the events came, so many times faster',
    },
    cycle: { type: 'boolean', meaning: 'begin again at the end, until stopped' },
    into: { type: 'string', value: 'URL', meaning: 'send to the pulso that runs there (its token in PULSO_TOKEN)' },
    data: settingOption('data', 'DIR'),
    partitions: settingOption('partitions', 'P'),
  },
  run,
};

type Target = { readonly sink: ReplaySink; readonly finish: () => Promise<string> };

async function run(args: Arguments): Promise<number> {
  const archive = archiveAt(args.positionals[0]);
  if (archive !== undefined) return runArchive(archive, args);
  const path = checkedPath(args.positionals[0]);
  checkDialect(args.options.dialect);
  const wait = pacer(args.options.speed, { now: Date.now, sleep });
  const config = readConfig(processSources(args.settings));
  const { sink, finish } = await openTarget(config, args.options.into);
  const progress = new Progress(statSync(path).size);
  do {
    progress.begin();
    for await (const record of readRecords(progress.through(createReadStream(path, { highWaterMark: 1 << 20 })))) {
      await wait(record);
      await sink.write(record);
      progress.records++;
    }
  } while (args.options.cycle === true);
  await sink.end();
  progress.end();
  process.stdout.write(`${progress.records} records read from ${path}\n${await finish()}\n`);
  return EXIT.done;
}

function archiveAt(path: string | undefined): string | undefined {
  return path !== undefined && existsSync(path) && statSync(path).isDirectory() ? rawFolderOf(path) : undefined;
}

/** Everything as it was: so into an empty log only, as fast as possible, and not through a running pulso. */
async function runArchive(rawFolder: string, args: Arguments): Promise<number> {
  const other = ['dialect', 'speed', 'cycle', 'into'].find((name) => args.options[name] !== undefined);
  if (other !== undefined)
    throw new AppError('bad-parameter', `Cannot use --${other} as an archive is replayed just as it was`);
  const config = readConfig(processSources(args.settings));
  if (existsSync(config.data) && findRunning(config.data) !== undefined)
    throw new AppError('conflict', `Cannot replay an archive into ${config.data} as a pulso runs on it`);
  const batches = batchesIn(rawFolder);
  const progress = new Progress(batches.length);
  const { writer, finish } = await openLog(config);
  const { records, missing } = await replayArchive(batches, writer, (read, done) => progress.at(read, done));
  progress.end();
  if (missing > 0) process.stderr.write(`${missing} offsets are in no file of the archive\n`);
  process.stdout.write(`${records} records read from ${rawFolder}\n${await finish()}\n`);
  return EXIT.done;
}

function checkedPath(path: string | undefined): string {
  if (path === undefined)
    throw new AppError('bad-parameter', 'Cannot replay without a PATH: see "pulso replay --help"');
  if (!existsSync(path)) throw new AppError('bad-parameter', `Cannot replay ${path} as there is no such file`);
  if (statSync(path).isDirectory() || path.endsWith('.csv')) {
    throw new AppError('bad-parameter', `Cannot replay ${path} as this version reads NDJSON and JSON arrays only`);
  }
  return path;
}

function checkDialect(dialect: unknown): void {
  if (dialect === undefined || DIALECTS.includes(dialect as string)) return;
  const later = LATER_DIALECTS.includes(dialect as string) ? ' (that one is not in this version)' : '';
  throw new AppError(
    'bad-parameter',
    `Cannot use --dialect as it must be one of ${DIALECTS.join(', ')}: current value is ${JSON.stringify(dialect)}${later}`,
  );
}

/** A pulso that runs, named or on the same data folder, gets the events; else they go into the folder's log. */
async function openTarget(config: Config, into: unknown): Promise<Target> {
  const running =
    typeof into === 'string'
      ? { url: into, token: config.token }
      : existsSync(config.data)
        ? findRunning(config.data)
        : undefined;
  if (running !== undefined) return runningTarget(running.url, running.token);
  const { backend, writer, finish } = await openLog(config);
  return { sink: logSink(writer, backend.topics, partitionCounts(backend)), finish };
}

async function openLog(config: Config) {
  // A log on Kafka takes records from anybody; the data folder's from one at a time.
  const lock = config.kafkaBrokers === undefined ? acquireLock(config.data) : undefined;
  const backend = await (lock === undefined ? prepareLog(config) : prepareData(config));
  const writer = await chooseLogWriter(backend);
  return {
    backend,
    writer,
    async finish(): Promise<string> {
      const extents = await writer.extents();
      await writer.close();
      lock?.release();
      const filled = extents.filter(({ end }) => end > 0);
      const records = filled.reduce((sum, { start, end }) => sum + end - start, 0);
      if (config.kafkaBrokers !== undefined) {
        return `the topics ${config.topics.join(', ')} now hold ${records} records in ${filled.length} topic-partitions`;
      }
      return `the log of ${config.data} now holds ${records} records in ${filled.length} topic-partitions; "pulso start --no-generator --data ${config.data}" works them off`;
    },
  };
}

type Outcomes = Readonly<Record<'in' | 'counted' | 'late' | 'dead' | 'duplicates' | 'lag', number>>;

async function runningTarget(url: string, token: string | undefined): Promise<Target> {
  const before = await readLedger(url, token);
  let rejected = 0;
  const sink = httpSink(url, token, sleep, (line, reason) => {
    rejected++;
    process.stderr.write(`line ${line} was rejected: ${reason}\n`);
  });
  return {
    sink,
    async finish() {
      let after = await readLedger(url, token);
      while (after.lag > 0) {
        await sleep(SHOW_MS);
        after = await readLedger(url, token);
      }
      const outcomes = (['counted', 'late', 'dead', 'duplicates'] as const).map(
        (name) => `${after[name] - before[name]} ${name}`,
      );
      return [...outcomes, `${rejected} rejected`].join(', ');
    },
  };
}

async function readLedger(url: string, token: string | undefined): Promise<Outcomes> {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
  const answer = await fetch(new URL('/ledger', url), { headers }).catch((cause: unknown) => {
    throw new AppError('unavailable', `Cannot reach pulso at ${url}`, { cause });
  });
  if (!answer.ok) throw new AppError('unavailable', `Cannot read the ledger of ${url} as it answered ${answer.status}`);
  return ((await answer.json()) as { total: Outcomes }).total;
}

/** A bar on a terminal, nothing elsewhere. */
class Progress {
  records = 0;
  #bytes = 0;
  #size: number;
  #shownAt = 0;

  constructor(size: number) {
    this.#size = size;
  }

  begin(): void {
    this.#bytes = 0;
  }

  async *through(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      yield chunk;
      this.#bytes += chunk.length;
      if (Date.now() - this.#shownAt >= SHOW_MS) this.#show();
    }
  }

  at(records: number, done: number): void {
    this.records = records;
    this.#bytes = done;
    if (Date.now() - this.#shownAt >= SHOW_MS) this.#show();
  }

  end(): void {
    if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  }

  #show(): void {
    this.#shownAt = Date.now();
    if (!process.stderr.isTTY) return;
    const share = this.#size === 0 ? 1 : this.#bytes / this.#size;
    const filled = Math.round(share * 30);
    process.stderr.write(
      `\r[${'#'.repeat(filled)}${'-'.repeat(30 - filled)}] ${Math.round(share * 100)} % ${this.records} records`,
    );
  }
}
