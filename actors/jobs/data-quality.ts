/**
 * Data quality: is every event accounted for, how many were late or unreadable, how complete are orders? Shares are of
 * what came in since the last look, so that an old trouble does not hide a new one, nor a new calm an old trouble.
 */
import { type DeadReason, emptyLedger, type Ledger, partitionKey, type TopicPartition } from '../../protocol/event.ts';
import { type Judgement, percent, severityOf } from './findings.ts';

export type PartitionCount = TopicPartition & { readonly ledger: Ledger };

/** Shares of what came in. */
const DEAD = { warning: 0.02, critical: 0.1 };
const LATE = { warning: 0.05, critical: 0.2 };
/** Below so many events a share says little. */
const LEAST_EVENTS = 100;
/** A field that some orders have and so many lack is a fault of whoever sends them; one that none has is not used. */
const INCOMPLETE = { warning: 0.1, critical: 0.5 };

/** Fields that an order may do without, as the events name them. */
export const OPTIONAL_FIELDS = [
  'customer_id',
  'segment',
  'payment_type',
  'payment_status',
  'shipping_cost',
  'warehouse_id',
  'courier_id',
] as const;

/** In = counted + late + dead + duplicates, for each topic-partition. */
export function judgeLedger(partitions: readonly PartitionCount[]): Judgement {
  const wrong = partitions.filter(({ ledger }) => ledger.in !== sumOfOutcomes(ledger));
  const total = sumOf(partitions);
  const missing = wrong.reduce((sum, { ledger }) => sum + ledger.in - sumOfOutcomes(ledger), 0);
  return {
    id: 'quality-ledger',
    severity: wrong.length === 0 ? 'ok' : 'critical',
    text:
      wrong.length === 0
        ? `Every event has one outcome: ${total.in} in, ${total.counted} counted, ${total.late} late, ${total.dead} dead, ${total.duplicates} duplicates`
        : `Outcomes and events differ by ${missing} in ${wrong.map(partitionKey).join(', ')}`,
    evidence: { ...total, partitions: partitions.length, wrong: wrong.length, missing },
  };
}

/** What came in between two looks; since the beginning where there was none before. */
export function sinceThen(now: readonly PartitionCount[], then: readonly PartitionCount[] | undefined): Ledger {
  const total = sumOf(now);
  const before = sumOf(then ?? []);
  for (const name of Object.keys(total) as (keyof Ledger)[]) total[name] -= before[name];
  return total;
}

/** `reasons` are those of the dead letters that could be looked at. */
export function judgeDead({ in: all, dead }: Ledger, reasons: readonly DeadReason[]): Judgement {
  const counts = new Map<DeadReason, number>();
  for (const reason of reasons) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  const listed = [...counts].sort(([, a], [, b]) => b - a);
  const share = all === 0 ? 0 : dead / all;
  const why = listed.length === 0 ? '' : `: ${listed.map(([reason, count]) => `${reason} ${count}`).join(', ')}`;
  return {
    id: 'quality-dead-letters',
    severity: all < LEAST_EVENTS ? 'ok' : severityOf(share, DEAD),
    text: `${percent(share)} of ${all} events could not be read${why}`,
    evidence: { in: all, dead, share, ...Object.fromEntries(listed) },
  };
}

export function judgeLate({ in: all, late }: Ledger): Judgement {
  const share = all === 0 ? 0 : late / all;
  return {
    id: 'quality-late',
    severity: all < LEAST_EVENTS ? 'ok' : severityOf(share, LATE),
    text: `${percent(share)} of ${all} events came too late to be counted`,
    evidence: { in: all, late, share },
  };
}

/** Over the newest orders; those of other dialects have other names for their fields, and are left out. */
export function judgeCompleteness(events: readonly Readonly<Record<string, unknown>>[]): Judgement {
  const orders = events.filter(({ type }) => type === 'order');
  const shares = OPTIONAL_FIELDS.map((field) => {
    const filled = orders.filter((order) => isFilled(order[field])).length;
    return { field, share: orders.length === 0 ? null : filled / orders.length };
  });
  const used = shares.flatMap(({ field, share }) =>
    share === null || share === 0 ? [] : [{ field, lacking: 1 - share }],
  );
  const gaps = used.filter(({ lacking }) => lacking >= INCOMPLETE.warning).sort((a, b) => b.lacking - a.lacking);
  const list = gaps.map(({ field, lacking }) => `${field} in ${percent(lacking)}`).join(', ');
  return {
    id: 'quality-completeness',
    severity: severityOf(gaps[0]?.lacking ?? 0, INCOMPLETE),
    text:
      orders.length === 0
        ? 'There is no order to look at'
        : gaps.length === 0
          ? `The newest ${orders.length} orders are complete`
          : `Orders lack ${list}`,
    evidence: { orders: orders.length, ...Object.fromEntries(shares.map(({ field, share }) => [field, share])) },
  };
}

function isFilled(value: unknown): boolean {
  return value !== undefined && value !== null && value !== '' && value !== 'unknown';
}

function sumOfOutcomes({ counted, late, dead, duplicates }: Ledger): number {
  return counted + late + dead + duplicates;
}

function sumOf(partitions: readonly PartitionCount[]): Ledger {
  const total = emptyLedger();
  for (const { ledger } of partitions) {
    for (const name of Object.keys(total) as (keyof Ledger)[]) total[name] += ledger[name];
  }
  return total;
}
