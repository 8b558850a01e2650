/**
 * The whole system within this process, on embedded backends where no setting names others: its threads, its HTTP, and the tree itself to look at.
 * Limits and budgets are short or wide, as a test does more harm in a minute than an hour should.
 */
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { AuditKeeper } from '../../actors/audit.ts';
import { partitionCounts, prepareData } from '../../actors/backends/choose.ts';
import { readConfig } from '../../actors/config/read.ts';
import { IncidentKeeper } from '../../actors/incidents.ts';
import { RunningSystem } from '../../actors/system.ts';
import { rootSpec } from '../../actors/tree.ts';
import type { ChildSpec, SupervisorSpec } from '../../supervisor/child-spec.ts';
import type { SupervisorEvent } from '../../supervisor/events.ts';
import { SupervisorTree } from '../../supervisor/tree.ts';
import { endBeforeFolder } from './folder.ts';

export type InProcess = {
  readonly url: string;
  readonly token: string;
  readonly tree: SupervisorTree;
  /** Lanes that are added from now on get another data folder. */
  readonly moveData: (dataDir: string) => void;
  /** At the end of the test by itself. */
  stop(): Promise<void>;
};

export type InProcessOptions = {
  readonly dataDir: string;
  readonly lanes: number;
  /** Events a second of the generator; without one there is none. */
  readonly rate?: number;
  /** Further settings, as the environment has them. */
  readonly env?: Readonly<Record<string, string>>;
  /** How long a loop may stand still; a handler may take twice as long, as others of its actor run within it. */
  readonly limitMs: number;
};

const TOKEN = 'test-token';
/** Twice what the busiest of them uses. */
const MEMORY = { softBytes: 0, hardBytes: 200 * 2 ** 20 };
/** Far beyond what anything here takes on a busy machine: reached only by a failure. */
const PATIENCE_MS = 60_000;

export async function startInProcess(t: TestContext, options: InProcessOptions): Promise<InProcess> {
  const flags = { data: options.dataDir, lanes: String(options.lanes), port: '0' };
  const config = readConfig({ flags, env: { PULSO_PARTITIONS: '4', ...options.env }, file: undefined });
  const backend = await prepareData(config);
  const { host, topics, zone, currency } = config;
  const pageDir = fileURLToPath(new URL('../../ui/dist', import.meta.url));
  const partitions = partitionCounts(backend);
  const gateway = { host, port: 0, token: TOKEN, origins: [], pageDir, topics, partitions, zone, currency };
  const { rate } = options;
  const shop = { count: null, brokenShare: 0.05, seed: 'faults', anomaly: null, backend };
  const generator = rate === undefined ? undefined : { ...shop, rate };
  const settings = { config, backend, lanes: options.lanes, generator, gateway };
  const log = () => {};
  const spec = tuned(rootSpec(settings), options.limitMs) as SupervisorSpec;
  const file = join(options.dataDir, 'incidents.ndjson');
  const incidents = await IncidentKeeper.open(file, { root: spec.id, log, now: Date.now() });
  const tree = new SupervisorTree(spec, { lastEventId: incidents.lastEventId });
  const listening = Promise.withResolvers<string>();
  const system = new RunningSystem({
    tree,
    settings,
    onListening: (url, port) => {
      gateway.port = port;
      listening.resolve(url);
    },
    rememberLanes: () => Promise.resolve(),
    log,
    incidents,
    audit: await AuditKeeper.open(join(options.dataDir, 'audit.ndjson'), log),
  });
  let stopped: Promise<void> | undefined;
  const stop = () => (stopped ??= system.stop());
  endBeforeFolder(options.dataDir, stop);
  t.after(stop);
  await tree.start();
  const moveData = (dataDir: string) => {
    settings.backend = { ...backend, dataDir };
  };
  return { url: await listening.promise, token: TOKEN, tree, moveData, stop };
}

function tuned(spec: ChildSpec, limitMs: number): ChildSpec {
  const backoff = { baseMs: 1, capMs: 20 };
  if (spec.type === 'worker')
    return { ...spec, backoff, heartbeatMs: limitMs, progressMs: 2 * limitMs, memory: MEMORY };
  return { ...spec, backoff, intensity: 1_000, children: spec.children.map((child) => tuned(child, limitMs)) };
}

/** Waits until something is so, looking again at each event of the tree. */
export async function untilSeen<Value>(
  tree: SupervisorTree,
  what: string,
  find: (events: readonly SupervisorEvent[]) => Value | undefined | false,
): Promise<Value> {
  const seen = Promise.withResolvers<Value>();
  const look = () => {
    const found = find(tree.events());
    if (found !== undefined && found !== false) seen.resolve(found);
  };
  const story = () =>
    tree
      .events()
      .slice(-40)
      .map(({ at, text }) => `${at % 100_000} ${text}`)
      .join('\n');
  const patience = setTimeout(() => seen.reject(new Error(`Waited in vain until ${what}:\n${story()}`)), PATIENCE_MS);
  const quiet = tree.onEvent(look);
  look();
  try {
    return await seen.promise;
  } finally {
    clearTimeout(patience);
    quiet();
  }
}
