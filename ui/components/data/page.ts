/**
 * The Data page: store, archive, jobs, quality, dead letters. It draws what it is given and asks for nothing.
 *
 * Properties
 *   parts       DataParts: each card's own answer, so that one that fails leaves its neighbours alone
 *   hotBytes    size of the hot store as last measured, and how it went (samples)
 *   opened      {job, run} whose log is shown, with `log`, the answer of GET /jobs/{name}/runs
 *   canCommand  whether a token is there
 *   outcome     what became of the last command
 *   asOf        time the figures are of, once they are old
 *   now         the server's time, ms
 * Events
 *   open {job, run}, close, command {job, reason}, archive {reason}, retry
 */
import './page.css';
import { html, type TemplateResult } from 'lit';
import { PlElement } from '../element.ts';
import {
  type Batch,
  budgetOf,
  type DeadLetter,
  type Finding,
  type Job,
  type Ledgers,
  type LoggedRun,
  readBatches,
  readFindings,
  readJobs,
  readLedgers,
  readLetters,
  readRuns,
} from './answers.ts';
import './archive-table.ts';
import type { Outcome } from './ask-form.ts';
import './dead-letters.ts';
import './job-runs.ts';
import { LOADING, type Part } from './panel-state.ts';
import './quality-report.ts';
import './store-gauge.ts';
import type { SizeSample } from './store-gauge.ts';

/** Answers as they came; `absent`: this server does not know the address. */
export type RawPart = Part<unknown> | { readonly kind: 'absent' };
export const PART_NAMES = ['jobs', 'archive', 'quality', 'ledger', 'letters'] as const;
export type DataParts = Readonly<Record<(typeof PART_NAMES)[number], RawPart>>;

export class PlDataPage extends PlElement {
  static override properties = {
    parts: { attribute: false },
    hotBytes: { attribute: false },
    samples: { attribute: false },
    opened: { attribute: false },
    log: { attribute: false },
    canCommand: { type: Boolean },
    outcome: { attribute: false },
    asOf: { attribute: false },
    now: { type: Number },
  };
  declare parts: DataParts;
  declare hotBytes: number | undefined;
  declare samples: readonly SizeSample[];
  declare opened: { readonly job: string; readonly run: string } | undefined;
  declare log: Part<unknown>;
  declare canCommand: boolean;
  declare outcome: Outcome | undefined;
  declare asOf: string | undefined;
  declare now: number;

  constructor() {
    super();
    this.samples = [];
    this.log = LOADING;
    this.canCommand = false;
    this.now = 0;
  }

  protected override render(): TemplateResult {
    const { parts, asOf, outcome, canCommand } = this;
    const findings: Part<readonly Finding[]> = read(parts.quality, readFindings);
    const archive: Part<readonly Batch[]> | undefined =
      parts.archive.kind === 'absent' ? undefined : read(parts.archive, readBatches);
    const jobs: Part<readonly Job[]> = read(parts.jobs, readJobs);
    const ledgers: Part<Ledgers | undefined> = read(parts.ledger, readLedgers);
    const letters: Part<readonly DeadLetter[]> = read(parts.letters, readLetters);
    const log: Part<readonly LoggedRun[]> = read(this.log, readRuns);
    return html`<div class="pl-grid pl-data">
      <pl-store-gauge class="c-5 m-12" .bytes=${this.hotBytes} .budget=${findings.kind === 'ready' ? budgetOf(findings.value) : undefined}
        .samples=${this.samples} .archiving=${archive !== undefined} .canCommand=${canCommand} .outcome=${outcome} .asOf=${asOf}></pl-store-gauge>
      <pl-archive-table class="c-7 m-12" .batches=${archive} .asOf=${asOf}></pl-archive-table>
      <pl-job-runs class="c-12" .jobs=${jobs} .opened=${this.opened} .log=${log} .canCommand=${canCommand} .outcome=${outcome} .asOf=${asOf} .now=${this.now}></pl-job-runs>
      <pl-quality-report class="c-7 m-12" .findings=${findings} .ledgers=${ledgers} .asOf=${asOf}></pl-quality-report>
      <pl-dead-letters class="c-5 m-12" .letters=${letters} .asOf=${asOf}></pl-dead-letters>
    </div>`;
  }
}

function read<T>(part: RawPart, parse: (answer: unknown) => T): Part<T> {
  if (part.kind === 'absent') return LOADING;
  return part.kind === 'ready' ? { kind: 'ready', value: parse(part.value) } : part;
}

customElements.define('pl-data-page', PlDataPage);

declare global {
  interface HTMLElementTagNameMap {
    'pl-data-page': PlDataPage;
  }
}
