/**
 * Generation health: does as much come out of the generator as was asked of it, and does it come without gaps?
 * A pure judgement over the last reports.
 */
import type { Finding, GenerationReport } from '../../protocol/message.ts';

/** Seconds of reports that are judged together. */
const WINDOW = 10;
/** Below this share of the asked rate it is a warning. */
const LEAST_SHARE = 0.8;
/** No report for this long is a gap; the generator reports every second. */
const GAP_MS = 5_000;

export class GenerationHealth {
  #reports: GenerationReport[] = [];
  #since = 0;
  #severity: Finding['severity'] = 'ok';

  report(report: GenerationReport): void {
    const last = this.#reports.at(-1);
    // The past is filled as fast as it goes: no rate was asked for it. A restarted generator counts anew.
    if (last !== undefined && (last.phase !== report.phase || report.total < last.total)) this.#reports = [];
    this.#reports = [...this.#reports, report].slice(-WINDOW);
  }

  /** Answers the finding as it stands now, or undefined before there is anything to judge. */
  judge(now: number): Finding | undefined {
    const last = this.#reports.at(-1);
    const first = this.#reports[0];
    if (last === undefined || first === undefined || last.phase === 'filling') return undefined;
    const seconds = (last.at - first.at) / 1000;
    const seen = seconds > 0 ? (last.total - first.total) / seconds : null;
    const gapMs = last.phase === 'live' ? Math.max(0, now - last.at) : 0;
    const slow =
      last.askedRate !== null && seen !== null && seconds >= WINDOW / 2 && seen < last.askedRate * LEAST_SHARE;
    const severity = gapMs > GAP_MS ? 'critical' : slow ? 'warning' : 'ok';
    if (severity !== this.#severity || this.#since === 0) this.#since = now;
    this.#severity = severity;
    return {
      type: 'finding',
      id: 'generation',
      severity,
      text: sentence(severity, gapMs, seen, last.askedRate),
      since: this.#since,
      evidence: {
        asked_rate: last.askedRate,
        seen_rate: seen === null ? null : Math.round(seen * 10) / 10,
        gap_ms: gapMs,
        total: last.total,
      },
    };
  }
}

function sentence(severity: Finding['severity'], gapMs: number, seen: number | null, asked: number | null): string {
  if (severity === 'critical') return `No event was generated for ${Math.round(gapMs / 1000)} s`;
  if (severity === 'warning') return `${Math.round(seen ?? 0)} events a second are generated, ${asked} were asked for`;
  return 'Events are generated as asked';
}
