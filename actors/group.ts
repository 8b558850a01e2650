/**
 * What the main thread knows of lanes that share the log's partitions with other processes: what the consumer group
 * gave to each lane, and which partitions stand still as the log no longer has what comes next. Decisions only.
 */
import { partitionKey, type TopicPartition } from '../protocol/event.ts';
import type { Finding, LogGap } from '../protocol/message.ts';
import type { GroupStatus } from './gateway/status.ts';

export type KnownGap = LogGap & { readonly lane: number; readonly since: number };

export class GroupLanes {
  #assigned = new Map<number, readonly TopicPartition[]>();
  #gaps = new Map<string, KnownGap>();
  #findings = new Map<string, Finding>();

  /** The group gave these to a lane, and nothing else (null: it is no member); gaps show anew when it reads. */
  assigned(lane: number, partitions: readonly TopicPartition[] | null, now: number): void {
    if (partitions === null) this.#assigned.delete(lane);
    else this.#assigned.set(lane, partitions);
    for (const gap of this.#gaps.values()) if (gap.lane === lane) this.#close(gap, now, 'is read elsewhere or anew');
  }

  removed(lane: number, now: number): void {
    this.assigned(lane, null, now);
  }

  isAssigned(lane: number): boolean {
    return this.#assigned.has(lane);
  }

  stopped(lane: number, gap: LogGap, now: number): void {
    const key = partitionKey(gap);
    const since = this.#gaps.get(key)?.since ?? now;
    this.#gaps.set(key, { ...gap, lane, since });
    this.#findings.set(key, {
      type: 'finding',
      id: `gap/${key}`,
      severity: 'critical',
      text: sentence(gap),
      since,
      evidence: { offset: gap.offset, log_start: gap.start, log_end: gap.end },
    });
  }

  gapOf(partition: TopicPartition): KnownGap | undefined {
    return this.#gaps.get(partitionKey(partition));
  }

  accepted(partition: TopicPartition, now: number): void {
    const gap = this.gapOf(partition);
    if (gap !== undefined) this.#close(gap, now, `goes on from offset ${gap.start}, as a person has accepted`);
  }

  status(lanes: number): GroupStatus {
    const waiting = Array.from({ length: lanes }, (_, lane) => lane).filter((lane) => !this.isAssigned(lane));
    return {
      own: [...this.#assigned.values()].flat(),
      missing: [
        ...waiting.map((lane) => `lane-${lane} is no member of its consumer group now`),
        ...[...this.#gaps.values()].map(sentence),
      ],
      findings: [...this.#findings.values()],
    };
  }

  #close(gap: KnownGap, now: number, text: string): void {
    const key = partitionKey(gap);
    this.#gaps.delete(key);
    this.#findings.set(key, {
      type: 'finding',
      id: `gap/${key}`,
      severity: 'ok',
      text: `${key} ${text}`,
      since: now,
      evidence: { offset: gap.offset, log_start: gap.start, log_end: gap.end },
    });
  }
}

function sentence(gap: LogGap): string {
  const key = partitionKey(gap);
  if (gap.offset > gap.end) {
    return `${key} stands still as what is stored goes to offset ${gap.offset} and the log ends at ${gap.end}`;
  }
  return `${key} stands still at offset ${gap.offset} as the log begins at ${gap.start}: ${gap.start - gap.offset} offsets are lost; accept-gap goes on without them`;
}
