/** The last things that an actor has handled: when, what kind, how large, how long. Nobody sees what was in them. */
import { html, type TemplateResult } from 'lit';
import { formatClock, formatDuration, formatNumber, NONE } from '../../data/format.ts';
import { locale } from '../../data/locale.ts';
import type { Actor } from './actors.ts';
import { formatBytes } from './verdict-strip.ts';
import { say } from './words.ts';

/** Of GET /system/actors/{id}/messages. */
export type HandledMessage = {
  readonly epoch: number;
  readonly at: number;
  readonly type: string;
  readonly bytes: number | null;
  readonly ms: number | null;
  readonly threw: boolean;
};

export function messagesTable(messages: readonly HandledMessage[], { epoch }: Actor): TemplateResult {
  const heads = (['audit.at', 'fact.kind', 'fact.bytes', 'fact.handling'] as const).map((key) => say(key));
  return html`<table class="pl-mini">
    <thead class="pl-sr">
      <tr>${heads.map((head) => html`<th scope="col">${head}</th>`)}</tr>
    </thead>
    <tbody>
      ${messages.map(
        ({ at, type, bytes, ms, threw, epoch: of }) => html`<tr>
          <td class="pl-num pl-muted">${formatClock(at, locale.zone)},${String(Math.floor(at % 1_000)).padStart(3, '0')}</td>
          <td class="pl-mono">${type}</td>
          <td class="pl-num">${bytes === null ? NONE : formatBytes(bytes)}</td>
          <td class="pl-num">${ms === null ? unfinished(threw, of === epoch) : formatTime(ms)}</td>
        </tr>`,
      )}
    </tbody>
  </table>`;
}

function unfinished(threw: boolean, isUp: boolean): TemplateResult | string {
  if (threw) return html`<b class="pl-bad">${say('state.failed')}</b>`;
  return isUp ? html`<b class="pl-warn">${say('fact.handling')}</b>` : NONE;
}

/** As `formatDuration`, with a digit more below 10 ms. */
export function formatTime(ms: number): string {
  return ms < 9.95 ? `${formatNumber(ms, 1)} ms` : formatDuration(ms);
}
