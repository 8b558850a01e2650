/** Performance: is what the gateway measures within what a person at the page would call well? */
import type { PerformanceFigures } from '../../protocol/message.ts';
import { type Judgement, percent, severityOf } from './findings.ts';

/** From here on the page is behind, not only busy: records in the log that are not counted yet. */
const LAG = { warning: 50_000, critical: 1_000_000 };
/** Append to frame; the design aims at 100 ms, a second is felt. */
const LATENCY_MS = 1_000;
/** Parts of the budget: archiving works in steps, so that a little more is in order. */
const HOT_SHARE = { warning: 1.15, critical: 2 };
/** Resident memory of the process; with Kafka and MongoDB beside it all must fit in 3 GB. */
const MEMORY_BYTES = { warning: 1.5e9, critical: 2.5e9 };
/** An actor that never rests is what everything behind it waits for. */
const BUSY = { warning: 0.9, critical: 0.98 };

export function judgePerformance(figures: PerformanceFigures, hotBudget: number): Judgement[] {
  return [
    judgeLag(figures),
    judgeLatency(figures),
    judgeHot(figures, hotBudget),
    judgeMemory(figures),
    judgeBusy(figures),
  ];
}

function judgeLag({ lag }: PerformanceFigures): Judgement {
  return {
    id: 'performance-lag',
    severity: severityOf(lag, LAG),
    text: `${lag} records in the log are not counted yet`,
    evidence: { lag, limit: LAG.warning },
  };
}

/** Without a record in the last minute there is nothing to judge. */
function judgeLatency({ latency_p50_ms: p50, latency_p99_ms: p99 }: PerformanceFigures): Judgement {
  return {
    id: 'performance-latency',
    severity: latencySeverity(p50 ?? 0, p99 ?? 0),
    text:
      p50 === null || p99 === null
        ? 'No event was shown in the last minute'
        : `From append to frame it takes ${Math.round(p50)} ms in the middle, ${Math.round(p99)} ms at the 99th percentile`,
    evidence: { p50_ms: p50, p99_ms: p99, limit_ms: LATENCY_MS },
  };
}

/** A burst that was worked off leaves a high 99th percentile behind; where half of all events are late, people wait. */
function latencySeverity(p50: number, p99: number): Judgement['severity'] {
  if (p50 >= LATENCY_MS) return 'critical';
  return p99 >= LATENCY_MS ? 'warning' : 'ok';
}

function judgeHot({ hot_bytes: bytes }: PerformanceFigures, budget: number): Judgement {
  return {
    id: 'performance-hot-store',
    severity: severityOf((bytes ?? 0) / budget, HOT_SHARE),
    text:
      bytes === null
        ? 'The hot store is not measured yet'
        : `The hot store holds ${megabytes(bytes)} of ${megabytes(budget)} MB`,
    evidence: { bytes, budget, share: bytes === null ? null : bytes / budget },
  };
}

function judgeMemory({ memory_bytes: bytes }: PerformanceFigures): Judgement {
  return {
    id: 'performance-memory',
    severity: severityOf(bytes, MEMORY_BYTES),
    text: `The process takes ${megabytes(bytes)} MB of memory`,
    evidence: { bytes, limit: MEMORY_BYTES.warning },
  };
}

function judgeBusy({ busy }: PerformanceFigures): Judgement {
  const busiest = busy.toSorted((a, b) => b.share - a.share)[0];
  return {
    id: 'performance-busy',
    severity: severityOf(busiest?.share ?? 0, BUSY),
    text:
      busiest === undefined
        ? 'No actor is measured yet'
        : `${busiest.actor} is the busiest actor: ${percent(busiest.share)} of its time`,
    evidence: { actor: busiest?.actor ?? null, share: busiest?.share ?? null, limit: BUSY.warning },
  };
}

function megabytes(bytes: number): number {
  return Math.round(bytes / 1e5) / 10;
}
