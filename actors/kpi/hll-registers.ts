/**
 * The 2^13 registers of a HyperLogLog: what they say, and their bytes. Registers lie close together, so half a byte above
 * the lowest says nearly all of them.
 *
 *   u8 lowest register, half a byte a register (its rank minus the lowest; 15: see the list), list: count, (index, u8 rank)
 */
import { type ByteReader, ByteWriter, garbled } from './bytes.ts';

export const PRECISION = 13;
export const REGISTERS = 1 << PRECISION;
const HIGHEST_RANK = 64 - PRECISION + 1;
const NIBBLE_ESCAPE = 15;

/** Otmar Ertl, New cardinality estimation algorithms for HyperLogLog sketches, 2017, algorithm 6: no bias table needed. */
export function estimateRegisters(registers: Uint8Array): number {
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

export function packRegisters(registers: Uint8Array): Uint8Array {
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
export function patchRegister(packed: Uint8Array, index: number, rank: number): boolean {
  const above = rank - (packed[0] as number);
  const at = 1 + (index >> 1);
  const shift = (index & 1) * 4;
  const held = packed[at] as number;
  if (above >= NIBBLE_ESCAPE || ((held >> shift) & NIBBLE_ESCAPE) === NIBBLE_ESCAPE) return false;
  packed[at] = (held & ~(NIBBLE_ESCAPE << shift)) | (above << shift);
  return true;
}

export function readRegisters(reader: ByteReader): Uint8Array {
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
