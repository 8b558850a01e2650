/** What a command would do, said before it is done, with a place for the reason; and what came of it. */
import { html, nothing, type TemplateResult } from 'lit';
import { glyph } from '../icons.ts';
import { say } from './words.ts';

/** No job is named so. */
export const ARCHIVE_NOW = 'archive-now';

/** What became of the last command; `what` is a job, or ARCHIVE_NOW. */
export type Outcome = {
  readonly what: string;
  readonly phase: 'requested' | 'done' | 'refused';
  readonly why?: string;
};

export type AskOptions = {
  readonly name: string;
  readonly lines: readonly string[];
  readonly confirm: (reason: string) => void;
  readonly cancel: () => void;
};

export function askForm({ name, lines, confirm, cancel }: AskOptions): TemplateResult {
  const submit = (event: Event) => {
    event.preventDefault();
    const reason = new FormData(event.currentTarget as HTMLFormElement).get('reason');
    confirm(String(reason ?? '').trim());
  };
  const onKey = (event: KeyboardEvent) => {
    if (event.key !== 'Escape') return;
    event.stopPropagation();
    cancel();
  };
  return html`<form class="pl-impact" @submit=${submit} @keydown=${onKey}>
    <h3>${say('now.title', { what: name })}</h3>
    <ul>
      ${lines.map((line) => html`<li>${glyph('info')}<span>${line}</span></li>`)}
    </ul>
    <div class="row">
      <input class="pl-input" name="reason" maxlength="200" aria-label=${say('now.reason')} placeholder=${say('now.reason')} autocomplete="off" />
      <button type="submit" class="pl-button" data-kind="primary">${name}</button>
      <button type="button" class="pl-button" data-kind="ghost" @click=${cancel}>${say('now.cancel')}</button>
    </div>
  </form>`;
}

export function outcomeView(outcome: Outcome | undefined, what: string, name: string): TemplateResult {
  return html`<p class="pl-outcome" role="status">${outcome?.what === what ? tag(outcome, name) : nothing}</p>`;
}

function tag({ phase, why }: Outcome, name: string): TemplateResult {
  const tone = { requested: 'pl-info', done: 'pl-ok', refused: 'pl-bad' }[phase];
  const mark = glyph(({ requested: 'clock', done: 'ok', refused: 'fail' } as const)[phase]);
  return html`<span class="pl-state-tag ${tone}">${mark}<span>${say(`now.${phase}`, { what: name, why: why ?? '' })}</span></span>`;
}
