/**
 * A window as bytes that stand alone. Whole packs keep the numbers of texts and the order of cells, so a window that was
 * packed and read back goes on exactly as it would have.
 *
 *   u8 version, then sections: u8 tag, u32 length, payload
 *   tag 0x00 + dimension   texts (texts.ts)
 *   tag 0x40               names of the products, in the order of their texts
 *   tag 0x80 + cube        number of measures, count of cells, per cell: ids of its texts, measures (all varints)
 *   tag 0xc0 + sketch      count, per sketch: id of its text, length, the sketch (hll.ts)
 *
 * A pack of changes has only the changed cells and sketches (absolute values) and the texts they name; a cell of zeros
 * in it says that the cell is gone.
 */
import { ByteReader, ByteWriter, garbled } from './bytes.ts';
import type { CellTable } from './cells.ts';
import {
  CUBE_NAMES,
  type CubeName,
  cubeOf,
  DIMENSION_NAMES,
  DIMENSIONS,
  type DimensionName,
  PAIR_IDS,
  pairKey,
  SKETCH_NAMES,
  SKETCHES,
  type SketchName,
} from './cubes.ts';
import { HyperLogLog } from './hll.ts';
import type { WindowParts } from './parts.ts';
import { readTexts } from './texts.ts';

const VERSION = 1;
const TEXTS = 0x00;
const NAMES = 0x40;
const CELLS = 0x80;
const SKETCH = 0xc0;

/** What to read of a packed window; everything where nothing is said. */
export type UnpackOptions = {
  readonly cubes?: readonly CubeName[];
  readonly sketches?: readonly SketchName[];
};

// Packing never nests and never waits, so one pair of buffers serves all windows of a thread.
const head = new ByteWriter();
const body = new ByteWriter();

/** Numbers of the texts inside a pack: their own, or counted from 0 as they come up. */
class LocalIds {
  readonly #locals = new Map<number, number>();
  readonly #dense: boolean;

  constructor(dense: boolean) {
    this.#dense = dense;
  }

  of(id: number): number {
    if (!this.#dense) return id;
    let local = this.#locals.get(id);
    if (local === undefined) {
      local = this.#locals.size;
      this.#locals.set(id, local);
    }
    return local;
  }

  get count(): number {
    return this.#locals.size;
  }

  get used(): readonly number[] {
    return [...this.#locals.keys()];
  }
}

export function packParts(parts: WindowParts, changesOnly: boolean): Uint8Array {
  head.reset();
  body.reset();
  head.byte(VERSION);
  const ids = new Map(DIMENSION_NAMES.map((name) => [name, new LocalIds(changesOnly)] as const));
  const idsOf = (dimension: DimensionName) => ids.get(dimension) as LocalIds;
  for (const cube of CUBE_NAMES) packCells(parts, cube, changesOnly, idsOf);
  for (const name of SKETCH_NAMES) packSketches(parts, name, changesOnly, idsOf);
  for (const dimension of DIMENSION_NAMES)
    if (dimension !== 'second') packTexts(parts, dimension, changesOnly, idsOf(dimension));
  head.bytes(body.view());
  return head.view().slice();
}

function section(writer: ByteWriter, tag: number, write: () => void): void {
  writer.byte(tag);
  const began = writer.beginLength();
  write();
  writer.endLength(began);
}

type IdsOf = (dimension: DimensionName) => LocalIds;

function packCells(parts: WindowParts, cube: CubeName, changesOnly: boolean, idsOf: IdsOf): void {
  const cells = parts.cellsIfAny(cube);
  const gone = cube === 'product' && changesOnly ? goneProducts(parts).length : 0;
  const count = changesOnly ? (cells?.changedCount ?? 0) : (cells?.count ?? 0);
  if (!cells || count + gone === 0) return;
  const { code, dims } = cubeOf(cube);
  const locals = dims.map((dimension) => (dimension === 'second' ? new LocalIds(false) : idsOf(dimension)));
  section(body, CELLS + code, () => {
    body.varint(cells.width);
    body.varint(count + gone);
    for (let place = 0; place < count; place++) packCell(cells, changesOnly ? cells.changed(place) : place, locals);
    // The texts of what is gone come behind all others (packTexts): no sketch is kept by product.
    const first = locals[0]?.count ?? 0;
    for (let place = 0; place < gone; place++) {
      body.varint(first + place);
      for (let measure = 0; measure < cells.width; measure++) body.byte(0);
    }
  });
}

function packCell(cells: CellTable, cell: number, locals: readonly LocalIds[]): void {
  const key = cells.key(cell);
  const [first, second] = locals;
  if (first && second) {
    body.varint(first.of(key >>> 16));
    body.varint(second.of(key & (PAIR_IDS - 1)));
  } else if (first) body.varint(first.of(key));
  const { values, width } = cells;
  for (let at = cell * width; at < (cell + 1) * width; at++) body.varint(values[at] as number);
}

function goneProducts(parts: WindowParts): string[] {
  if (parts.goneProducts.size === 0) return [];
  const products = parts.texts('product');
  return [...parts.goneProducts].filter((product) => products.find(product) === undefined);
}

function packSketches(parts: WindowParts, name: SketchName, changesOnly: boolean, idsOf: IdsOf): void {
  const { code, dimension } = SKETCHES[name];
  const chosen: [number, HyperLogLog][] = [];
  parts.sketches(name).forEach((sketch, id) => {
    if (sketch && (sketch.changed || !changesOnly)) chosen.push([id, sketch]);
  });
  if (chosen.length === 0) return;
  section(body, SKETCH + code, () => {
    body.varint(chosen.length);
    for (const [id, sketch] of chosen) {
      body.varint(dimension ? idsOf(dimension).of(id) : 0);
      const began = body.beginLength();
      sketch.write(body);
      body.endLength(began);
    }
  });
}

function packTexts(parts: WindowParts, dimension: DimensionName, changesOnly: boolean, ids: LocalIds): void {
  const texts = parts.texts(dimension);
  const whole = !changesOnly;
  const gone = dimension === 'product' && changesOnly ? goneProducts(parts) : [];
  const used = ids.used;
  if (whole ? texts.size === 0 : used.length + gone.length === 0) return;
  section(head, TEXTS + DIMENSIONS[dimension].code, () =>
    whole ? texts.write(head) : texts.writeSome(head, used, gone),
  );
  const { names } = parts;
  if (dimension !== 'product' || names.size === 0) return;
  parts.nameProduct(texts.size - 1, names.texts[texts.size - 1] ?? '');
  section(head, NAMES, () => (whole ? names.write(head) : names.writeSome(head, used)));
}

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
  for (const dimension of dimensionsOf(cubes, sketches)) unpackTexts(parts, dimension, open);
  for (const cube of cubes) unpackCells(parts, cube, open(CELLS + cubeOf(cube).code));
  for (const name of sketches) unpackSketches(parts, name, open(SKETCH + SKETCHES[name].code));
  parts.clearChanges();
}

const KNOWN_TAGS = new Set([
  NAMES,
  ...DIMENSION_NAMES.map((name) => TEXTS + DIMENSIONS[name].code),
  ...CUBE_NAMES.map((name) => CELLS + cubeOf(name).code),
  ...SKETCH_NAMES.map((name) => SKETCH + SKETCHES[name].code),
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

function unpackTexts(parts: WindowParts, dimension: DimensionName, open: Open): void {
  const reader = open(TEXTS + DIMENSIONS[dimension].code);
  if (!reader) return;
  const texts = parts.texts(dimension);
  const all = readTexts(reader);
  for (const text of all) texts.intern(text);
  if (texts.size !== all.length) throw garbled('a text in it comes twice');
  const names = dimension === 'product' ? open(NAMES) : undefined;
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
  const count = reader.varint();
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
