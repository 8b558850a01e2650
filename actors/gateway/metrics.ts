/** What /metrics shows. Counters of events come from the ledger, so that they survive restarts. */
import { partitionKey } from '../../protocol/event.ts';
import type { ArchiveStatus } from '../../protocol/message.ts';
import type { NodeStatus } from '../../supervisor/status.ts';
import type { Metric, Sample } from './http/prometheus.ts';
import type { Latency } from './latency.ts';
import type { GatewayState } from './state.ts';
import { type PartitionLedger, sumLedgers } from './status.ts';

const QUANTILES = [0.5, 0.95, 0.99] as const;

export function metricsOf(state: GatewayState, clients: number, now: number): Metric[] {
  const ledgers = state.status.ledgers(state.view);
  return [
    ...eventMetrics(ledgers),
    ...ownedMetrics(ledgers, state.status.own),
    ...flowMetrics(state, clients, now),
    ...archiveMetrics(state.archive.status),
    ...actorMetrics(state),
    ...memoryMetrics(state),
  ];
}

/** Figures of the way from log to frame, as the `system` channel and /system/tree show them. */
export function pipelineOf(state: GatewayState, clients: number, now: number): Readonly<Record<string, number | null>> {
  const total = sumLedgers(state.status.ledgers(state.view));
  return {
    latency_p50_ms: state.latency.quantile(0.5, now),
    latency_p99_ms: state.latency.quantile(0.99, now),
    lag: total.lag,
    in: total.in,
    lanes: state.status.lanes,
    paused_at: state.status.paused?.at ?? null,
    clients,
    zombies: state.status.tree?.zombies ?? 0,
    fenced: state.status.tree?.fenced ?? 0,
    hot_bytes: state.hotBytes,
  };
}

function eventMetrics(ledgers: readonly PartitionLedger[]): Metric[] {
  const of = (read: (ledger: PartitionLedger) => number | null): Sample[] =>
    ledgers.map((ledger) => ({ labels: { topic: ledger.topic, partition: ledger.partition }, value: read(ledger) }));
  const outcomes = (['counted', 'late', 'dead', 'duplicates'] as const).flatMap((outcome) =>
    ledgers.map((ledger) => ({
      labels: { topic: ledger.topic, partition: ledger.partition, outcome },
      value: ledger[outcome],
    })),
  );
  return [
    {
      name: 'pulso_events_in_total',
      help: 'Events read from the log.',
      type: 'counter',
      samples: of(({ in: all }) => all),
    },
    { name: 'pulso_events_total', help: 'Events by outcome.', type: 'counter', samples: outcomes },
    { name: 'pulso_offset', help: 'Next offset, committed.', type: 'gauge', samples: of(({ offset }) => offset) },
    {
      name: 'pulso_lag',
      help: 'Records in the log that are not counted yet.',
      type: 'gauge',
      samples: of(({ lag }) => lag),
    },
    {
      name: 'pulso_watermark_ms',
      help: 'Largest event time seen, epoch milliseconds.',
      type: 'gauge',
      samples: of(({ watermark }) => watermark),
    },
  ];
}

/** Every process shows all partitions: this tells which of them it counts itself, so that sums over processes can be right. */
function ownedMetrics(ledgers: readonly PartitionLedger[], own: ReadonlySet<string> | undefined): Metric[] {
  const samples = ledgers.map((ledger) => ({
    labels: { topic: ledger.topic, partition: ledger.partition },
    value: own === undefined || own.has(partitionKey(ledger)) ? 1 : 0,
  }));
  return [{ name: 'pulso_partition_owned', help: 'Whether this process counts it.', type: 'gauge', samples }];
}

function flowMetrics(state: GatewayState, clients: number, now: number): Metric[] {
  const routes = [...state.routeTimes].flatMap(([route, latency]) => summary(latency, now, 1 / 1_000, { route }));
  const one = (value: number | null): Sample[] => [{ value }];
  return [
    {
      name: 'pulso_latency_seconds',
      help: 'Append of a record to the frame that shows it, over the last minute.',
      type: 'summary',
      samples: summary(state.latency, now, 1 / 1_000),
    },
    { name: 'pulso_http_seconds', help: 'Time in the server by route.', type: 'summary', samples: routes },
    { name: 'pulso_clients', help: 'Connected WebSocket clients.', type: 'gauge', samples: one(clients) },
    {
      name: 'pulso_ticks_total',
      help: 'Ticks in which something changed.',
      type: 'counter',
      samples: one(state.ticks.count),
    },
    {
      name: 'pulso_tick_seconds_total',
      help: 'Time spent in them.',
      type: 'counter',
      samples: one(state.ticks.ms / 1_000),
    },
    {
      name: 'pulso_accepted_total',
      help: 'Events accepted over HTTP.',
      type: 'counter',
      samples: one(state.intake.accepted),
    },
    {
      name: 'pulso_intake_bytes',
      help: 'Bytes of event bodies under way.',
      type: 'gauge',
      samples: one(state.intake.bytesUnderWay),
    },
    {
      name: 'pulso_ingest_paused',
      help: 'Whether an operator keeps the lanes from reading.',
      type: 'gauge',
      samples: one(state.status.paused === null ? 0 : 1),
    },
    { name: 'pulso_lanes', help: 'Lanes.', type: 'gauge', samples: one(state.status.lanes) },
    { name: 'pulso_hot_bytes', help: 'Size of the hot store.', type: 'gauge', samples: one(state.hotBytes) },
  ];
}

function archiveMetrics(status: ArchiveStatus | undefined): Metric[] {
  if (status === undefined) return [];
  const one = (name: string, help: string, type: Metric['type'], value: number): Metric => ({
    name,
    help,
    type,
    samples: [{ value }],
  });
  return [
    {
      name: 'pulso_archive_batches',
      help: 'Batches of the archive by state.',
      type: 'gauge',
      samples: Object.entries(status.states).map(([state, value]) => ({ labels: { state }, value })),
    },
    one('pulso_hot_budget_bytes', 'What raw events may weigh in the hot store.', 'gauge', status.budget),
    one('pulso_archive_records_total', 'Records in the archive.', 'counter', status.records),
    one('pulso_archive_rows_total', 'Order items in the archive.', 'counter', status.rows),
    one('pulso_archive_bytes_total', 'Bytes of the files of the archive.', 'counter', status.bytes),
    one('pulso_archive_failing', 'Whether the last thing tried failed.', 'gauge', status.last_error === null ? 0 : 1),
  ];
}

function summary(latency: Latency, now: number, unit: number, labels: Readonly<Record<string, string>> = {}): Sample[] {
  const { count, ms } = latency.ever;
  const quantiles = QUANTILES.map((quantile) => {
    const value = latency.quantile(quantile, now);
    return { labels: { ...labels, quantile }, value: value === null ? null : value * unit };
  });
  return [...quantiles, { labels, suffix: '_sum', value: ms * unit }, { labels, suffix: '_count', value: count }];
}

function actorMetrics({ status }: GatewayState): Metric[] {
  if (status.tree === undefined) return [];
  const actors = flatten(status.tree);
  const of = (read: (node: NodeStatus) => number): Sample[] =>
    actors.map((node) => ({ labels: { actor: node.id }, value: read(node) }));
  const up = ({ state }: NodeStatus) => (state === 'running' || state === 'waiting' ? 1 : 0);
  return [
    { name: 'pulso_actor_up', help: 'Whether the actor runs.', type: 'gauge', samples: of(up) },
    { name: 'pulso_actor_restarts_total', help: 'Restarts.', type: 'counter', samples: of(({ restarts }) => restarts) },
    { name: 'pulso_actor_mailbox_depth', help: 'Messages waiting.', type: 'gauge', samples: of(({ depth }) => depth) },
    { name: 'pulso_actor_busy', help: 'Share of the time at work.', type: 'gauge', samples: of(({ busy }) => busy) },
    {
      name: 'pulso_actor_handle_p99_seconds',
      help: 'What 99 of 100 handlers of the last minute stayed below.',
      type: 'gauge',
      samples: actors.flatMap(({ id, handleP99Ms }) =>
        handleP99Ms === null ? [] : [{ labels: { actor: id }, value: handleP99Ms / 1_000 }],
      ),
    },
    {
      name: 'pulso_actor_heap_bytes',
      help: 'Heap of the thread.',
      type: 'gauge',
      samples: of(({ heapBytes }) => heapBytes),
    },
    {
      name: 'pulso_zombies',
      help: 'Terminated threads that have not ended.',
      type: 'gauge',
      samples: [{ value: status.tree.zombies }],
    },
    {
      name: 'pulso_fenced_total',
      help: 'Attempts of former owners that were refused: messages, commits, appends.',
      type: 'counter',
      samples: [{ value: status.tree.fenced }],
    },
    {
      name: 'pulso_actor_external_bytes',
      help: 'Memory of the thread outside its heap.',
      type: 'gauge',
      samples: of(({ externalBytes }) => externalBytes),
    },
  ];
}

function memoryMetrics(state: GatewayState): Metric[] {
  const { rss } = process.memoryUsage();
  const { product } = state.view.windows.rolling;
  return [
    {
      name: 'process_resident_memory_bytes',
      help: 'Resident memory of the process.',
      type: 'gauge',
      samples: [{ value: rss }],
    },
    {
      name: 'pulso_view_products',
      help: 'Products that the live view holds.',
      type: 'gauge',
      samples: [{ value: product.size }],
    },
  ];
}

function flatten(node: NodeStatus): NodeStatus[] {
  return [node, ...node.children.flatMap(flatten)];
}
