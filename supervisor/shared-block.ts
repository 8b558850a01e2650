/**
 * 2 KB shared between an actor and its supervisor: the actor writes, the supervisor looks, nobody asks anybody.
 * So a blocked actor can still be seen, and looking costs the actor nothing. One writer, but for a single word of the
 * supervisor's; a new block each incarnation.
 *
 *   int32 at   0 beat   4 handled   8 mailbox depth   12 length of the waiting text
 *   float64 at 16 mailbox bytes   24 oldest message (epoch ms, 0 = none)   32 busy ms
 *              40 waiting deadline (epoch ms, 0 = not waiting)   48 offset in work (-1 = none)   56 its slot
 *              64 heap bytes   72 bytes outside the heap
 *              80 since when its oldest handler has been in work (epoch ms, 0 = none is)
 *   int32 at  88 times that it took messages   92 steps of long work
 *   float64 at 96 limit of the heap
 *   int32 at  104 attempts of former owners that it refused, or that it was refused as one
 *   int32 at  108 1 = given up by its supervisor, who writes this
 *   latin1 at 112 what it waits for, 48 bytes
 *   int32 at  160 handlers by how long they took (durations.ts)
 *   at        640 the last things handled (recent.ts)
 */

import { bucketOf, DURATION_BUCKETS } from './durations.ts';
import type { OwnMemory } from './memory-gauge.ts';
import { RECENT_BYTES, RecentReader, RecentWriter } from './recent.ts';

const TEXT_AT = 112;
const TEXT_BYTES = 48;
const NUMBERS = TEXT_AT / Float64Array.BYTES_PER_ELEMENT;
const DURATIONS_AT = TEXT_AT + TEXT_BYTES;
const RECENT_AT = DURATIONS_AT + DURATION_BUCKETS * Int32Array.BYTES_PER_ELEMENT;
const BLOCK_BYTES = RECENT_AT + RECENT_BYTES;

const BEAT = 0;
const HANDLED = 1;
const DEPTH = 2;
const TEXT_LENGTH = 3;
const TAKES = 22;
const STEPS = 23;
const FENCED = 26;
const GIVEN_UP = 27;
const COUNTS = GIVEN_UP + 1;

const MAILBOX_BYTES = 2;
const OLDEST_AT = 3;
const BUSY_MS = 4;
const WAITING_UNTIL = 5;
const WORK_OFFSET = 6;
const WORK_SLOT = 7;
const HEAP_BYTES = 8;
const EXTERNAL_BYTES = 9;
const HANDLING_SINCE = 10;
const HEAP_LIMIT = 12;

/**
 * What an actor tells about itself. Each call is a few stores, cheap enough for every message, and a sign of life: an
 * actor that reports on its work is never taken for a blocked one.
 */
export interface Meter {
  /** `count` more messages were handled; 0 = it took all that it may take now, and that was none. */
  handled(count?: number): void;
  /** A long work has got on by a step: its handler may take its time again. */
  progressed(): void;
  /** It refused so many attempts of a former owner, or was refused itself as one. */
  fenced(count?: number): void;
  /** Whether its supervisor has terminated it: what it still wrote anywhere would meet its successor. */
  readonly givenUp: boolean;
  /** How full the mailbox is, and how long ago its oldest message came in. */
  mailbox(depth: number, oldestMs: number, bytes?: number): void;
  /** Waits for something outside (store, broker) for at most `deadlineMs` from now: shown, and not a hang. */
  waiting(what: string, deadlineMs: number): void;
  waited(): void;
  /** The offset that is handled now (of the partition that the actor calls `slot`), or -1 when none is. */
  working(offset: number, slot?: number): void;
  /** The same of the slot named last, for each of many records of one turn: a single store. */
  workingOn(offset: number): void;
}

/** A handler at work: what `settle` is to be given. Those of an actor hang together, the oldest first. */
export type InWork = {
  /** By the clock that durations are taken with. */
  readonly began: number;
  readonly since: number;
  readonly place: number;
  readonly serial: number;
  older: InWork | undefined;
  younger: InWork | undefined;
};

export function createBlock(): SharedArrayBuffer {
  const block = new SharedArrayBuffer(BLOCK_BYTES);
  new Float64Array(block, 0, NUMBERS)[WORK_OFFSET] = -1;
  return block;
}

/** The actor's side. */
export class BlockWriter implements Meter {
  readonly #counts: Int32Array;
  readonly #numbers: Float64Array;
  readonly #text: Uint8Array;
  readonly #durations: Int32Array;
  readonly #recent: RecentWriter;
  readonly #now: () => number;
  readonly #clock: () => number;
  /** What the clock lacks to the time of day. */
  #offsetMs: number;
  #youngest: InWork | undefined;

  /** `clock` tells parts of a millisecond, from any beginning. */
  constructor(block: SharedArrayBuffer, now: () => number, clock = now) {
    this.#counts = new Int32Array(block, 0, COUNTS);
    this.#numbers = new Float64Array(block, 0, NUMBERS);
    this.#text = new Uint8Array(block, TEXT_AT, TEXT_BYTES);
    this.#durations = new Int32Array(block, DURATIONS_AT, DURATION_BUCKETS);
    this.#recent = new RecentWriter(block, RECENT_AT);
    this.#now = now;
    this.#clock = clock;
    this.#offsetMs = now() - clock();
  }

  beat(busyMs: number): void {
    this.#numbers[BUSY_MS] = busyMs;
    this.#offsetMs = this.#now() - this.#clock();
    this.#alive();
  }

  memory({ heapBytes, externalBytes, heapLimitBytes }: OwnMemory): void {
    this.#numbers[HEAP_LIMIT] = heapLimitBytes;
    this.#numbers[HEAP_BYTES] = heapBytes;
    this.#numbers[EXTERNAL_BYTES] = externalBytes;
  }

  handled(count = 1): void {
    this.#alive();
    Atomics.add(this.#counts, HANDLED, count);
    Atomics.add(this.#counts, TAKES, 1);
  }

  progressed(): void {
    this.#alive();
    Atomics.add(this.#counts, STEPS, 1);
  }

  fenced(count = 1): void {
    Atomics.add(this.#counts, FENCED, count);
  }

  get givenUp(): boolean {
    return Atomics.load(this.#counts, GIVEN_UP) === 1;
  }

  mailbox(depth: number, oldestMs: number, bytes = 0): void {
    this.#alive();
    this.#numbers[MAILBOX_BYTES] = bytes;
    this.#numbers[OLDEST_AT] = depth > 0 ? this.#now() - oldestMs : 0;
    Atomics.store(this.#counts, DEPTH, depth);
  }

  waiting(what: string, deadlineMs: number): void {
    const length = Math.min(what.length, TEXT_BYTES);
    for (let i = 0; i < length; i++) this.#text[i] = Math.min(what.charCodeAt(i), 0xff);
    this.#counts[TEXT_LENGTH] = length;
    this.#numbers[WAITING_UNTIL] = this.#now() + deadlineMs;
    this.#alive();
  }

  waited(): void {
    this.#numbers[WAITING_UNTIL] = 0;
    this.#alive();
  }

  working(offset: number, slot = 0): void {
    this.#numbers[WORK_SLOT] = slot;
    this.#numbers[WORK_OFFSET] = offset;
    this.#alive();
  }

  workingOn(offset: number): void {
    this.#numbers[WORK_OFFSET] = offset;
  }

  /** A handler takes up work of that kind and size (-1 = not known). */
  begin(type = 'work', bytes = -1): InWork {
    const began = this.#clock();
    const since = began + this.#offsetMs;
    const place = this.#recent.begin(since, type, bytes);
    const older = this.#youngest;
    const work: InWork = { began, since, place, serial: this.#recent.serial, older, younger: undefined };
    this.#youngest = work;
    if (older === undefined) this.#isOldest(work);
    else older.younger = work;
    this.#alive();
    return work;
  }

  settle(work: InWork, threw = false): void {
    const ms = this.#clock() - work.began;
    const bucket = bucketOf(ms);
    this.#durations[bucket] = (this.#durations[bucket] as number) + 1;
    this.#recent.settle(work.place, work.serial, threw ? undefined : ms);
    const { older, younger } = work;
    if (younger === undefined) this.#youngest = older;
    else younger.older = older;
    if (older === undefined) this.#isOldest(younger);
    else older.younger = younger;
    this.#alive();
  }

  #isOldest(work: InWork | undefined): void {
    this.#numbers[HANDLING_SINCE] = work === undefined ? 0 : work.since;
  }

  #alive(): void {
    Atomics.add(this.#counts, BEAT, 1);
  }
}

/** The supervisor's side. */
export class BlockReader {
  readonly #counts: Int32Array;
  readonly #numbers: Float64Array;
  readonly #text: Uint8Array;
  /** Handlers by how long they took, for a `DurationWindow`. */
  readonly durations: Int32Array;
  readonly recent: RecentReader;

  constructor(block: SharedArrayBuffer) {
    this.#counts = new Int32Array(block, 0, COUNTS);
    this.#numbers = new Float64Array(block, 0, NUMBERS);
    this.#text = new Uint8Array(block, TEXT_AT, TEXT_BYTES);
    this.durations = new Int32Array(block, DURATIONS_AT, DURATION_BUCKETS);
    this.recent = new RecentReader(block, RECENT_AT);
  }

  /** Seen by a thread that goes on although it was terminated. */
  giveUp(): void {
    Atomics.store(this.#counts, GIVEN_UP, 1);
  }

  get beat(): number {
    return Atomics.load(this.#counts, BEAT);
  }

  /** Wraps at 2^32: take differences with `>>> 0`. */
  get handled(): number {
    return Atomics.load(this.#counts, HANDLED) >>> 0;
  }

  get takes(): number {
    return Atomics.load(this.#counts, TAKES);
  }

  get fenced(): number {
    return Atomics.load(this.#counts, FENCED);
  }

  get steps(): number {
    return Atomics.load(this.#counts, STEPS);
  }

  get depth(): number {
    return Atomics.load(this.#counts, DEPTH);
  }

  get mailboxBytes(): number {
    return this.#numbers[MAILBOX_BYTES] ?? 0;
  }

  get oldestAt(): number {
    return this.#numbers[OLDEST_AT] ?? 0;
  }

  get busyMs(): number {
    return this.#numbers[BUSY_MS] ?? 0;
  }

  get heapBytes(): number {
    return this.#numbers[HEAP_BYTES] ?? 0;
  }

  get externalBytes(): number {
    return this.#numbers[EXTERNAL_BYTES] ?? 0;
  }

  get handlingSince(): number {
    return this.#numbers[HANDLING_SINCE] ?? 0;
  }

  get heapLimitBytes(): number {
    return this.#numbers[HEAP_LIMIT] ?? 0;
  }

  get waiting(): { readonly what: string; readonly deadline: number } | null {
    const deadline = this.#numbers[WAITING_UNTIL] ?? 0;
    if (deadline === 0) return null;
    const length = Math.min(this.#counts[TEXT_LENGTH] ?? 0, TEXT_BYTES);
    return { what: String.fromCharCode(...this.#text.slice(0, length)), deadline };
  }

  get work(): { readonly offset: number; readonly slot: number } | null {
    const offset = this.#numbers[WORK_OFFSET] ?? -1;
    return offset < 0 ? null : { offset, slot: this.#numbers[WORK_SLOT] ?? 0 };
  }
}
