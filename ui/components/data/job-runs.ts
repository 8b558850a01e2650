/**
 * Every job with its last runs as bars, its next run, and one run in detail.
 * Properties: jobs (Part of Job[]), opened {job, run}, log (Part of LoggedRun[] of the opened job), canCommand, outcome, asOf, now.
 * @fires open {job, run} when a run is chosen, close, command {job, reason}, retry
 */
import './job-runs.css';
import { html, nothing, type TemplateResult } from 'lit';
import { formatDuration, formatShare, NONE } from '../../data/format.ts';
import { stateView } from '../card.ts';
import { PlElement } from '../element.ts';
import { glyph, icon } from '../icons.ts';
import type { Job, LoggedRun, Run } from './answers.ts';
import { askForm, type Outcome, outcomeView } from './ask-form.ts';
import { LOADING, type Part, partView } from './panel-state.ts';
import { runDetail } from './run-detail.ts';
import { barHeights, markOf, nextText, periodText } from './run-marks.ts';
import { runsTable } from './runs-table.ts';
import { say, sayOf } from './words.ts';

const SHOWN_RUNS = 48;

export class PlJobRuns extends PlElement {
  static override properties = {
    jobs: { attribute: false },
    opened: { attribute: false },
    log: { attribute: false },
    canCommand: { type: Boolean },
    outcome: { attribute: false },
    asOf: { attribute: false },
    now: { type: Number },
    _asked: { state: true },
    _table: { state: true },
    _place: { state: true },
  };
  declare jobs: Part<readonly Job[]>;
  declare opened: { readonly job: string; readonly run: string } | undefined;
  declare log: Part<readonly LoggedRun[]>;
  declare canCommand: boolean;
  declare outcome: Outcome | undefined;
  declare asOf: string | undefined;
  declare now: number;
  declare _asked: string | undefined;
  declare _table: boolean;
  /** Where the one tab stop of each row stands, once an arrow key has moved it. */
  declare _place: ReadonlyMap<string, string>;

  constructor() {
    super();
    this.jobs = LOADING;
    this.log = LOADING;
    this.canCommand = false;
    this.now = 0;
    this._table = false;
    this._place = new Map();
  }

  protected override render(): TemplateResult {
    const heading = say('jobs.title');
    const card = { id: 'h-jobs', heading, note: say('jobs.note', { n: SHOWN_RUNS }), asOf: this.asOf };
    return partView(this.jobs, card, {
      retry: () => this.emit('retry'),
      draw: (jobs) => ({ ...card, tools: this.#tools(), content: this.#content(jobs) }),
    });
  }

  #content(jobs: readonly Job[]): TemplateResult {
    if (jobs.length === 0) return stateView({ kind: 'empty', title: say('jobs.none') });
    const job = jobs.find(({ name }) => name === this.opened?.job);
    return html`${this._table ? runsTable(jobs) : this.#grid(jobs)} ${this.#command(jobs)}
    ${
      job === undefined || this.opened === undefined
        ? nothing
        : runDetail({
            job,
            run: this.opened.run,
            log: this.log,
            close: () => this.#close(),
            retry: () => this.emit('retry'),
          })
    }`;
  }

  #tools(): TemplateResult {
    const table = this._table;
    return html`${table ? nothing : legend()}
      <button type="button" class="pl-button" data-kind="ghost" data-tool="table" aria-label=${say(table ? 'jobs.asRuns' : 'jobs.asTable')} @click=${() => {
        this._table = !table;
      }}>${icon('table-2')}<span class="hide-s">${say(table ? 'jobs.asRuns' : 'jobs.asTable')}</span></button>`;
  }

  #grid(jobs: readonly Job[]): TemplateResult {
    return html`<div class="pl-runs">
      <span class="h">${say('jobs.job')}</span>
      <span class="h"><span>${say('jobs.older')}</span><span class="end">${say('jobs.latest')}</span></span>
      <span class="h end">${say('jobs.last')}</span>
      ${jobs.map((job) => this.#row(job))}
    </div>`;
  }

  #row(job: Job): TemplateResult {
    const runs = job.runs.slice(-SHOWN_RUNS);
    const heights = barHeights(runs);
    const place = runs.find(({ id }) => id === this._place.get(job.name)) ?? runs.at(-1);
    return html`<div class="job"><b>${job.name}</b><span>${periodText(job.periodMs)}</span></div>
      <div class="cells" role="group" aria-label=${say('jobs.row', { job: job.name })} @keydown=${(event: KeyboardEvent) => this.#onKey(event, job.name, runs)}>
        ${
          runs.length === 0
            ? html`<span class="none">${say('jobs.never')}</span>`
            : runs.map((run, at) =>
                this.#run(job, run, {
                  height: heights[at] as number,
                  hidden: hiddenAt(runs.length - at),
                  stop: run === place,
                }),
              )
        }
      </div>
      <div class="last pl-num">
        <span>${job.medianMs === undefined ? NONE : formatDuration(job.medianMs)}</span>
        <span class="pl-soft">${job.successShare === undefined ? NONE : formatShare(job.successShare)}</span>
        <span class="next ${job.state === 'running' ? 'pl-info' : 'pl-muted'}">${nextText(job, this.now)}</span>
        ${this.#runNow(job)}
      </div>`;
  }

  #run(
    job: Job,
    run: Run,
    { height, hidden, stop }: { readonly height: number; readonly hidden: string; readonly stop: boolean },
  ): TemplateResult {
    const mark = markOf(run);
    const time = run.ms === undefined ? say('jobs.running') : formatDuration(run.ms);
    const label = say('run.label', { job: job.name, outcome: sayOf('run', mark.name), time });
    const current = this.opened?.run === run.id;
    return html`<button type="button" class="pl-run ${mark.tone} ${hidden}" data-run=${run.id} aria-label=${label} title=${label}
      aria-pressed=${current} tabindex=${stop ? 0 : -1} @click=${() => this.#open(job.name, run.id)}
      >${mark.glyph === undefined ? nothing : glyph(mark.glyph)}<i style="height: ${height}px"></i></button>`;
  }

  #runNow(job: Job): TemplateResult | typeof nothing {
    if (!this.canCommand || job.state === 'elsewhere') return nothing;
    const label = say('now.runJob', { job: job.name });
    return html`<button type="button" class="pl-button icon" data-kind="ghost" data-command=${job.name} aria-label=${label} title=${label}
      aria-pressed=${this._asked === job.name} ?disabled=${job.state === 'running'} @click=${() => this.#ask(job.name)}>${icon('play')}</button>`;
  }

  #command(jobs: readonly Job[]): TemplateResult {
    if (!this.canCommand) return html`<p class="pl-card-note">${say('now.noToken')}</p>`;
    const job = jobs.find(({ name }) => name === this._asked);
    const named = job?.name ?? jobs.find(({ name }) => name === this.outcome?.what)?.name ?? '';
    const name = say('now.runJob', { job: named });
    if (job === undefined) return outcomeView(this.outcome, named, name);
    return html`${askForm({
      name,
      lines: impactOf(job),
      confirm: (reason) => {
        this.#ask(undefined);
        this.emit('command', { job: job.name, reason });
      },
      cancel: () => this.#ask(undefined),
    })}`;
  }

  #ask(job: string | undefined): void {
    const before = this._asked;
    this._asked = before === job ? undefined : job;
    const focus = this._asked === undefined ? `[data-command="${before}"]` : '.pl-impact input';
    void this.updateComplete.then(() => this.querySelector<HTMLElement>(focus)?.focus());
  }

  #open(job: string, run: string): void {
    this._place = new Map(this._place).set(job, run);
    this.emit('open', { job, run });
  }

  #close(): void {
    const run = this.opened?.run;
    this.emit('close');
    void this.updateComplete.then(() => this.querySelector<HTMLElement>(`[data-run="${run}"]`)?.focus());
  }

  /** Arrows move within the row: one tab stop for all its runs. */
  #onKey(event: KeyboardEvent, job: string, runs: readonly Run[]): void {
    const shown = [...this.querySelectorAll<HTMLElement>('[data-run]')].filter(
      (button) => button.offsetParent !== null && runs.some(({ id }) => id === button.dataset.run),
    );
    const at = shown.indexOf(event.target as HTMLElement);
    const moves: Readonly<Record<string, number>> = {
      ArrowLeft: at - 1,
      ArrowRight: at + 1,
      Home: 0,
      End: shown.length - 1,
    };
    const next = shown[moves[event.key] ?? -1];
    if (at < 0 || next === undefined) return;
    event.preventDefault();
    this._place = new Map(this._place).set(job, next.dataset.run as string);
    next.focus();
  }
}

/** A narrow page shows fewer runs: the newest. */
function hiddenAt(age: number): string {
  if (age > 32) return 'hide-s hide-m';
  return age > 14 ? 'hide-s' : '';
}

function impactOf({ retries, deadlineMs }: Job): string[] {
  const limit = deadlineMs === undefined ? NONE : formatDuration(deadlineMs);
  return [
    say('now.once'),
    ...(retries === undefined ? [] : [say('now.retries', { n: retries, limit })]),
    say('now.audit'),
  ];
}

function legend(): TemplateResult {
  return html`<div class="pl-readout hide-s hide-m">
    <span>${say('jobs.plain')}</span>
    <span class="pl-bad">${glyph('fail')}${say('run.failed')}</span>
    <span class="pl-warn">${glyph('restart')}${say('run.retried')}</span>
    <span class="pl-idle">${glyph('skip')}${say('run.lost')}</span>
    <span class="pl-info">${glyph('run')}${say('run.running')}</span>
  </div>`;
}

customElements.define('pl-job-runs', PlJobRuns);

declare global {
  interface HTMLElementTagNameMap {
    'pl-job-runs': PlJobRuns;
  }
}
