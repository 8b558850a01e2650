/** The last minute of every mailbox's depth, sampled by the page once a second: what the small lines draw. */
import type { Actor } from './actors.ts';

const SAMPLES = 60;
const SAMPLE_MS = 1000;
/** Messages at the top of the scale, at least. */
const LEAST_SCALE = 16;

export class MailboxSamples {
  readonly #samples = new Map<string, number[]>();
  #sampledAt = 0;

  sample(actors: readonly Actor[], now: number): void {
    if (now - this.#sampledAt < SAMPLE_MS) return;
    this.#sampledAt = now;
    for (const { id, kind, depth } of actors) {
      if (kind === 'supervisor') continue;
      const list = this.#samples.get(id) ?? [];
      list.push(depth);
      if (list.length > SAMPLES) list.shift();
      this.#samples.set(id, list);
    }
    if (this.#samples.size > actors.length)
      for (const id of this.#samples.keys()) if (!actors.some((actor) => actor.id === id)) this.#samples.delete(id);
  }

  /** The line as an SVG path in a box of `width` by `height`; undefined until there are two points. */
  path(id: string, width: number, height: number): string | undefined {
    const list = this.#samples.get(id);
    if (list === undefined || list.length < 2) return undefined;
    // Head room, so that a steady few messages lie low and a jam climbs.
    const high = Math.max(LEAST_SCALE, ...list.map((depth) => depth * 1.1));
    const step = width / (SAMPLES - 1);
    const left = width - (list.length - 1) * step;
    return list
      .map(
        (depth, at) =>
          `${at === 0 ? 'M' : 'L'}${(left + at * step).toFixed(1)} ${(height - 1 - (depth / high) * (height - 2)).toFixed(1)}`,
      )
      .join('');
  }
}
