/**
 * Randomness that can be asked for anywhere: a stream of numbers is named by whole numbers (seed, slot, index), so that
 * what belongs to an order can be drawn again days later without having been kept. Nothing here reads a clock.
 */

/** Mixes 32 bits so that any change of the input changes about half of the output. */
export function mix32(value: number): number {
  let h = value | 0;
  h = Math.imul(h ^ (h >>> 16), 0x21f0aaad);
  h = Math.imul(h ^ (h >>> 15), 0x735a2d97);
  return (h ^ (h >>> 15)) >>> 0;
}

/** A number of 32 bits from three, all of them weighing in. */
export function hash3(a: number, b: number, c: number): number {
  return mix32(mix32(mix32(a ^ 0x5bf03635) ^ Math.imul(b, 0x9e3779b1)) ^ Math.imul(c, 0x85ebca6b));
}

/** From any seed, text included, to 32 bits. */
export function hashText(text: string): number {
  let h = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) h = Math.imul(h ^ text.charCodeAt(at), 0x01000193);
  return mix32(h);
}

const UNIT = 1 / 4294967296;

/** A counter-based generator: restarting it under another name costs one hash. */
export class Random {
  #state = 0;

  /** @example const random = new Random(42); random.name(slot, index); random.unit(); */
  readonly #seed: number;

  constructor(seed: number) {
    this.#seed = seed | 0;
    this.#state = this.#seed;
  }

  /** The numbers that follow belong to this name. */
  name(a: number, b: number): void {
    this.#state = hash3(this.#seed, a, b);
  }

  /** 32 bits. */
  next(): number {
    this.#state = (this.#state + 0x9e3779b9) | 0;
    return mix32(this.#state);
  }

  /** 0 <= x < 1. */
  unit(): number {
    return this.next() * UNIT;
  }

  /** Whole number in 0 <= x < limit. */
  below(limit: number): number {
    return Math.floor(this.next() * UNIT * limit);
  }

  normal(): number {
    return normalQuantile((this.next() + 0.5) * UNIT);
  }
}

export function toUnit(bits: number): number {
  return bits * UNIT;
}

/** Inverse of the normal distribution (P. J. Acklam's approximation, relative error under 1.2e-9). */
export function normalQuantile(p: number): number {
  if (p < 0.02425) return tailQuantile(Math.sqrt(-2 * Math.log(p)));
  if (p > 1 - 0.02425) return -tailQuantile(Math.sqrt(-2 * Math.log(1 - p)));
  const q = p - 0.5;
  const r = q * q;
  return (
    (((((-39.69683028665376 * r + 220.9460984245205) * r - 275.9285104469687) * r + 138.357751867269) * r -
      30.66479806614716) *
      r +
      2.506628277459239) *
    (q /
      (((((-54.47609879822406 * r + 161.5858368580409) * r - 155.6989798598866) * r + 66.80131188771972) * r -
        13.28068155288572) *
        r +
        1))
  );
}

function tailQuantile(q: number): number {
  return (
    (((((-0.007784894002430293 * q - 0.3223964580411365) * q - 2.400758277161838) * q - 2.549732539343734) * q +
      4.374664141464968) *
      q +
      2.938163982698783) /
    ((((0.007784695709041462 * q + 0.3224671290700398) * q + 2.445134137142996) * q + 3.754408661907416) * q + 1)
  );
}

/** How many arrivals, when `mean` are expected: exact for small means, the normal shape with its skew for large ones. */
export function poisson(mean: number, unit: number): number {
  if (mean <= 0) return 0;
  if (mean > 30) {
    const z = normalQuantile(Math.min(1 - 1e-12, Math.max(1e-12, unit)));
    return Math.max(0, Math.round(mean + z * Math.sqrt(mean) + (z * z - 1) / 6));
  }
  let count = 0;
  let term = Math.exp(-mean);
  for (let sum = term; unit >= sum && count < 1000; sum += term) term *= mean / ++count;
  return count;
}

/** Draws an index in proportion to weights, with one number and one look-up (Vose's alias method). */
export class AliasTable {
  readonly #threshold: Float64Array;
  readonly #alias: Uint32Array;

  constructor(weights: ArrayLike<number>) {
    const size = weights.length;
    const total = sumOf(weights);
    this.#threshold = new Float64Array(size).fill(1);
    this.#alias = new Uint32Array(size);
    const scaled = Float64Array.from(weights, (weight) => (weight * size) / total);
    const small: number[] = [];
    const large: number[] = [];
    for (let index = 0; index < size; index++) ((scaled[index] as number) < 1 ? small : large).push(index);
    while (small.length > 0 && large.length > 0) {
      const less = small.pop() as number;
      const more = large[large.length - 1] as number;
      this.#threshold[less] = scaled[less] as number;
      this.#alias[less] = more;
      scaled[more] = (scaled[more] as number) - (1 - (scaled[less] as number));
      if ((scaled[more] as number) < 1) small.push(large.pop() as number);
    }
  }

  pick(unit: number): number {
    const scaled = unit * this.#threshold.length;
    const index = Math.floor(scaled);
    return scaled - index < (this.#threshold[index] as number) ? index : (this.#alias[index] as number);
  }
}

export function sumOf(values: ArrayLike<number>): number {
  let total = 0;
  for (let index = 0; index < values.length; index++) total += values[index] as number;
  return total;
}

/** Puts the elements into a random order, in place. */
export function shuffle<T>(elements: T[], random: Random): T[] {
  for (let at = elements.length - 1; at > 0; at--) {
    const other = random.below(at + 1);
    [elements[at], elements[other]] = [elements[other] as T, elements[at] as T];
  }
  return elements;
}

/** Splits `total` places by weight so that every share is as near as whole numbers allow. */
export function apportion(weights: readonly number[], total: number): number[] {
  const sum = sumOf(weights);
  const exact = weights.map((weight) => (weight * total) / sum);
  const places = exact.map(Math.floor);
  const byRest = exact
    .map((value, index) => ({ index, rest: value - Math.floor(value) }))
    .sort((a, b) => b.rest - a.rest);
  const missing = total - sumOf(places);
  for (const { index } of byRest.slice(0, missing)) places[index] = (places[index] as number) + 1;
  return places;
}
