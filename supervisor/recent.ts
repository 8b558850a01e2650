/**
 * The last things that an actor has handled, or has in work: what kind, how large, how long; nothing of what was in
 * them. 20 places of 32 bytes in its shared block and the names of 32 kinds, so that the one at which it hangs or has
 * died can still be seen. One writer; a place whose serial has changed while it was read is passed over.
 *
 *   float64 at  0 when it was taken up (epoch ms)   8 how long it took, ms (-1 = in work, -2 = it threw)   16 bytes (-1 = not known)
 *   int32 at   24 serial (0 = being written)   28 number of its kind
 */

const PLACES = 20;
const PLACE_BYTES = 32;
const NAMES = 32;
/** The first byte is the length. */
const NAME_BYTES = 24;
const NAMES_AT = PLACES * PLACE_BYTES;

export const RECENT_BYTES = NAMES_AT + NAMES * NAME_BYTES;

/** An actor has a dozen kinds of messages; those beyond are not told apart. */
const OTHERS = NAMES - 1;

const AT = 0;
const MS = 1;
const BYTES = 2;
const NUMBERS = PLACE_BYTES / Float64Array.BYTES_PER_ELEMENT;
const SERIAL = 6;
const KIND = 7;
const INTEGERS = PLACE_BYTES / Int32Array.BYTES_PER_ELEMENT;

const IN_WORK = -1;
const THREW = -2;

/** Something that an actor was given to do: payload hidden. */
export type HandledMessage = {
  readonly epoch: number;
  readonly at: number;
  readonly type: string;
  readonly bytes: number | null;
  /** null while it is in work; for ever, if its actor ended meanwhile; and when it threw. */
  readonly ms: number | null;
  readonly threw: boolean;
};

class Places {
  readonly numbers: Float64Array;
  readonly integers: Int32Array;
  readonly names: Uint8Array;

  constructor(block: SharedArrayBuffer, offset: number) {
    this.numbers = new Float64Array(block, offset, PLACES * NUMBERS);
    this.integers = new Int32Array(block, offset, PLACES * INTEGERS);
    this.names = new Uint8Array(block, offset + NAMES_AT, NAMES * NAME_BYTES);
  }
}

/** The actor's side. */
export class RecentWriter {
  readonly #places: Places;
  readonly #kinds = new Map<string, number>();
  #next = 0;
  /** Of what was taken up last. */
  serial = 0;

  constructor(block: SharedArrayBuffer, offset: number) {
    this.#places = new Places(block, offset);
  }

  /** Answers the place; what is in work keeps its own as long as there is another. */
  begin(at: number, type: string, bytes: number): number {
    const { numbers, integers } = this.#places;
    const place = this.#holdsWork(this.#next) ? this.#nextFree() : this.#next;
    this.#next = (place + 1) % PLACES;
    this.serial = (this.serial + 1) | 0 || 1;
    const number = place * NUMBERS;
    const integer = place * INTEGERS;
    Atomics.store(integers, integer + SERIAL, 0);
    numbers[number + AT] = at;
    numbers[number + MS] = IN_WORK;
    numbers[number + BYTES] = bytes;
    integers[integer + KIND] = this.#kinds.get(type) ?? this.#name(type);
    Atomics.store(integers, integer + SERIAL, this.serial);
    return place;
  }

  /** Unless something else has its place by now. Without a time: it threw. */
  settle(place: number, serial: number, ms: number = THREW): void {
    const { numbers, integers } = this.#places;
    if (integers[place * INTEGERS + SERIAL] === serial) numbers[place * NUMBERS + MS] = ms;
  }

  /** The oldest gives way where all are in work. */
  #nextFree(): number {
    let place = this.#next;
    do place = (place + 1) % PLACES;
    while (place !== this.#next && this.#holdsWork(place));
    return place;
  }

  #holdsWork(place: number): boolean {
    const { numbers, integers } = this.#places;
    return integers[place * INTEGERS + SERIAL] !== 0 && numbers[place * NUMBERS + MS] === IN_WORK;
  }

  #name(type: string): number {
    const kind = Math.min(this.#kinds.size, OTHERS);
    const { names } = this.#places;
    const text = kind === OTHERS ? 'others' : type.slice(0, NAME_BYTES - 1);
    const start = kind * NAME_BYTES;
    names[start] = text.length;
    for (let i = 0; i < text.length; i++) names[start + 1 + i] = Math.min(text.charCodeAt(i), 0xff);
    if (kind < OTHERS) this.#kinds.set(type, kind);
    return kind;
  }
}

/** The supervisor's side. */
export class RecentReader {
  readonly #places: Places;

  constructor(block: SharedArrayBuffer, offset: number) {
    this.#places = new Places(block, offset);
  }

  /** Newest first. */
  list(epoch: number): HandledMessage[] {
    const read = Array.from({ length: PLACES }, (_, place) => this.#read(place, epoch)).filter((one) => one !== null);
    // Serials may wrap.
    return read.sort((a, b) => (b.serial - a.serial) | 0).map(({ message }) => message);
  }

  #read(place: number, epoch: number): { readonly serial: number; readonly message: HandledMessage } | null {
    const { numbers, integers } = this.#places;
    const integer = place * INTEGERS;
    const number = place * NUMBERS;
    const serial = Atomics.load(integers, integer + SERIAL);
    const [at = 0, ms = IN_WORK, bytes = -1] = numbers.slice(number, number + NUMBERS);
    const type = this.#nameOf(integers[integer + KIND] ?? 0);
    if (serial === 0 || Atomics.load(integers, integer + SERIAL) !== serial) return null;
    return {
      serial,
      message: { epoch, at, type, bytes: bytes < 0 ? null : bytes, ms: ms < 0 ? null : ms, threw: ms === THREW },
    };
  }

  #nameOf(kind: number): string {
    const start = kind * NAME_BYTES + 1;
    return String.fromCharCode(...this.#places.names.slice(start, start + (this.#places.names[start - 1] ?? 0)));
  }
}
