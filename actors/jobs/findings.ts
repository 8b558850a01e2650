/** What jobs have found, each with the time since when it has been so: the last word on each id counts. */
import type { Finding } from '../../protocol/message.ts';

/** What a judgement says; since when it has been so is not its business. */
export type Judgement = Pick<Finding, 'id' | 'severity' | 'text' | 'evidence'>;

export class FindingBook {
  #findings = new Map<string, Finding>();

  note(judgement: Judgement, now: number): Finding {
    const before = this.#findings.get(judgement.id);
    const since = before?.severity === judgement.severity ? before.since : now;
    const finding: Finding = { type: 'finding', ...judgement, since };
    this.#findings.set(finding.id, finding);
    return finding;
  }

  get(id: string): Finding | undefined {
    return this.#findings.get(id);
  }

  all(): Finding[] {
    return [...this.#findings.values()];
  }
}

/** The severity of a value that is the worse the higher it is. */
export function severityOf(
  value: number,
  { warning, critical }: { readonly warning: number; readonly critical: number },
): Finding['severity'] {
  if (value >= critical) return 'critical';
  return value >= warning ? 'warning' : 'ok';
}

/** `12.5 %`: one place after the point. */
export function percent(share: number): string {
  return `${Math.round(share * 1_000) / 10} %`;
}
