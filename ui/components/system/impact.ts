/** What a command to an actor would do, in sentences: said before it is done. Pure. */
import { formatDuration, formatNumber } from '../../data/format.ts';
import type { Actor } from './actors.ts';
import { hasWords, say, sayOf } from './words.ts';

export const COMMANDS = ['restart', 'stop', 'start', 'kill'] as const;
export type Command = (typeof COMMANDS)[number];

/** Which commands the supervisor would take now. */
export function isPossible(command: Command, { state }: Actor): boolean {
  const down = state === 'stopped' || state === 'failed' || state === 'backing-off';
  switch (command) {
    case 'start':
      return down;
    case 'restart':
      return true;
    case 'stop':
      return state !== 'stopped';
    case 'kill':
      return !down;
  }
}

export function impactOf(command: Command, actor: Actor): string[] {
  const lines = [say(`impact.${command}`, { next: actor.epoch + 1 })];
  if (command === 'kill' && actor.budget !== undefined) {
    const { used, max, periodMs } = actor.budget;
    lines.push(say('impact.budget', { used: used + 1, budget: max, period: formatDuration(periodMs) }));
  }
  if (command === 'start') return lines;
  const lane = /^(consumer|aggregator)-\d+$/.test(actor.id);
  if (lane && actor.depth > 0) lines.push(say('impact.replay', { n: formatNumber(actor.depth) }));
  if (lane) lines.push(say('impact.lane'));
  if (hasWords('impact', actor.id)) lines.push(sayOf('impact', actor.id));
  return lines;
}
