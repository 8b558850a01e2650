/**
 * Generation health, minute by minute. What is wrong with the generator is the generation monitor's own finding; the
 * job keeps what it says in the history, and watches the monitor.
 */
import type { HeardFinding } from '../../protocol/message.ts';
import type { Judgement } from './findings.ts';

/** The monitor speaks once a second. */
const SILENT_MS = 30_000;

export function judgeGeneration(heard: HeardFinding | null): Judgement {
  const id = 'generation-health';
  if (heard === null) return { id, severity: 'ok', text: 'No generator has reported here', evidence: {} };
  const { finding, ageMs } = heard;
  if (ageMs > SILENT_MS) {
    const text = `The generation monitor has said nothing for ${Math.round(ageMs / 1_000)} s`;
    return { id, severity: 'warning', text, evidence: { silent_ms: ageMs } };
  }
  return { id, severity: 'ok', text: `The generation monitor says: ${finding.text}`, evidence: finding.evidence };
}
