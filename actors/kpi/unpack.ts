/** Packed windows read back (pack.ts). The bytes may come from a damaged file, so nothing in them is taken on trust. */
import { ByteReader, garbled } from './bytes.ts';
import {
  CUBE_NAMES,
  type CubeName,
  cubeOf,
  DIMENSION_NAMES,
  DIMENSIONS,
  type DimensionName,
  pairKey,
  SKETCH_NAMES,
  SKETCHES,
  type SketchName,
} from './cubes.ts';
import { HyperLogLog } from './hll.ts';
import { TAGS, VERSION } from './pack.ts';
import type { WindowParts } from './parts.ts';
import { readTexts } from './texts.ts';

/** What to read of a packed window; everything where nothing is said. */
export type UnpackOptions = {
  readonly cubes?: readonly CubeName[];
  readonly sketches?: readonly SketchName[];
};

type Section = { readonly start: number; readonly end: number };

/** Reads a packed window into empty parts. */
export function unpackParts(parts: WindowParts, packed: Uint8Array, options: UnpackOptions = {}): void {
  const sections = readSections(packed);
  const cubes = options.cubes ?? CUBE_NAMES;
  const sketches = options.sketches ?? SKETCH_NAMES;
  const open = (tag: number): ByteReader | undefined => {
    const found = sections.get(tag);
    return found && new ByteReader(packed, found.start, found.end);
  };
  unpackMerged(parts, open(TAGS.merged));
  for (const dimension of dimensionsOf(cubes, sketches)) unpackTexts(parts, dimension, open);
  for (const cube of cubes) unpackCells(parts, cube, open(TAGS.cells + cubeOf(cube).code));
  for (const name of sketches) unpackSketches(parts, name, open(TAGS.sketch + SKETCHES[name].code));
  parts.clearChanges();
}

const KNOWN_TAGS = new Set([
  TAGS.names,
  TAGS.merged,
  ...DIMENSION_NAMES.map((name) => TAGS.texts + DIMENSIONS[name].code),
  ...CUBE_NAMES.map((name) => TAGS.cells + cubeOf(name).code),
  ...SKETCH_NAMES.map((name) => TAGS.sketch + SKETCHES[name].code),
]);

function readSections(packed: Uint8Array): Map<number, Section> {
  const reader = new ByteReader(packed);
  const version = reader.byte();
  if (version !== VERSION) throw garbled(`its version must be ${VERSION}: current value is ${version}`);
  const sections = new Map<number, Section>();
  while (reader.left > 0) {
    const tag = reader.byte();
    if (!KNOWN_TAGS.has(tag)) throw garbled('a part of it has no known tag');
    if (sections.has(tag)) throw garbled('a part of it comes twice');
    const length = reader.length();
    sections.set(tag, { start: reader.at, end: reader.at + length });
    reader.bytes(length);
  }
  return sections;
}

function dimensionsOf(cubes: readonly CubeName[], sketches: readonly SketchName[]): Set<DimensionName> {
  const dimensions = new Set<DimensionName>(cubes.flatMap((cube) => cubeOf(cube).dims));
  for (const name of sketches) {
    const { dimension } = SKETCHES[name];
    if (dimension) dimensions.add(dimension);
  }
  dimensions.delete('second');
  return dimensions;
}

type Open = (tag: number) => ByteReader | undefined;

function unpackMerged(parts: WindowParts, reader: ByteReader | undefined): void {
  if (!reader) return;
  parts.minutes = reader.varint();
  parts.missedItems = reader.varint();
}

function unpackTexts(parts: WindowParts, dimension: DimensionName, open: Open): void {
  const reader = open(TAGS.texts + DIMENSIONS[dimension].code);
  if (!reader) return;
  const texts = parts.texts(dimension);
  const all = readTexts(reader);
  for (const text of all) texts.intern(text);
  if (texts.size !== all.length) throw garbled('a text in it comes twice');
  const names = dimension === 'product' ? open(TAGS.names) : undefined;
  if (names) for (const [id, name] of readTexts(names).entries()) if (name !== '') parts.nameProduct(id, name);
  if (parts.names.size > parts.texts('product').size) throw garbled('it names products it does not have');
}

function unpackCells(parts: WindowParts, cube: CubeName, reader: ByteReader | undefined): void {
  if (!reader) return;
  const { dims } = cubeOf(cube);
  const cells = parts.cells(cube);
  const width = reader.varint();
  if (width > cells.width) throw garbled(`a cell of ${cube} has too many measures`);
  const sizes = dims.map((dimension) => parts.texts(dimension).size);
  const readId = (place: number): number => {
    const id = reader.varint();
    if (id >= (sizes[place] as number)) throw garbled(`a cell of ${cube} names a text that is not there`);
    return id;
  };
  const count = reader.count();
  cells.reserve(count);
  for (let cell = 0; cell < count; cell++) {
    const first = dims.length > 0 ? readId(0) : 0;
    const key = dims.length > 1 ? pairKey(first, readId(1)) : first;
    if (cells.at(key) !== cell) throw garbled(`a cell of ${cube} comes twice`);
    const { values } = cells;
    const at = cell * cells.width;
    for (let measure = 0; measure < width; measure++) values[at + measure] = reader.varint();
  }
}

function unpackSketches(parts: WindowParts, name: SketchName, reader: ByteReader | undefined): void {
  if (!reader) return;
  const { dimension } = SKETCHES[name];
  const sketches = parts.sketches(name);
  const size = dimension ? parts.texts(dimension).size : 1;
  for (let left = reader.count(); left > 0; left--) {
    const id = reader.varint();
    if (id >= size) throw garbled(`a sketch of ${name} names a text that is not there`);
    const length = reader.length();
    const end = reader.at + length;
    while (sketches.length <= id) sketches.push(undefined);
    sketches[id] = HyperLogLog.read(reader);
    if (reader.at !== end) throw garbled(`a sketch of ${name} has another length than it says`);
  }
}
