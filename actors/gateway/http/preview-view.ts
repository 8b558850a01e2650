/** `GET /system/actors/{id}/preview`: what a command would stop, read again, and take of the budget. */
import { partitionKey, type TopicPartition } from '../../../protocol/event.ts';
import type { Preview } from '../../../supervisor/preview.ts';
import type { PartitionLedger } from '../status.ts';

export type PreviewFacts = {
  readonly actor: string;
  readonly command: string;
  readonly preview: Preview;
  readonly ledgers: readonly PartitionLedger[];
  /** Of each aggregator, the partitions that it owns. */
  readonly owned: ReadonlyMap<string, readonly TopicPartition[]>;
};

export function previewView({
  actor,
  command,
  preview,
  ledgers,
  owned,
}: PreviewFacts): Readonly<Record<string, unknown>> {
  const [budget, ...escalation] = preview.budgets;
  const lanes = [...new Set(preview.stops.flatMap((id) => /^(?:aggregator|consumer)-(\d+)$/.exec(id)?.[1] ?? []))];
  const keys = new Set(lanes.flatMap((lane) => owned.get(`aggregator-${lane}`) ?? []).map(partitionKey));
  const partitions = ledgers.filter((ledger) => keys.has(partitionKey(ledger)));
  return {
    actor,
    command,
    possible: preview.possible,
    because: preview.because,
    stops: preview.stops,
    starts: preview.starts,
    next_epoch: preview.nextEpoch,
    orderly: preview.orderly,
    budget: budget === undefined ? null : budgetView(budget),
    // Supervisors that it would spend the budget of in turn, from the next one up.
    escalation: escalation.map(budgetView),
    ends_process: preview.endsProcess,
    // What is in the log and not committed: read again from there, so that none is lost and none counts twice.
    replays: {
      events: partitions.reduce((sum, { lag }) => sum + lag, 0),
      partitions: partitions.map(({ topic, partition, offset, lag }) => ({ topic, partition, offset, events: lag })),
    },
    affects: affectedBy(preview.stops),
  };
}

/** Each kind of actor once: what its absence means is known by what it is. */
function affectedBy(stops: readonly string[]): string[] {
  return [...new Set(stops.map((id) => (/^(aggregator|consumer)-\d+$/.test(id) ? 'lane' : id)))];
}

function budgetView({ of, used, max, periodMs, spent }: Preview['budgets'][number]): Readonly<Record<string, unknown>> {
  return { of, used, budget: max, period_ms: periodMs, spent };
}
