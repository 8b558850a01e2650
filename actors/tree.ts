/** Which actors exist, as data: the whole supervision tree of a pulso process. */
import type { ChildSpec, SupervisorSpec } from '../supervisor/child-spec.ts';
import type { ArchiverInput } from './archiver/worker.ts';
import { type BackendConfig, hasProjections, isShared, sharesState } from './backends/choose.ts';
import type { BusInput } from './bus/worker.ts';
import type { Config } from './config/read.ts';
import type { GatewayInput } from './gateway/worker.ts';
import type { GeneratorInput } from './generator/worker.ts';
import type { JobsInput } from './jobs/worker.ts';
import type { HealthInput } from './monitors/generation.ts';
import type { ConsumerInput } from './partition-consumer/worker.ts';
import type { ProjectorInput } from './projector/worker.ts';
import type { ReaderInput } from './reader/worker.ts';
import type { AggregatorInput } from './window-aggregator/worker.ts';

export type TreeSettings = {
  readonly config: Config;
  readonly backend: BackendConfig;
  readonly gateway: GatewayInput;
  readonly lanes: number;
  /** undefined = no generator. */
  readonly generator: GeneratorInput | undefined;
};

/** Decision 20: ten restarts in a minute, for every supervisor. */
const BUDGET = { intensity: 10, periodMs: 60_000 };
const SHUTDOWN_MS = 5_000;
/** An actor that cannot reach its servers waits inside and says so; beyond this it is stuck, however busy the machine. */
const START_MS = 30_000;
/** Opening windows of a long history may take a moment; a loop that is blocked shows long before this. */
const HEARTBEAT_MS = 500;

/**
 * How long an actor may have one handler in work, or take nothing from a full mailbox. What waits for a store, a broker
 * or another actor says so, and that time does not count; these are for the rest.
 */
const PROGRESS_MS = {
  /** One batch, or one answer of the store. */
  lane: 2_000,
  /** Nothing it does lasts: what takes longer has a deadline of its own. */
  quick: 5_000,
  /** An append to Kafka is given up after 10 s. */
  append: 20_000,
  /** Sends with their retries, and jobs' own questions. */
  slow: 60_000,
  /** A question to a large archive. */
  question: 120_000,
  /** A batch to or from a slow archive, file by file. */
  batch: 300_000,
} as const;

/**
 * The busiest actor uses some 100 MB. What needs five times that leaks, or was never meant to; a thread that fills its
 * memory as fast as it can takes a second or two from the one limit to the other.
 */
const MEMORY = { softBytes: 512 * 2 ** 20, hardBytes: 768 * 2 ** 20 };

const entry = (path: string) => new URL(path, import.meta.url);

function worker<Input>(id: string, path: string, input: Input, extra: Partial<ChildSpec> = {}): ChildSpec {
  return {
    id,
    type: 'worker',
    entry: entry(path),
    input,
    restart: 'permanent',
    shutdownMs: SHUTDOWN_MS,
    startMs: START_MS,
    heartbeatMs: HEARTBEAT_MS,
    memory: MEMORY,
    progressMs: PROGRESS_MS.quick,
    links: [],
    ...extra,
  } as ChildSpec;
}

function supervisor(id: string, children: readonly ChildSpec[], extra: Partial<SupervisorSpec> = {}): SupervisorSpec {
  return { id, type: 'supervisor', strategy: 'one_for_one', ...BUDGET, children, ...extra };
}

/** Consumer and aggregator of a lane restart singly: the consumer then seeks to what the aggregator has. */
export function laneSpec(lane: number, { config, backend }: TreeSettings): SupervisorSpec {
  const aggregator: AggregatorInput = {
    backend,
    latenessMs: config.lateness,
    dedup: config.dedup,
    commitMs: config.commitMs,
  };
  const consumer: ConsumerInput = { backend, futureMs: config.future };
  return supervisor(
    `lane-${lane}`,
    [
      worker(`aggregator-${lane}`, './window-aggregator/worker.ts', aggregator, {
        workGroup: 'aggregators',
        progressMs: PROGRESS_MS.lane,
        links: [
          { name: 'partials', to: 'gateway' },
          { name: 'letting-go', to: 'archiver' },
          ...(sharesState(backend) ? [{ name: 'publish', to: 'bus' }] : []),
        ],
      }),
      worker(`consumer-${lane}`, './partition-consumer/worker.ts', consumer, {
        workGroup: 'consumers',
        progressMs: PROGRESS_MS.lane,
        links: [
          { name: 'batches', to: `aggregator-${lane}` },
          { name: 'doorbell', to: 'log-writer' },
        ],
      }),
    ],
    { restartable: true },
  );
}

/** The gateway first, so that the page is there while the rest comes up; the generator last, when all can take events. */
export function rootSpec(settings: TreeSettings): SupervisorSpec {
  const { config, backend, gateway, generator } = settings;
  const reader: ReaderInput = { backend, zone: config.zone };
  const archiver: ArchiverInput = { backend, zone: config.zone, budget: config.hotBytes };
  const health: HealthInput = {};
  const { zone, lateness: latenessMs, kpiRetention: retentionMs } = config;
  const jobs: JobsInput = { backend, hotBudget: config.hotBytes, zone, latenessMs, retentionMs };
  const projector: ProjectorInput = { backend, latenessMs: config.lateness };
  return supervisor('root', [
    worker('gateway', './gateway/worker.ts', gateway, {
      links: [
        { name: 'queries', to: 'reader' },
        { name: 'appends', to: 'log-writer' },
      ],
    }),
    worker(
      'log-writer',
      './log-writer/worker.ts',
      { backend },
      { progressMs: isShared(backend) ? PROGRESS_MS.append : PROGRESS_MS.quick },
    ),
    worker('reader', './reader/worker.ts', reader, { progressMs: PROGRESS_MS.question }),
    ...(sharesState(backend)
      ? [
          worker('bus', './bus/worker.ts', { backend } satisfies BusInput, {
            progressMs: PROGRESS_MS.slow,
            links: [{ name: 'partials', to: 'gateway' }],
          }),
        ]
      : []),
    supervisor(
      'lanes',
      Array.from({ length: settings.lanes }, (_, lane) => laneSpec(lane, settings)),
      { keepDynamic: true },
    ),
    ...(hasProjections(backend)
      ? [
          worker('projector', './projector/worker.ts', projector, {
            progressMs: PROGRESS_MS.slow,
            links: [{ name: 'findings', to: 'gateway' }],
          }),
        ]
      : []),
    worker('archiver', './archiver/worker.ts', archiver, {
      progressMs: PROGRESS_MS.batch,
      links: [
        { name: 'archive', to: 'gateway' },
        { name: 'findings', to: 'gateway' },
      ],
    }),
    supervisor('monitors', [
      worker('generation-monitor', './monitors/generation.ts', health, {
        links: [{ name: 'findings', to: 'gateway' }],
      }),
    ]),
    worker('jobs', './jobs/worker.ts', jobs, {
      progressMs: PROGRESS_MS.slow,
      links: [
        { name: 'jobs', to: 'gateway' },
        { name: 'figures', to: 'gateway' },
        { name: 'findings', to: 'gateway' },
        { name: 'queries', to: 'reader' },
        { name: 'archive', to: 'archiver' },
      ],
    }),
    ...(generator === undefined
      ? []
      : [
          worker('generator', './generator/worker.ts', generator, {
            restart: generator.count === null ? 'permanent' : 'transient',
            links: [
              { name: 'appends', to: 'log-writer' },
              { name: 'health', to: 'generation-monitor' },
            ],
          }),
        ]),
  ]);
}
