/**
 * What a supervisor and the thread of a child say to each other. Everything a child says carries its epoch, so that
 * a word of a former incarnation is known as such and dropped.
 */

import type { MessagePort } from 'node:worker_threads';
import type { FaultKind } from '../protocol/fault.ts';
import type { Failure } from './exit.ts';
import type { Suspect } from './suspects.ts';

/** One incarnation of another actor. */
export type Peer = { readonly id: string; readonly epoch: number };

/** A link as it was laid: `serial` tells it from how it is laid next time. */
export type LostLink = { readonly name: string; readonly peer: Peer; readonly serial: number };

/** The data that a thread is born with. */
export type ChildOrder = {
  readonly id: string;
  readonly epoch: number;
  readonly input: unknown;
  readonly block: SharedArrayBuffer;
  /** Work that is to be passed. */
  readonly suspects: readonly Suspect[];
  readonly note: unknown;
};

export type ToChild =
  | {
      readonly type: 'link';
      readonly name: string;
      readonly peer: Peer;
      readonly serial: number;
      readonly port: MessagePort;
    }
  /** `fenced`: the peer's thread may go on, and nothing that still comes from it may be heard. */
  | { readonly type: 'unlink'; readonly name: string; readonly peer: Peer; readonly fenced: boolean }
  | { readonly type: 'tell'; readonly body: unknown }
  | { readonly type: 'note'; readonly note: unknown }
  /** Somebody wants to speak to it: its control interface goes over this port from now on. */
  | { readonly type: 'control'; readonly port: MessagePort }
  /** No sign of life for a while: a loop that turns answers with a beat in the shared block. */
  | { readonly type: 'ping' }
  | { readonly type: 'stop' };

export type FromChild = { readonly epoch: number } & (
  | { readonly type: 'hello'; readonly task?: string | undefined }
  | { readonly type: 'ready'; readonly info?: unknown }
  | { readonly type: 'tell'; readonly body: unknown }
  /** A port has closed although nobody said that the peer has gone. */
  | ({ readonly type: 'link-lost' } & LostLink)
  | { readonly type: 'failure'; readonly failure: Failure }
  /** An ordered fault takes effect now. */
  | { readonly type: 'struck'; readonly fault: FaultKind }
  | { readonly type: 'bye' }
);

/** Whether a thread's message is one of this incarnation; anything else is dropped and counted. */
export function isFromChild(message: unknown, epoch: number): message is FromChild {
  return typeof message === 'object' && message !== null && (message as { epoch?: unknown }).epoch === epoch;
}
