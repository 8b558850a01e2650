/** Messages that kill whoever handles them: what they are called in shared memory, and how they are refused. */
import { AppError } from './errors.ts';
import { ID_SEEDS, murmur3 } from './hash.ts';
import type { Suspect } from './poison.ts';

/** Of each end of a message's parts: enough to tell messages apart, little enough for every one of them. */
const NAMED_BY_BYTES = 4_096;

/** What a message is called where records are called by their offset: by its bytes, so it is the same when it comes again. */
export function messageName(parts: readonly Uint8Array[]): number {
  let [low, high] = [parts.length, ID_SEEDS.high as number];
  for (const part of parts) {
    low = murmur3(part, 0, Math.min(part.length, NAMED_BY_BYTES), low ^ part.length);
    high = murmur3(part, Math.max(0, part.length - NAMED_BY_BYTES), part.length, high ^ part.length);
  }
  return (low >>> 0) + (high & 0xffff) * 2 ** 32;
}

/** Messages that have ended whoever handled them: refused unhandled, whoever sends them again. */
export class PoisonedMessages {
  readonly #byName: ReadonlyMap<number, Suspect>;

  constructor(suspects: readonly Suspect[]) {
    this.#byName = new Map(suspects.map((suspect) => [suspect.work.offset, suspect]));
  }

  refusalOf(name: number): AppError | undefined {
    const suspect = this.#byName.get(name);
    if (suspect === undefined) return undefined;
    const { deaths, error } = suspect;
    const text = `Cannot take this as it has ended its actor ${deaths} times: current value led to ${error}`;
    return new AppError('bad-message', text, { retryable: false });
  }
}
