/**
 * A window as bytes that stand alone. Whole packs keep the numbers of texts and the order of cells, so a window that was
 * packed and read back goes on exactly as it would have.
 *
 *   u8 version, then sections: u8 tag, u32 length, payload
 *   tag 0x00 + dimension   texts (texts.ts)
 *   tag 0x40               names of the products, in the order of their texts
 *   tag 0x41               of a merged window: minutes in it, items missed (parts.ts)
 *   tag 0x80 + cube        number of measures, count of cells, per cell: ids of its texts, measures (all varints)
 *   tag 0xc0 + sketch      count, per sketch: id of its text, length, the sketch (hll.ts)
 *
 * A pack of changes has only the changed cells and sketches (absolute values) and the texts they name; a cell of zeros
 * in it says that the cell is gone.
 */
import { ByteWriter } from './bytes.ts';
import type { CellTable } from './cells.ts';
import {
  CUBE_NAMES,
  type CubeName,
  cubeOf,
  DIMENSION_NAMES,
  DIMENSIONS,
  type DimensionName,
  PAIR_IDS,
  SKETCH_NAMES,
  SKETCHES,
  type SketchName,
} from './cubes.ts';
import type { HyperLogLog } from './hll.ts';
import type { WindowParts } from './parts.ts';

export const VERSION = 1;
export const TAGS = { texts: 0x00, names: 0x40, merged: 0x41, cells: 0x80, sketch: 0xc0 } as const;

// Packing never nests and never waits, so one pair of buffers serves all windows of a thread.
const head = new ByteWriter();
const body = new ByteWriter();

/** Numbers of the texts inside a pack: counted from 0 as they come up. */
class LocalIds {
  readonly #locals = new Map<number, number>();

  of(id: number): number {
    let local = this.#locals.get(id);
    if (local === undefined) {
      local = this.#locals.size;
      this.#locals.set(id, local);
    }
    return local;
  }

  get used(): readonly number[] {
    return [...this.#locals.keys()];
  }
}

/** Those of a pack of changes, by dimension; a whole pack has none, as its texts keep their numbers. */
type Locals = Partial<Record<DimensionName, LocalIds>>;

export function packParts(parts: WindowParts, changesOnly: boolean): Uint8Array {
  head.reset();
  body.reset();
  head.byte(VERSION);
  if (!changesOnly) packMerged(parts);
  const locals: Locals | undefined = changesOnly ? {} : undefined;
  for (const cube of CUBE_NAMES) packCells(parts, cube, locals);
  for (const name of SKETCH_NAMES) packSketches(parts, name, locals);
  for (const dimension of DIMENSION_NAMES) if (dimension !== 'second') packTexts(parts, dimension, locals);
  head.bytes(body.view());
  return head.view().slice();
}

/** The seconds are the same everywhere, so they keep their numbers too. */
function localIds(locals: Locals | undefined, dimension: DimensionName | undefined): LocalIds | undefined {
  if (!locals || !dimension || dimension === 'second') return undefined;
  locals[dimension] ??= new LocalIds();
  return locals[dimension];
}

function section(writer: ByteWriter, tag: number, write: () => void): void {
  writer.byte(tag);
  const began = writer.beginLength();
  write();
  writer.endLength(began);
}

function packMerged({ minutes, missedItems }: WindowParts): void {
  if (missedItems === undefined) return;
  section(head, TAGS.merged, () => {
    head.varint(minutes);
    head.varint(missedItems);
  });
}

function packCells(parts: WindowParts, cube: CubeName, locals: Locals | undefined): void {
  const cells = parts.cellsIfAny(cube);
  if (!cells) return;
  const gone = cube === 'product' && locals ? goneProducts(parts).length : 0;
  const count = locals ? cells.changedCount : cells.count;
  if (count + gone === 0) return;
  const { code, dims } = cubeOf(cube);
  const first = localIds(locals, dims[0]);
  const second = localIds(locals, dims[1]);
  section(body, TAGS.cells + code, () => {
    body.varint(cells.width);
    body.varint(count + gone);
    for (let place = 0; place < count; place++) {
      const cell = locals ? cells.changed(place) : place;
      packKey(cells.key(cell), dims.length, first, second);
      packValues(cells, cell);
    }
    // The texts of what is gone come behind all others (packTexts): no sketch is kept by product.
    const behind = first?.used.length ?? 0;
    for (let place = 0; place < gone; place++) {
      body.varint(behind + place);
      for (let measure = 0; measure < cells.width; measure++) body.byte(0);
    }
  });
}

function packKey(key: number, dims: number, first: LocalIds | undefined, second: LocalIds | undefined): void {
  if (dims === 0) return;
  const id = dims === 1 ? key : key >>> 16;
  body.varint(first ? first.of(id) : id);
  if (dims === 1) return;
  const other = key & (PAIR_IDS - 1);
  body.varint(second ? second.of(other) : other);
}

function packValues({ values, width }: CellTable, cell: number): void {
  for (let at = cell * width; at < (cell + 1) * width; at++) body.varint(values[at] as number);
}

function goneProducts(parts: WindowParts): string[] {
  if (parts.goneProducts.size === 0) return [];
  const products = parts.texts('product');
  return [...parts.goneProducts].filter((product) => products.find(product) === undefined);
}

function packSketches(parts: WindowParts, name: SketchName, locals: Locals | undefined): void {
  const { code, dimension } = SKETCHES[name];
  const chosen: [number, HyperLogLog][] = [];
  parts.sketches(name).forEach((sketch, id) => {
    if (sketch && !sketch.isEmpty && (sketch.changed || !locals)) chosen.push([id, sketch]);
  });
  if (chosen.length === 0) return;
  const ids = localIds(locals, dimension);
  section(body, TAGS.sketch + code, () => {
    body.varint(chosen.length);
    for (const [id, sketch] of chosen) {
      body.varint(ids ? ids.of(id) : id);
      const began = body.beginLength();
      sketch.write(body);
      body.endLength(began);
    }
  });
}

function packTexts(parts: WindowParts, dimension: DimensionName, locals: Locals | undefined): void {
  const texts = parts.texts(dimension);
  const gone = dimension === 'product' && locals ? goneProducts(parts) : [];
  const used = locals?.[dimension]?.used ?? [];
  if (locals ? used.length + gone.length === 0 : texts.size === 0) return;
  section(head, TAGS.texts + DIMENSIONS[dimension].code, () =>
    locals ? texts.writeSome(head, used, gone) : texts.write(head),
  );
  const { names } = parts;
  if (dimension !== 'product' || names.size === 0) return;
  parts.nameProduct(texts.size - 1, names.texts[texts.size - 1] ?? '');
  section(head, TAGS.names, () => (locals ? names.writeSome(head, used) : names.write(head)));
}
