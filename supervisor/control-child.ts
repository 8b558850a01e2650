/** The actor's side of its control interface. Loaded when somebody first calls, and comlink with it: most never are. */

import type { MessagePort } from 'node:worker_threads';
import { expose } from 'comlink';
import { AppError } from '../protocol/errors.ts';
import { type FaultKind, isFaultKind } from '../protocol/fault.ts';
import type { Inspection } from './control.ts';
import { actorEnd, type ControlApi, outcomeOf } from './control-port.ts';
import { Faults, type Faulty } from './faults.ts';
import { changeSettings, currentSettings, type SettingTable } from './settings.ts';

/** What this kind of actor adds to the interface that all have. */
export type ControlAdditions = {
  /** What it says of itself: plain data. */
  readonly inspect?: () => unknown;
  readonly settings?: SettingTable;
};

/** The actor, as its control interface sees it. */
export type Controlled = {
  additions(): ControlAdditions;
  about(): Omit<Inspection, 'own' | 'settings'>;
  drain(): Promise<void>;
};

/** Answers what strikes in the actor's handlers when it is ordered to. */
export function serveControl(port: MessagePort, actor: Controlled & Faulty): Faults {
  const faults = new Faults(actor);
  const api: ControlApi = {
    inspect: () => outcomeOf(() => inspect(actor)),
    configure: (settings) => outcomeOf(() => changeSettings(actor.additions().settings ?? {}, settings)),
    drain: () => outcomeOf(() => actor.drain()),
    fault: (kind) => outcomeOf(() => faults.order(checkKind(kind))),
  };
  expose(api, actorEnd(port));
  return faults;
}

async function inspect(actor: Controlled): Promise<Inspection> {
  const { inspect: own = () => null, settings = {} } = actor.additions();
  return { ...actor.about(), settings: currentSettings(settings), own: await own() };
}

function checkKind(kind: unknown): FaultKind {
  if (isFaultKind(kind)) return kind;
  throw new AppError('bad-parameter', `Cannot take a fault as there is none of this kind: current value is ${kind}`, {
    field: 'kind',
  });
}
