/** What all commands have in common: why they are given, under which key, and how they are answered. */
import type { CommandBody } from '../../../protocol/command.ts';
import type { Carried } from '../control.ts';
import { type Answer, json } from './answer.ts';

let unnamed = 0;

/** Why, and under which key; a command without a key stands for itself alone. */
export function intentOf({ reason, idempotencyKey }: CommandBody): { reason: string; key: string } {
  return { reason: reason ?? '', key: idempotencyKey ?? `unnamed-${Date.now()}-${unnamed++}` };
}

export function carried({ value, afterwards }: Carried, status = 200): Answer {
  return { ...json(value, status), ...(afterwards === undefined ? {} : { afterwards }) };
}
