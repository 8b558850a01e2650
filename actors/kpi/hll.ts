/**
 * HyperLogLog of 64-bit hashes, 2^13 registers (standard error 1.15 %). Up to 1,024 entries it is a list of hashes cut
 * to 26 bits and their ranks, so small counts are as good as exact. Its state depends on the set of hashes alone: adding
 * and merging in any order and any grouping gives the same estimate.
 *
 * An entry is 32 bits: 26 bits of index, 6 bits of rank (place of the first 1 among the 38 bits after the index).
 * Packed: 0, count, entries | 1, registers (hll-registers.ts).
 */
import { type ByteReader, type ByteWriter, garbled } from './bytes.ts';
import {
  estimateRegisters,
  PRECISION,
  packRegisters,
  patchRegister,
  REGISTERS,
  readRegisters,
} from './hll-registers.ts';

const SPARSE_ENTRIES = 1024;
const INDEX_BITS = 26;
const RANK_BITS = 6;
/** Bits of the index that the dense form does not address with. */
const REST_BITS = INDEX_BITS - PRECISION;
const HIGHEST_SPARSE_RANK = 64 - INDEX_BITS + 1;
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

  get isEmpty(): boolean {
    return !this.#registers && this.#count === 0;
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
    return Math.round(estimateRegisters(this.#registers));
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
      this.#packed ??= packRegisters(this.#registers);
      writer.byte(DENSE);
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
    else if (form === DENSE) sketch.#registers = readRegisters(reader);
    else throw garbled('a sketch in it has no known form');
    sketch.#changed = false;
    return sketch;
  }

  #readSparse(reader: ByteReader): void {
    const count = reader.count();
    if (count > SPARSE_ENTRIES) throw garbled('a sketch in it is too long');
    let capacity = this.#entries.length;
    while (capacity < count) capacity *= 2;
    this.#makeRoom(capacity);
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
      const held = this.#entries;
      this.#makeRoom(held.length * 2);
      for (const each of held) this.#keep(each);
      this.#keep(entry);
      return;
    }
    this.#entries[this.#count++] = entry;
    this.#slots[slot] = this.#count;
  }

  /** Empties the list. */
  #makeRoom(entries: number): void {
    this.#entries = new Uint32Array(entries);
    this.#slots = new Uint16Array(entries * 2);
    this.#count = 0;
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
    if (this.#packed && !patchRegister(this.#packed, index, rank)) this.#packed = undefined;
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
