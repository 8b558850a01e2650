/** `pulso status`: the supervision tree of a running pulso. It asks the gateway, which knows it by heart: no actor is asked. */
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '../../protocol/errors.ts';
import { type Config, processSources, readConfig } from '../config/read.ts';
import { type Arguments, type Command, EXIT, settingOption } from './command.ts';
import { statusDot } from './status-dot.ts';
import { statusLines } from './status-table.ts';
import { readTree } from './status-tree.ts';
import { watch } from './status-watch.ts';
import { askTarget, type Target, targetOf } from './target.ts';

const WATCH_MS = 1_000;
/** Where the width is not known: a pipe, a file. */
const STANDARD_WIDTH = 120;

export const status: Command = {
  name: 'status',
  summary: 'Shows every actor of a running pulso: state, restarts, mailbox, load, last exit.',
  positional: '',
  options: {
    watch: { type: 'boolean', meaning: 'draw again every second, until ctrl-c' },
    json: { type: 'boolean', meaning: 'the tree as JSON, on one line' },
    dot: { type: 'boolean', meaning: 'the tree for Graphviz' },
    url: { type: 'string', value: 'URL', meaning: 'the pulso to ask (its token in the URL or in PULSO_TOKEN)' },
    data: settingOption('data', 'DIR'),
  },
  run,
};

type Draw = (answer: unknown, target: Target) => string;

async function run(args: Arguments): Promise<number> {
  const { json, dot, url, watch: again } = args.options;
  if (json === true && dot === true) {
    throw new AppError('bad-parameter', 'Cannot run "pulso status" with both --json and --dot: choose one of them');
  }
  const config = readConfig(processSources(args.settings));
  const inPlace = again === true && process.stdout.isTTY === true && json !== true && dot !== true;
  const draw = json === true ? drawJson : dot === true ? drawDot : drawTable(inPlace);
  const frame = () => frameOf(config, url, draw);
  // Nobody there at the start is a mistake; whoever goes away later may come back.
  const first = await frame();
  if (again === true) await watchOn(first, frame, inPlace);
  else process.stdout.write(first);
  return EXIT.done;
}

/** Looked for anew each time: it may come back on another port. */
async function frameOf(config: Config, url: unknown, draw: Draw): Promise<string> {
  const target = targetOf(config, url, 'show the actors');
  return draw(await askTarget(target, '/system/tree'), target);
}

async function watchOn(first: string, frame: () => Promise<string>, inPlace: boolean): Promise<void> {
  const end = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => end.abort());
  // Whoever read it has gone.
  process.stdout.once('error', () => end.abort());
  await watch({
    first,
    frame,
    write: (text) => process.stdout.write(text),
    inPlace,
    wait: (signal) => sleep(WATCH_MS, undefined, { signal }).catch(() => undefined),
    signal: end.signal,
  });
}

function drawJson(answer: unknown): string {
  return `${JSON.stringify(answer)}\n`;
}

function drawDot(answer: unknown): string {
  return statusDot(readTree(answer));
}

/** In place it must not scroll: what does not fit is counted. */
function drawTable(inPlace: boolean): Draw {
  return (answer, { url }) => {
    const { isTTY, columns, rows } = process.stdout;
    const lines = statusLines(readTree(answer), {
      url,
      // Some terminals do not know their size and say 0.
      width: columns || Number(process.env.COLUMNS) || STANDARD_WIDTH,
      color: isTTY === true && !process.env.NO_COLOR,
      height: inPlace && rows > 0 ? rows - 1 : undefined,
    });
    return `${lines.join('\n')}\n`;
  };
}
