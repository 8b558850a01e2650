/** The runs of all jobs as a table, newest first: what the bars say, in words. */
import { html, type TemplateResult } from 'lit';
import { formatClock, formatDuration, NONE } from '../../data/format.ts';
import { locale } from '../../data/locale.ts';
import { glyph } from '../icons.ts';
import type { Job } from './answers.ts';
import { markOf } from './run-marks.ts';
import { say, sayOf } from './words.ts';

const MOST_ROWS = 100;
const TONES = { fail: 'pl-bad', skip: 'pl-idle', run: 'pl-info', retry: 'pl-warn' } as const;

export function runsTable(jobs: readonly Job[]): TemplateResult {
  const rows = jobs
    .flatMap((job) => job.runs.map((run) => ({ job, run })))
    .sort((a, b) => b.run.startedAt - a.run.startedAt)
    .slice(0, MOST_ROWS);
  return html`<div class="pl-scroll" tabindex="0" role="group" aria-label=${say('jobs.title')}>
    <table class="pl-table">
      <thead>
        <tr>
          <th>${say('jobs.job')}</th>
          <th class="n">${say('run.started')}</th>
          <th class="n">${say('run.duration')}</th>
          <th>${say('run.outcome')}</th>
          <th class="n hide-s">${say('run.attempt')}</th>
          <th class="hide-s">${say('run.trigger')}</th>
        </tr>
      </thead>
      <tbody>
        ${rows.map(({ job, run }) => {
          const mark = markOf(run);
          return html`<tr>
            <td>${job.name}</td>
            <td class="n">${formatClock(run.startedAt, locale.zone)}</td>
            <td class="n">${run.ms === undefined ? NONE : formatDuration(run.ms)}</td>
            <td><span class="pl-state-tag ${TONES[mark.tone as keyof typeof TONES] ?? ''}">${mark.glyph === undefined ? '' : glyph(mark.glyph)}${sayOf('run', mark.name)}</span></td>
            <td class="n hide-s">${run.attempt}</td>
            <td class="hide-s">${sayOf('trigger', run.trigger)}</td>
          </tr>`;
        })}
      </tbody>
    </table>
  </div>`;
}
