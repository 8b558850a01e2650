/** What a command would do, with the reason that it is given for; and what became of it. */
import { html, nothing, type TemplateResult } from 'lit';
import { glyph } from '../icons.ts';
import type { Impact } from './impact.ts';
import { say, sayWhat } from './words.ts';

/** What became of a command: asked for, then taken or refused by the supervisor. */
export type CommandOutcome = {
  readonly actor: string;
  readonly command: string;
  readonly phase: 'requested' | 'done' | 'refused';
  readonly why?: string | undefined;
};

export type ImpactForm = {
  readonly title: string;
  readonly button: string;
  readonly grave: boolean;
  readonly lines: readonly Impact[];
  readonly possible: boolean;
  /** Asks for the id of an order as well. */
  readonly order?: boolean;
  readonly submit: (values: FormData) => void;
  readonly cancel: () => void;
};

export function impactForm(form: ImpactForm): TemplateResult {
  const input = (name: 'order' | 'reason') =>
    html`<input class="pl-input" name=${name} ?required=${name === 'order'} maxlength="200" aria-label=${say(`cmd.${name}`)} placeholder=${say(`cmd.${name}`)} autocomplete="off" />`;
  const submit = (event: Event) => {
    event.preventDefault();
    form.submit(new FormData(event.currentTarget as HTMLFormElement));
  };
  return html`<form class="pl-impact" @submit=${submit}>
    <b>${say('impact.title', { command: form.title })}</b>
    <ul>
      ${form.lines.map(({ text, grave }) => html`<li class=${grave ? 'pl-warn' : ''}>${glyph(grave ? 'warn' : 'info')}<span>${text}</span></li>`)}
    </ul>
    <div class="row">
      ${form.order ? input('order') : nothing}${input('reason')}
      <button type="submit" class="pl-button" data-kind=${form.grave ? 'danger-solid' : 'primary'} ?disabled=${!form.possible}>${form.button}</button>
      <button type="button" class="pl-button" data-kind="ghost" @click=${form.cancel}>${say('cmd.cancel')}</button>
    </div>
  </form>`;
}

export function outcomeLine(outcome: CommandOutcome | undefined, actor: string): TemplateResult {
  return html`<p class="pl-outcome" role="status">${outcome?.actor === actor ? outcomeTag(outcome) : nothing}</p>`;
}

function outcomeTag({ command, phase, why = '' }: CommandOutcome): TemplateResult {
  const tone = { requested: 'info', done: 'ok', refused: 'bad' }[phase];
  const mark = glyph(({ requested: 'clock', done: 'ok', refused: 'fail' } as const)[phase]);
  const text = say(`cmd.${phase}`, { command: sayWhat(command), why });
  return html`<span class="pl-state-tag pl-${tone}">${mark}<span>${text}</span></span>`;
}
