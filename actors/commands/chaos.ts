/** `pulso chaos`: strikes the actors of a running pulso by a seeded plan, and says how each came back and what held. */

import { createInterface } from 'node:readline/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { AppError } from '../../protocol/errors.ts';
import { processSources, readConfig } from '../config/read.ts';
import { duration, reportText } from './chaos/report.ts';
import { type ChaosPorts, type ChaosProgress, runChaos } from './chaos/run.ts';
import { CHAOS_KINDS, type ChaosKind } from './chaos/schedule.ts';
import { TotalsWatch } from './chaos/totals.ts';
import { type Arguments, type Command, EXIT, numberOption, settingOption, wholeOption } from './command.ts';
import { appendTo, askTarget, type Target, targetOf } from './target.ts';

/** A gateway that is struck is soon asked again. */
const ANSWER_MS = 5_000;
const STANDARD = { minutes: 1, seed: 1 };

export const chaos: Command = {
  name: 'chaos',
  summary: 'Strikes the actors of a running pulso with faults, and reports how each came back and what held.',
  positional: '',
  options: {
    seed: {
      type: 'string',
      value: 'S',
      meaning: `of the plan: the same seed strikes the same actors (${STANDARD.seed})`,
    },
    minutes: { type: 'string', value: 'M', meaning: `how long to go on (${STANDARD.minutes})` },
    faults: { type: 'string', value: 'N', meaning: 'at most so many; as many as the restart budgets allow by default' },
    kinds: {
      type: 'string',
      value: 'LIST',
      meaning: `which faults: ${CHAOS_KINDS.join(',')}; poison appends orders of nothing (state "chaos"), so on Kafka only where it is named`,
    },
    json: { type: 'boolean', meaning: 'the report as JSON, on one line' },
    yes: { type: 'boolean', meaning: 'do not ask first' },
    url: { type: 'string', value: 'URL', meaning: 'the pulso to strike (its token in the URL or in PULSO_TOKEN)' },
    data: settingOption('data', 'DIR'),
  },
  run,
};

async function run(args: Arguments): Promise<number> {
  const seed = wholeOption(args, 'seed', 0) ?? STANDARD.seed;
  const minutes = numberOption(args, 'minutes', 0.05, 24 * 60) ?? STANDARD.minutes;
  const faults = wholeOption(args, 'faults', 1) ?? Number.POSITIVE_INFINITY;
  const kinds = kindsOf(args.options.kinds);
  const target = targetOf(readConfig(processSources(args.settings)), args.options.url, 'strike any actors');
  if (args.options.yes !== true && !(await confirmed(target, minutes, kinds))) return EXIT.done;
  const end = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => end.abort());
  const options = { url: target.url, seed, spanMs: minutes * 60_000, faults, kinds, signal: end.signal };
  const report = await runChaos(options, portsTo(target));
  if (process.stderr.isTTY) process.stderr.write('\r\x1b[K');
  process.stdout.write(args.options.json === true ? `${JSON.stringify(report)}\n` : reportText(report));
  return report.held ? EXIT.done : EXIT.failed;
}

function kindsOf(text: unknown): readonly ChaosKind[] | undefined {
  if (typeof text !== 'string') return undefined;
  const names = [...new Set(text.split(',').map((name) => name.trim()))];
  const unknown = names.find((name) => !CHAOS_KINDS.some((kind) => kind === name));
  if (unknown === undefined) return names as ChaosKind[];
  throw new AppError(
    'bad-parameter',
    `Cannot use --kinds as each must be one of ${CHAOS_KINDS.join(', ')}: current value is ${JSON.stringify(unknown)}`,
    { field: 'kinds' },
  );
}

/** It ends actors of what may be somebody's real shop: nobody is to do so by a slip. */
async function confirmed({ url }: Target, minutes: number, kinds: readonly ChaosKind[] | undefined): Promise<boolean> {
  if (!process.stdin.isTTY) {
    throw new AppError('bad-parameter', `Cannot strike the actors of ${url} without being asked to: say --yes`);
  }
  const asked = createInterface({ input: process.stdin, output: process.stderr });
  // Not where others may read the log, unless it is named: that is known only once it is asked.
  const orders = kinds?.includes('poison') === false ? '' : ', and orders of nothing may be appended';
  const text = `For ${duration(minutes * 60_000)} actors of the pulso at ${url} will be ended${orders}. Go on? [y/N] `;
  const answer = await asked.question(text);
  asked.close();
  return /^y(es)?$/i.test(answer.trim());
}

export function portsTo(target: Target): ChaosPorts {
  const socket = new URL('/ws', target.url.replace(/^http/, 'ws'));
  if (target.token !== undefined) socket.searchParams.set('token', target.token);
  return {
    get: (path) => askTarget(target, path, undefined, ANSWER_MS),
    post: (path, body) => askTarget(target, path, body, ANSWER_MS),
    append: (event) => appendTo(target, event, ANSWER_MS),
    watchTotals: (heard) => new TotalsWatch(socket, heard),
    now: () => performance.now(),
    wait: (ms, signal) => sleep(Math.max(0, ms), undefined, { signal }).catch(() => undefined),
    show: showProgress,
    name: `chaos-${crypto.randomUUID()}`,
  };
}

function showProgress({ struck, planned, recovered, leftMs, last }: ChaosProgress): void {
  if (process.stderr.isTTY !== true) return;
  const what = last === undefined ? '' : `, last ${last.kind} of ${last.actor}`;
  process.stderr.write(`\r\x1b[K${struck} of ${planned} faults, ${recovered} over, ${duration(leftMs)} left${what}`);
}
