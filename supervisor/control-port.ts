/**
 * What goes over an actor's control port: four calls, by comlink. Errors go as data, since comlink keeps neither class
 * nor code; and only these four names get through to the actor, since comlink would follow any path into an object.
 */

import type { MessagePort } from 'node:worker_threads';
import type { Endpoint } from 'comlink';
import { AppError, fromWireError, toWireError, type WireError } from '../protocol/errors.ts';
import type { FaultKind } from '../protocol/fault.ts';
import { type Failure, toFailure } from './exit.ts';

export type ControlOutcome = { readonly value: unknown } | { readonly error: WireError; readonly failure: Failure };

/** The actor's side. Every call answers; none throws. */
export type ControlApi = {
  inspect(): Promise<ControlOutcome>;
  configure(settings: unknown): Promise<ControlOutcome>;
  drain(): Promise<ControlOutcome>;
  fault(kind: FaultKind): Promise<ControlOutcome>;
};

const METHODS: readonly unknown[] = ['inspect', 'configure', 'drain', 'fault'] satisfies (keyof ControlApi)[];

/** The actor's end: whatever is no call of one of the methods is not heard. */
export function actorEnd(port: MessagePort): Endpoint {
  return endpoint(port, isCall);
}

/** The supervisor's end. */
export function supervisorEnd(port: MessagePort): Endpoint {
  return endpoint(port, () => true);
}

export async function outcomeOf(work: () => unknown): Promise<ControlOutcome> {
  try {
    return { value: await work() };
  } catch (thrown) {
    return { error: toWireError(thrown), failure: toFailure(thrown) };
  }
}

/** The value, or the error rebuilt by its code, with what is left of the thrown one as its cause. */
export function resultOf(outcome: ControlOutcome): unknown {
  if ('value' in outcome) return outcome.value;
  const { code, message, field } = fromWireError(outcome.error);
  throw new AppError(code, message, { field, cause: outcome.failure });
}

/** Written for both runtimes, and so that comlink never takes a port for one that it may close. */
function endpoint(port: MessagePort, passes: (message: unknown) => boolean): Endpoint {
  return {
    postMessage: (message, transfer = []) => port.postMessage(message, transfer),
    addEventListener: (_type, listener) => {
      const hear = typeof listener === 'function' ? listener : listener.handleEvent.bind(listener);
      port.on('message', (data: unknown) => {
        if (passes(data)) hear({ data } as MessageEvent);
      });
    },
    // Neither end ever lets go of a listener: the port is closed, and that is all.
    removeEventListener: () => {},
  };
}

function isCall(message: unknown): boolean {
  if (typeof message !== 'object' || message === null) return false;
  const { type, path } = message as { type?: unknown; path?: unknown };
  return type === 'APPLY' && Array.isArray(path) && path.length === 1 && METHODS.includes(path[0]);
}
