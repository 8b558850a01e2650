/**
 * Which pieces of work kill whoever handles them: the evidence is where each incarnation stood when it died. A second
 * death at one place names the culprit, whatever happened elsewhere in between. Pure.
 */

import type { Exit, Work } from './exit.ts';

/** Work that has killed twice or more: whoever comes next is to pass it without handling it. */
export type Suspect = {
  readonly work: Work;
  readonly deaths: number;
  /** How the last of them was. */
  readonly error: string;
};

/** `firstAt` is when the first death was noted. */
export type Evidence = { readonly deaths: number; readonly firstAt: number };

type Place = Suspect & { readonly firstAt: number };

/** Two deaths at one place prove it. */
const PROOF = 2;
/** Places remembered; a place is needed until what stands there has been passed, which takes moments. */
const KEPT_PLACES = 256;
/** Enough to recognise an error by; it is stored with what was passed. */
const ERROR_CHARACTERS = 500;

export class Suspects {
  /** By place, the one with the newest death last. */
  readonly #places = new Map<string, Place>();

  /** Whether the exit says anything: it died by itself, at work. */
  static isEvidence(exit: Exit): exit is Exit & { readonly work: Work } {
    return exit.work !== undefined && !NO_EVIDENCE.has(exit.reason);
  }

  note(exit: Exit & { readonly work: Work }, now: number): Evidence {
    const { work } = exit;
    const key = `${work.slot}:${work.offset}`;
    const known = this.#places.get(key);
    const place = {
      work,
      deaths: (known?.deaths ?? 0) + 1,
      error: errorOf(exit),
      firstAt: known?.firstAt ?? now,
    };
    this.#places.delete(key);
    this.#places.set(key, place);
    if (this.#places.size > KEPT_PLACES) this.#places.delete(this.#places.keys().next().value as string);
    return place;
  }

  get list(): readonly Suspect[] {
    return [...this.#places.values()]
      .filter(({ deaths }) => deaths >= PROOF)
      .map(({ work, deaths, error }) => ({ work, deaths, error }));
  }
}

/** Whether this death is the one that proves it; those after it say that passing it does not help. */
export function proves({ deaths }: Evidence): boolean {
  return deaths === PROOF;
}

/** Ends that somebody wanted, or that are none of the work's doing. */
const NO_EVIDENCE: ReadonlySet<Exit['reason']> = new Set([
  'normal',
  'shutdown',
  'killed',
  'gave-up',
  'failed-to-start',
  'auto-shutdown',
]);

function errorOf({ reason, detail }: Exit): string {
  const text = reason === 'crashed' ? detail : `${reason}: ${detail}`;
  return text.slice(0, ERROR_CHARACTERS);
}
