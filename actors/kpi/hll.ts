/**
 * HyperLogLog of 64-bit hashes, 2^13 registers (standard error 1.15 %). Up to 1,024 entries it is a list of hashes cut
 * to 26 bits and their ranks, so small counts are as good as exact. Its state depends on the set of hashes alone: adding
 * and merging in any order and any grouping gives the same estimate.
 *
 * An entry is 32 bits: 26 bits of index, 6 bits of rank (place of the first 1 among the 38 bits after the index).
 * Packed: 0, count, entries | 1, lowest register, registers minus lowest in 4 bits (15: see list), list of the others.
 */
import { type ByteReader, ByteWriter, garbled } from './bytes.ts';

const PRECISION = 13;
const REGISTERS = 1 << PRECISION;
const SPARSE_ENTRIES = 1024;
const INDEX_BITS = 26;
const RANK_BITS = 6;
/** Bits of the index that the dense form does not address with. */
const REST_BITS = INDEX_BITS - PRECISION;
const HIGHEST_RANK = 64 - PRECISION + 1;
const HIGHEST_SPARSE_RANK = 64 - INDEX_BITS + 1;
const NIBBLE_ESCAPE = 15;
const SPARSE = 0;
const DENSE = 1;

export class HyperLogLog {
  #entries: Uint32Array = new Uint32Array(4);
  #count = 0;
  /** Place of an entry plus one, 0 where free; hashed by index. */
  #slots: Uint16Array = new Uint16Array(8);
  #registers: Uint8Array | undefined;
  #changed = false;
  /** The dense form as it is packed, kept up to date: packing it anew at every commit would cost more than counting. */
  #packed: Uint8Array | undefined;

  /** The entry of a hash, for adding it to several sketches. */
  static entry(low: number, high: number): number {
    // Three rounds of mixing: a hash whose low bits vary more than its high ones counts as well as any.
    const a = low ^ mix(high);
    const b = high ^ mix(a + 0x9e3779b9);
    const c = a ^ mix(b);
    const rest = b & ((1 << RANK_BITS) - 1);
    const rank = rest !== 0 ? Math.clz32(rest) - 32 + RANK_BITS + 1 : c !== 0 ? RANK_BITS + Math.clz32(c) + 1 : 39;
    return ((b & ~0x3f) | rank) >>> 0;
  }

  /** Whether something was added since `clearChanges`. */
  get changed(): boolean {
    return this.#changed;
  }

  clearChanges(): void {
    this.#changed = false;
  }

  add(low: number, high: number): void {
    this.addEntry(HyperLogLog.entry(low, high));
  }

  addEntry(entry: number): void {
    if (this.#registers) this.#raise(this.#registers, entry);
    else this.#keep(entry);
  }

  merge(other: HyperLogLog): void {
    const theirs = other.#registers;
    if (!theirs) {
      for (let place = 0; place < other.#count; place++) this.addEntry(other.#entries[place] as number);
      return;
    }
    const mine = this.#registers ?? this.#densify();
    for (let index = 0; index < REGISTERS; index++) {
      const rank = theirs[index] as number;
      if (rank <= (mine[index] as number)) continue;
      mine[index] = rank;
      this.#change();
    }
  }

  /** How many different hashes were added, rounded. */
  estimate(): number {
    if (!this.#registers) {
      const places = 2 ** INDEX_BITS;
      return Math.round(-places * Math.log1p(-this.#count / places));
    }
    return Math.round(estimateDense(this.#registers));
  }

  /** The registers as the dense form has them. */
  registers(): Uint8Array {
    if (this.#registers) return this.#registers.slice();
    const registers = new Uint8Array(REGISTERS);
    for (let place = 0; place < this.#count; place++) {
      const entry = this.#entries[place] as number;
      const index = entry >>> (32 - PRECISION);
      registers[index] = Math.max(registers[index] as number, rankOf(entry));
    }
    return registers;
  }

  write(writer: ByteWriter): void {
    if (this.#registers) {
      this.#packed ??= packDense(this.#registers);
      writer.bytes(this.#packed);
      return;
    }
    writer.byte(SPARSE);
    writer.varint(this.#count);
    writer.bytes(new Uint8Array(this.#entries.buffer, 0, this.#count * 4));
  }

  static read(reader: ByteReader): HyperLogLog {
    const sketch = new HyperLogLog();
    const form = reader.byte();
    if (form === SPARSE) sketch.#readSparse(reader);
    else if (form === DENSE) sketch.#registers = readDense(reader);
    else throw garbled('a sketch in it has no known form');
    sketch.#changed = false;
    return sketch;
  }

  #readSparse(reader: ByteReader): void {
    const count = reader.count();
    if (count > SPARSE_ENTRIES) throw garbled('a sketch in it is too long');
    const entries = new Uint32Array(reader.bytes(count * 4).slice().buffer);
    for (const entry of entries) {
      if ((entry & 63) === 0 || (entry & 63) > HIGHEST_SPARSE_RANK) throw garbled('a sketch in it has a wrong rank');
      this.#keep(entry);
    }
  }

  #keep(entry: number): void {
    const mask = this.#slots.length - 1;
    let slot = (Math.imul(entry >>> RANK_BITS, 0x9e3779b1) >>> 16) & mask;
    for (let place = this.#slots[slot] as number; place !== 0; place = this.#slots[slot] as number) {
      const held = this.#entries[place - 1] as number;
      if (held >>> RANK_BITS === entry >>> RANK_BITS) {
        if (entry <= held) return;
        this.#entries[place - 1] = entry;
        this.#change();
        return;
      }
      slot = (slot + 1) & mask;
    }
    this.#change();
    if (this.#count === SPARSE_ENTRIES) {
      this.#raise(this.#densify(), entry);
      return;
    }
    if (this.#count === this.#entries.length) {
      this.#grow();
      this.#keep(entry);
      return;
    }
    this.#entries[this.#count++] = entry;
    this.#slots[slot] = this.#count;
  }

  #grow(): void {
    const held = this.#entries;
    this.#entries = new Uint32Array(held.length * 2);
    this.#slots = new Uint16Array(held.length * 4);
    this.#count = 0;
    for (const entry of held) this.#keep(entry);
  }

  #densify(): Uint8Array {
    this.#registers = this.registers();
    this.#entries = new Uint32Array(0);
    this.#slots = new Uint16Array(0);
    this.#count = 0;
    this.#change();
    return this.#registers;
  }

  #raise(registers: Uint8Array, entry: number): void {
    const index = entry >>> (32 - PRECISION);
    const rank = rankOf(entry);
    if (rank <= (registers[index] as number)) return;
    registers[index] = rank;
    this.#changed = true;
    if (this.#packed && !patchDense(this.#packed, index, rank)) this.#packed = undefined;
  }

  #change(): void {
    this.#changed = true;
    this.#packed = undefined;
  }
}

function mix(value: number): number {
  let mixed = Math.imul(value ^ (value >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return mixed ^ (mixed >>> 16);
}

/** What the entry says of its register: the place of the first 1 behind the bits that address it. */
function rankOf(entry: number): number {
  const rest = (entry >>> RANK_BITS) & ((1 << REST_BITS) - 1);
  return rest !== 0 ? Math.clz32(rest) - 32 + REST_BITS + 1 : REST_BITS + (entry & 63);
}

/** Otmar Ertl, New cardinality estimation algorithms for HyperLogLog sketches, 2017, algorithm 6: no bias table needed. */
function estimateDense(registers: Uint8Array): number {
  const ranks = new Float64Array(HIGHEST_RANK + 1);
  for (const rank of registers) (ranks[rank] as number)++;
  let sum = REGISTERS * tau(1 - (ranks[HIGHEST_RANK] as number) / REGISTERS);
  for (let rank = HIGHEST_RANK - 1; rank >= 1; rank--) sum = 0.5 * (sum + (ranks[rank] as number));
  sum += REGISTERS * sigma((ranks[0] as number) / REGISTERS);
  return REGISTERS ** 2 / (2 * Math.LN2 * sum);
}

function sigma(start: number): number {
  if (start === 1) return Number.POSITIVE_INFINITY;
  let [x, y, z, before] = [start, 1, start, -1];
  while (z !== before) {
    x *= x;
    before = z;
    z += x * y;
    y += y;
  }
  return z;
}

function tau(start: number): number {
  if (start === 0 || start === 1) return 0;
  let [x, y, z, before] = [start, 1, 1 - start, -1];
  while (z !== before) {
    x = Math.sqrt(x);
    before = z;
    y *= 0.5;
    z -= (1 - x) ** 2 * y;
  }
  return z / 3;
}

/** Registers lie close together, so half a byte above the lowest says nearly all of them. */
function packDense(registers: Uint8Array): Uint8Array {
  let lowest = HIGHEST_RANK;
  for (let index = 0; index < REGISTERS; index++)
    if ((registers[index] as number) < lowest) lowest = registers[index] as number;
  const nibbles = new Uint8Array(REGISTERS / 2);
  const others: number[] = [];
  for (let index = 0; index < REGISTERS; index++) {
    let above = (registers[index] as number) - lowest;
    if (above >= NIBBLE_ESCAPE) {
      above = NIBBLE_ESCAPE;
      others.push(index);
    }
    nibbles[index >> 1] = (nibbles[index >> 1] as number) | (above << ((index & 1) * 4));
  }
  const writer = new ByteWriter();
  writer.byte(DENSE);
  writer.byte(lowest);
  writer.bytes(nibbles);
  writer.varint(others.length);
  for (const index of others) {
    writer.varint(index);
    writer.byte(registers[index] as number);
  }
  return writer.view().slice();
}

/** Writes one register into the packed form; answers false where it has no room for it. */
function patchDense(packed: Uint8Array, index: number, rank: number): boolean {
  const above = rank - (packed[1] as number);
  const at = 2 + (index >> 1);
  const shift = (index & 1) * 4;
  const held = packed[at] as number;
  if (above >= NIBBLE_ESCAPE || ((held >> shift) & NIBBLE_ESCAPE) === NIBBLE_ESCAPE) return false;
  packed[at] = (held & ~(NIBBLE_ESCAPE << shift)) | (above << shift);
  return true;
}

function readDense(reader: ByteReader): Uint8Array {
  const lowest = reader.byte();
  const nibbles = reader.bytes(REGISTERS / 2);
  const registers = new Uint8Array(REGISTERS);
  for (let index = 0; index < REGISTERS; index++)
    registers[index] = lowest + (((nibbles[index >> 1] as number) >> ((index & 1) * 4)) & NIBBLE_ESCAPE);
  for (let left = reader.count(); left > 0; left--) {
    const index = reader.varint();
    if (index >= REGISTERS) throw garbled('a sketch in it has no such register');
    registers[index] = reader.byte();
  }
  for (const rank of registers) if (rank > HIGHEST_RANK) throw garbled('a sketch in it has a wrong rank');
  return registers;
}
