/** One run in detail: when, how long, how it ended, and what it said. */
import { html, nothing, type TemplateResult } from 'lit';
import { formatClock, formatDuration, NONE } from '../../data/format.ts';
import { locale } from '../../data/locale.ts';
import { errorView } from '../card.ts';
import { glyph, icon } from '../icons.ts';
import type { Job, LoggedRun } from './answers.ts';
import type { Part } from './panel-state.ts';
import { markOf } from './run-marks.ts';
import { say, sayOf } from './words.ts';

export type RunDetailOptions = {
  readonly job: Job;
  /** Its id. */
  readonly run: string;
  readonly log: Part<readonly LoggedRun[]>;
  readonly close: () => void;
  readonly retry: () => void;
};

export function runDetail({ job, run: id, log, close, retry }: RunDetailOptions): TemplateResult {
  const logged = log.kind === 'ready' ? log.value.find((run) => run.id === id) : undefined;
  const run = logged ?? job.runs.find((one) => one.id === id);
  const onKey = (event: KeyboardEvent) => {
    if (event.key === 'Escape') close();
  };
  return html`<section class="pl-run-detail" aria-labelledby="h-run" tabindex="-1" @keydown=${onKey}>
    <header>
      <h3 id="h-run">${job.name}</h3>
      <button type="button" class="pl-button icon" data-kind="ghost" aria-label=${say('run.close')} @click=${close}>${icon('x')}</button>
    </header>
    ${run === undefined ? nothing : facts(run)}
    ${run?.error === undefined ? nothing : html`<p class="pl-run-error pl-bad">${glyph('fail')}<span>${run.error}</span></p>`}
    <h4>${say('run.log')}</h4>
    ${log.kind === 'failed' ? errorView(log.why, retry) : lines(log.kind === 'loading', logged)}
  </section>`;
}

function facts(run: Omit<LoggedRun, 'log'>): TemplateResult {
  const mark = markOf(run);
  const rows = [
    [say('run.started'), formatClock(run.startedAt, locale.zone)],
    [say('run.duration'), run.ms === undefined ? NONE : formatDuration(run.ms)],
    [say('run.outcome'), sayOf('run', mark.name)],
    [say('run.attempt'), String(run.attempt)],
    [say('run.trigger'), sayOf('trigger', run.trigger)],
  ];
  return html`<dl class="pl-run-facts">${rows.map(([name, value]) => html`<div><dt>${name}</dt><dd class="pl-num">${value}</dd></div>`)}</dl>`;
}

function lines(loading: boolean, run: LoggedRun | undefined): TemplateResult {
  if (loading) return html`<p class="pl-card-note">${say('run.loading')}</p>`;
  if (run === undefined) return html`<p class="pl-card-note">${say('run.gone')}</p>`;
  if (run.log.length === 0) return html`<p class="pl-card-note">${say('run.noLog')}</p>`;
  return html`<ol class="pl-run-log">
    ${run.log.map(({ at, text }) => html`<li><span class="pl-num">${formatClock(at, locale.zone)}</span><span>${text}</span></li>`)}
  </ol>`;
}
