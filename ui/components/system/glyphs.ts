/** State and event glyphs of the System page: 12 px, told apart by outline alone, always beside a word. */
import { html, svg, type TemplateResult } from 'lit';
import { glyph } from '../icons.ts';
import type { ActorState } from './actors.ts';
import { type Incident, kindOf } from './incidents.ts';
import { sayOf } from './words.ts';

const OWN = {
  start: svg`<circle cx="6" cy="6" r="4.75" fill="none" stroke="currentColor" stroke-width="1.5" /><path d="M6 2.6a3.4 3.4 0 0 1 0 6.8z" fill="currentColor" />`,
  drain: svg`<path d="M6 1v6.2M3.2 4.8L6 7.6l2.8-2.8M1.8 10.6h8.4" fill="none" stroke="currentColor" stroke-width="1.5" stroke-linecap="round" stroke-linejoin="round" />`,
  stop: svg`<rect x="1.75" y="1.75" width="8.5" height="8.5" rx="1" fill="none" stroke="currentColor" stroke-width="1.5" />`,
  ring: svg`<circle cx="6" cy="6" r="4.75" fill="none" stroke="currentColor" stroke-width="1.5" stroke-dasharray="2.2 1.6" />`,
  dots: svg`<circle cx="6" cy="6" r="4.75" fill="none" stroke="currentColor" stroke-width="1.5" /><circle cx="3.9" cy="6" r=".8" fill="currentColor" /><circle cx="6" cy="6" r=".8" fill="currentColor" /><circle cx="8.1" cy="6" r=".8" fill="currentColor" />`,
  command: svg`<path d="M1.5 2.5l3.6 3.5-3.6 3.5M6.5 9.8h4" fill="none" stroke="currentColor" stroke-width="1.5" stroke-linecap="round" stroke-linejoin="round" />`,
  fault: svg`<path d="M6.8.8L2 7h3.2l-.6 4.2L9.6 5H6.2z" fill="currentColor" />`,
} as const;

type Tone = 'ok' | 'warn' | 'bad' | 'info' | 'idle';
type Mark = { readonly tone: Tone; readonly draw: () => TemplateResult };

const own = (name: keyof typeof OWN) => () =>
  html`<svg class="pl-glyph" viewBox="0 0 12 12" aria-hidden="true">${OWN[name]}</svg>`;

const STATES: Readonly<Record<ActorState, Mark>> = {
  running: { tone: 'ok', draw: () => glyph('ok') },
  starting: { tone: 'info', draw: own('start') },
  waiting: { tone: 'info', draw: own('dots') },
  'backing-off': { tone: 'warn', draw: () => glyph('clock') },
  restarting: { tone: 'warn', draw: () => glyph('restart') },
  draining: { tone: 'info', draw: own('drain') },
  stopped: { tone: 'idle', draw: own('stop') },
  failed: { tone: 'bad', draw: () => glyph('fail') },
  unresponsive: { tone: 'bad', draw: own('ring') },
};

const EVENTS: Readonly<Record<string, Mark>> = {
  starting: STATES.starting,
  running: STATES.running,
  'start-failed': STATES.failed,
  hung: STATES.unresponsive,
  terminated: STATES.failed,
  zombie: { tone: 'warn', draw: () => glyph('warn') },
  'backing-off': STATES['backing-off'],
  'group-restart': STATES.restarting,
  'gave-up': STATES.failed,
  stopping: STATES.draining,
  'shutdown-error': { tone: 'warn', draw: () => glyph('warn') },
  command: { tone: 'info', draw: own('command') },
};

export function stateTone(state: ActorState): Tone {
  return STATES[state].tone;
}

export function stateGlyph(state: ActorState): TemplateResult {
  return STATES[state].draw();
}

/** Glyph and word; the normal state keeps its word quiet. */
export function stateTag(state: ActorState): TemplateResult {
  const quiet = state === 'running' || state === 'stopped' ? 'pl-soft' : '';
  return html`<span class="pl-state-tag pl-${stateTone(state)}"
    >${stateGlyph(state)}<span class=${quiet}>${sayOf('state', state)}</span></span
  >`;
}

/** An exit may be a failure or what was asked for: only its text tells. */
export function eventMark(kind: string, text: string): Mark {
  if (kind === 'exited') return /\((normal|shutdown)\)/.test(text) ? STATES.stopped : STATES.failed;
  return EVENTS[kind] ?? STATES.stopped;
}

/** By what it was; the tone says whether it is over. */
export function incidentMark(incident: Incident): Mark {
  const { what, state } = incident;
  if (kindOf(incident) === 'commands' && what !== 'kill')
    return { tone: 'info', draw: own(what === 'fault' ? 'fault' : 'command') };
  const { draw } = EVENTS[what] ?? STATES.failed;
  return { tone: state === 'open' ? 'bad' : state === 'noted' ? 'info' : 'warn', draw };
}
