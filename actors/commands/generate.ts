/** `pulso generate`: the generator's stream as NDJSON to a file or stdout. Same seed, same bytes. */
import { once } from 'node:events';
import { createWriteStream } from 'node:fs';
import type { Writable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '../../protocol/errors.ts';
import { LineSplitter } from '../../protocol/lines.ts';
import { chooseLogWriter, partitionCounts, prepareLog } from '../backends/choose.ts';
import { processSources, readConfig } from '../config/read.ts';
import { generateTo } from '../generator/generate.ts';
import { logSink } from '../replay/sinks.ts';
import { type Arguments, type Command, EXIT, numberOption, rateOption, wholeOption } from './command.ts';

const STANDARD_COUNT = 1_000;
const SHOW_MS = 200;

export const generate: Command = {
  name: 'generate',
  summary: 'Writes made-up events of a shop, one a line. The same seed gives the same bytes.',
  positional: '',
  options: {
    rate: {
      type: 'string',
      value: 'N|max',
      meaning: 'events a second of the stream; with a number it is written in that time',
    },
    count: { type: 'string', value: 'N', meaning: `how many events (${STANDARD_COUNT})` },
    seed: { type: 'string', value: 'S', meaning: 'what all chance comes from (1)' },
    out: { type: 'string', value: 'FILE|-|kafka', meaning: 'where to write (stdout)' },
    from: { type: 'string', value: 'ISO', meaning: 'time of the first event (2026-01-01T00:00:00Z)' },
    broken: { type: 'string', value: 'SHARE', meaning: 'share of broken events, 0 to below 1 (0)' },
    dialect: { type: 'string', value: 'order', meaning: 'form of the events' },
  },
  run,
};

async function run(args: Arguments): Promise<number> {
  const count = wholeOption(args, 'count', 1) ?? STANDARD_COUNT;
  const rate = rateOption(args) ?? Number.POSITIVE_INFINITY;
  const { seed, out, dialect } = args.options;
  if (dialect !== undefined && dialect !== 'order') {
    throw new AppError(
      'bad-parameter',
      `Cannot use --dialect as it must be order: current value is ${JSON.stringify(dialect)}`,
    );
  }
  const from = startTime(args.options.from);
  const target =
    out === 'kafka' ? await openKafka(Number.isFinite(rate)) : await openTarget(typeof out === 'string' ? out : '-');
  const began = Date.now();
  const progress = showProgress(count, !target.onStdout);
  await generateTo({
    count,
    ...(from === undefined ? {} : { from }),
    ...(typeof seed === 'string' ? { seed } : {}),
    brokenShare: numberOption(args, 'broken', 0, 0.99) ?? 0,
    rate: Number.isFinite(rate) ? rate : 'max',
    ...(Number.isFinite(rate)
      ? { pace: async (elapsed: number) => void (await sleep(Math.max(0, began + elapsed - Date.now()))) }
      : {}),
    sink: target,
    progress,
  });
  await target.end();
  return EXIT.done;
}

function startTime(text: unknown): number | undefined {
  if (typeof text !== 'string') return undefined;
  const time = Date.parse(text);
  if (Number.isFinite(time) && time >= 0) return time;
  throw new AppError(
    'bad-parameter',
    `Cannot use --from as it must be a time such as 2026-01-01T00:00:00Z: current value is ${JSON.stringify(text)}`,
    {
      field: 'from',
    },
  );
}

type Target = {
  readonly onStdout: boolean;
  readonly write: (lines: Uint8Array) => Promise<void>;
  readonly end: () => Promise<void>;
};

/**
 * The topics of the configuration, made where they are missing. What a chunk of lines holds is durable when it is written,
 * if it is written by the clock.
 */
async function openKafka(paced: boolean): Promise<Target> {
  const config = readConfig(processSources({}));
  if (config.kafkaBrokers === undefined) {
    throw new AppError('bad-parameter', 'Cannot write to kafka as KAFKA_BROKERS names no broker', { field: 'out' });
  }
  const backend = await prepareLog(config);
  const writer = await chooseLogWriter(backend);
  const sink = logSink(writer, backend.topics, partitionCounts(backend));
  return {
    onStdout: false,
    async write(lines) {
      const splitter = new LineSplitter();
      for (const { bytes } of [...splitter.push(lines), ...splitter.end()]) await sink.write(bytes);
      if (paced) await sink.end();
    },
    async end() {
      await sink.end();
      await writer.close();
    },
  };
}

/** Opened before anything is made, so that a bad path is an error of the arguments. */
async function openTarget(path: string): Promise<Target> {
  if (path === '-') {
    // A reader that has had enough (`| head`) is no failure.
    process.stdout.on('error', (error: NodeJS.ErrnoException) =>
      process.exit(error.code === 'EPIPE' ? EXIT.done : EXIT.failed),
    );
    return { onStdout: true, write: (lines) => write(process.stdout, lines), end: async () => {} };
  }
  const file = createWriteStream(path);
  try {
    await once(file, 'open');
    return {
      onStdout: false,
      write: (lines) => write(file, lines),
      async end() {
        file.end();
        await once(file, 'finish');
      },
    };
  } catch (cause) {
    throw new AppError('bad-parameter', `Cannot write to ${path}: ${(cause as Error).message}`, {
      field: 'out',
      cause,
    });
  }
}

async function write(target: Writable, lines: Uint8Array): Promise<void> {
  if (!target.write(lines)) await once(target, 'drain');
}

function showProgress(count: number, toFile: boolean): (written: number) => void {
  if (!toFile || process.stderr.isTTY !== true) return () => {};
  let shownAt = 0;
  return (written) => {
    if (written < count && Date.now() - shownAt < SHOW_MS) return;
    shownAt = Date.now();
    process.stderr.write(`\r${written} of ${count} events${written < count ? '' : '\n'}`);
  };
}
