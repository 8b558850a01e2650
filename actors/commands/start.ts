/** `pulso start`: checks everything that can be wrong, takes the data folder, and runs the tree until told to stop. */
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AppError } from '../../protocol/errors.ts';
import { SupervisorTree } from '../../supervisor/tree.ts';
import { AuditKeeper } from '../audit.ts';
import {
  type BackendConfig,
  chooseFactStore,
  isShared,
  partitionCounts,
  prepareData,
  sharesState,
} from '../backends/choose.ts';
import { acquireLock } from '../backends/lock.ts';
import { standardLanes } from '../config/fields.ts';
import { type Config, processSources, readConfig } from '../config/read.ts';
import type { GatewayInput } from '../gateway/worker.ts';
import { ANOMALY_KINDS } from '../generator/options.ts';
import { isAnomaly } from '../generator/plan.ts';
import type { GeneratorInput } from '../generator/worker.ts';
import { IncidentKeeper } from '../incidents.ts';
import { createLog, type Log } from '../log.ts';
import { RunningSystem } from '../system.ts';
import { rootSpec, type TreeSettings } from '../tree.ts';
import { type Arguments, type Command, EXIT, numberOption, rateOption, settingOption, wholeOption } from './command.ts';
import { checkListening } from './port.ts';

const LANES_FACT = 'lanes';
/** In the data folder, on servers too: they are this process's own, and must be kept when the store is away. */
const INCIDENTS = 'incidents.ndjson';
const AUDIT = 'audit.ndjson';
/** Decision 13. */
const ALONE =
  'Kafka with the embedded store is for one process: another one of this group would show only what it counts itself. Set MONGODB_URI to run several';
const DRAINED_POLL_MS = 50;
const STOP_LIMIT_MS = 10_000;
/** A terminal signals the launcher and this process alike, and the launcher passes it on: that is one signal. */
const SAME_SIGNAL_MS = 100;

export const start: Command = {
  name: 'start',
  summary: 'Runs pulso: the page, the API and, unless told otherwise, a demo shop.',
  positional: '',
  options: {
    rate: {
      type: 'string',
      value: 'N|max',
      meaning: 'events a second of the generator (without it: the demo, and nothing on Kafka)',
    },
    count: { type: 'string', value: 'N', meaning: 'the generator ends after so many events' },
    seed: { type: 'string', value: 'S', meaning: 'seed of the generator' },
    anomaly: {
      type: 'string',
      value: 'KIND',
      meaning: 'something goes wrong on purpose: refund-spike, order-drop or payment-surge',
    },
    broken: { type: 'string', value: 'SHARE', meaning: 'share of broken events, 0 to 1' },
    'no-generator': { type: 'boolean', meaning: 'only what comes in by itself' },
    partitions: settingOption('partitions', 'P'),
    lanes: settingOption('lanes', 'K'),
    port: settingOption('port', 'N'),
    host: settingOption('host', 'ADDRESS'),
    data: settingOption('data', 'DIR'),
    'exit-when-done': { type: 'boolean', meaning: 'end with code 0 once all in the log is counted and committed' },
  },
  run,
};

async function run(args: Arguments): Promise<number> {
  const config = readConfig(processSources(args.settings));
  const generator = generatorInput(args, config);
  const log = createLog({
    least: config.log,
    pretty: process.stderr.isTTY === true,
    now: Date.now,
    write: (line) => process.stderr.write(line),
  });
  const lock = acquireLock(config.data);
  try {
    await checkListening(config.host, config.port);
    const backend = await prepareData(config);
    if (isShared(backend) && !sharesState(backend)) log('warn', ALONE);
    const facts = await chooseFactStore(backend);
    const lanes = chooseLanes(config, backend.partitions, await facts.get(LANES_FACT));
    await facts.put(LANES_FACT, lanes);
    const token = config.token ?? randomBytes(18).toString('base64url');
    const gateway = gatewayInput(config, backend, token);
    let announced = false;
    const settings: TreeSettings = {
      config,
      backend,
      lanes,
      generator: generator && { ...generator, backend },
      gateway,
    };
    const spec = rootSpec(settings);
    const incidents = await IncidentKeeper.open(join(config.data, INCIDENTS), { root: spec.id, log, now: Date.now() });
    const tree = new SupervisorTree(spec, { log, lastEventId: incidents.lastEventId });
    const system = new RunningSystem({
      tree,
      settings,
      onListening: (url, port) => {
        // Every later gateway takes the same port; only the first one is news.
        gateway.port = port;
        if (announced) return;
        announced = true;
        lock.announce({ pid: process.pid, url, token });
        process.stdout.write(`ready ${url}/?token=${token}\n`);
      },
      log,
      incidents,
      audit: await AuditKeeper.open(join(config.data, AUDIT), log),
      rememberLanes: (count) => facts.put(LANES_FACT, count),
    });
    const code = await untilEnd(system, tree, log, args.options['exit-when-done'] === true);
    await facts.close();
    return code;
  } finally {
    lock.release();
  }
}

/** Runs until the log is drained (if asked), a signal comes, or the root gives up. */
async function untilEnd(system: RunningSystem, tree: SupervisorTree, log: Log, whenDone: boolean): Promise<number> {
  let stopping = false;
  const ends: Promise<number>[] = [
    signalled(log).then(() => EXIT.done),
    tree.done.then(({ detail }) => {
      if (!stopping) log('error', `The root supervisor has given up: ${detail}`);
      return EXIT.failed;
    }),
  ];
  if (whenDone) ends.push(drained(system).then(() => EXIT.done));
  const started = tree.start();
  started.catch(() => undefined);
  const code = await Promise.race([...ends, started.then(() => Promise.race(ends))]);
  stopping = true;
  await stopInTime(system, log);
  return code;
}

function drained(system: RunningSystem): Promise<void> {
  return new Promise((resolve) => {
    const timer = setInterval(() => {
      if (!system.drained) return;
      clearInterval(timer);
      resolve();
    }, DRAINED_POLL_MS);
  });
}

/** The first signal asks for an orderly end; the second ends at once. */
function signalled(log: Log): Promise<void> {
  return new Promise((resolve) => {
    let askedAt: number | undefined;
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      process.on(signal, () => {
        const now = performance.now();
        if (askedAt !== undefined && now - askedAt > SAME_SIGNAL_MS) process.exit(EXIT.failed);
        if (askedAt !== undefined) return;
        askedAt = now;
        log('info', 'Stopping: draining and committing', { signal });
        resolve();
      });
    }
  });
}

async function stopInTime(system: RunningSystem, log: Log): Promise<void> {
  const limit = setTimeout(() => {
    log('error', 'Stopping took too long; what is not committed will be read again at the next start');
    process.exit(EXIT.failed);
  }, STOP_LIMIT_MS);
  await system.stop();
  clearTimeout(limit);
}

function chooseLanes(config: Config, partitions: number, stored: unknown): number {
  if (config.lanes !== undefined && config.lanes > partitions) {
    throw new AppError(
      'bad-config',
      `Cannot run more lanes than partitions (${partitions}): current value of PULSO_LANES is ${config.lanes}`,
      { field: 'lanes' },
    );
  }
  const remembered = typeof stored === 'number' ? Math.min(stored, partitions) : undefined;
  return config.lanes ?? remembered ?? standardLanes(partitions);
}

function gatewayInput(config: Config, backend: BackendConfig, token: string): GatewayInput & { port: number } {
  return {
    host: config.host,
    port: config.port,
    token,
    origins: config.origins ?? [],
    pageDir: fileURLToPath(new URL('../../ui/dist', import.meta.url)),
    topics: config.topics,
    partitions: partitionCounts(backend),
    zone: config.zone,
    currency: config.currency,
  };
}

function generatorInput(args: Arguments, { kafkaBrokers }: Config): Omit<GeneratorInput, 'backend'> | undefined {
  const rate = rateOption(args) ?? null;
  const count = wholeOption(args, 'count', 1) ?? null;
  const brokenShare = numberOption(args, 'broken', 0, 0.99) ?? 0;
  const { seed, anomaly } = args.options;
  if (typeof anomaly === 'string' && !isAnomaly(anomaly)) {
    const known = ANOMALY_KINDS.join(', ');
    throw new AppError(
      'bad-parameter',
      `Cannot use --anomaly as it must be one of ${known}: current value is "${anomaly}"`,
    );
  }
  if (args.options['no-generator'] === true) return undefined;
  // No made-up order enters a shop's topics by accident.
  if (kafkaBrokers !== undefined && rate === null) return undefined;
  return { rate, count, brokenShare, seed: textOr(seed, null), anomaly: textOr(anomaly, null) };
}

function textOr<T>(value: unknown, otherwise: T): string | T {
  return typeof value === 'string' ? value : otherwise;
}
