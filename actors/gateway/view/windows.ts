/** The windows of the live view: what partitions tell about their minutes, kept as cubes over the newest of them. */
import { unpackWindow, type WindowState } from '../../kpi/window.ts';
import type { StoredWindow } from '../../ports/hot-store.ts';
import { OVERALL, placesOf, ROLLING, type RollingName, SECOND, SECONDS } from './cubes.ts';
import { Customers } from './customers.ts';
import { DenseMinutes } from './dense-minutes.ts';
import { RollingCube } from './rolling-cube.ts';
import { DETAIL_MINUTES, HOUR_MINUTES, MINUTE_MS, minuteOf, seriesFloor, TOTAL_MINUTES } from './span.ts';

const ROLLING_NAMES = Object.keys(ROLLING) as RollingName[];
/** Sketches are read when they are asked for (customers.ts). */
const READ = { cubes: ['overall', 'second', ...ROLLING_NAMES], sketches: [] } as const;
const READ_OLD = { cubes: ['overall', 'segment'], sketches: [] } as const;
const OVERALL_PLACES = placesOf('overall', OVERALL);
const SECOND_PLACES = placesOf('second', SECOND);
const ROLLING_PLACES = Object.fromEntries(
  ROLLING_NAMES.map((name) => [name, placesOf(name, ROLLING[name])]),
) as Readonly<Record<RollingName, number[]>>;

const isZero = (value: number) => value === 0;

/** Dimensions as one key: no text can forge the border. */
export function joinKeys(keys: readonly string[]): string {
  return keys.length === 1 ? (keys[0] as string) : keys.map((key) => `${key.length}:${key}`).join('');
}

export function splitKeys(joined: string): string[] {
  const keys: string[] = [];
  for (let at = 0; at < joined.length; ) {
    const colon = joined.indexOf(':', at);
    const end = colon + 1 + Number(joined.slice(at, colon));
    keys.push(joined.slice(colon + 1, end));
    at = end;
  }
  return keys;
}

export class Windows {
  readonly overall = new DenseMinutes(OVERALL.length);
  readonly seconds = new DenseMinutes(SECONDS * SECOND.length);
  readonly customers = new Customers();
  readonly rolling: Readonly<Record<RollingName, RollingCube>>;
  #productNames = new Map<string, string>();
  #toldAt = new Map<number, number>();
  #told = 0;
  #newest = Number.NEGATIVE_INFINITY;
  #newestOfAll = Number.NEGATIVE_INFINITY;

  constructor() {
    this.rolling = Object.fromEntries(
      ROLLING_NAMES.map((name) => [name, new RollingCube(ROLLING[name].length)]),
    ) as Readonly<Record<RollingName, RollingCube>>;
    this.rolling.product.onForget = (product) => this.#productNames.delete(product);
  }

  productName(product: string): string | undefined {
    return this.#productNames.get(product);
  }

  /** Takes what a partition tells of a window: all of it (`whole`), or the cells that changed. Values are absolute. */
  tell(partition: string, { start, packed }: StoredWindow, whole: boolean): void {
    const detailed = start >= this.#detailFrom();
    const window = unpackWindow(start, packed, detailed ? READ : READ_OLD);
    this.#tellDense(partition, window);
    if (detailed) {
      for (const name of ROLLING_NAMES) this.#tellRolling(partition, name, window, whole);
    }
    const segments = new Set<string>();
    window.forEach('segment', ([segment]) => void segments.add(segment as string));
    this.customers.tell(partition, start, packed, segments);
    this.#toldAt.set(start, ++this.#told);
  }

  /** Another number whenever the minute was told something. */
  versionOf(minute: number): number {
    return this.#toldAt.get(minute) ?? 0;
  }

  /** The newest minute of the orders is `newest` from now on, that of all topics `newestOfAll`. */
  moveTo(newest: number, newestOfAll: number): void {
    if (newest === this.#newest && newestOfAll === this.#newestOfAll) return;
    this.#newest = newest;
    this.#newestOfAll = newestOfAll;
    this.overall.dropBefore(newest - (TOTAL_MINUTES - 1) * MINUTE_MS);
    this.customers.dropBefore(newest - (TOTAL_MINUTES - 1) * MINUTE_MS);
    for (const start of this.#toldAt.keys()) if (start < newest - TOTAL_MINUTES * MINUTE_MS) this.#toldAt.delete(start);
    this.seconds.dropBefore(this.#secondsFrom());
    for (const name of ROLLING_NAMES) {
      this.rolling[name].setRange(newest - (HOUR_MINUTES - 1) * MINUTE_MS, newest);
      this.rolling[name].dropBefore(this.#detailFrom());
    }
  }

  clear(): void {
    this.#newest = Number.NEGATIVE_INFINITY;
    this.#newestOfAll = Number.NEGATIVE_INFINITY;
    this.overall.clear();
    this.seconds.clear();
    this.customers.clear();
    for (const name of ROLLING_NAMES) this.rolling[name].dropBefore(Number.POSITIVE_INFINITY);
  }

  #secondsFrom(): number {
    return minuteOf(seriesFloor(this.#newest, this.#newestOfAll));
  }

  #detailFrom(): number {
    return this.#newest - (DETAIL_MINUTES - 1) * MINUTE_MS;
  }

  #tellDense(partition: string, window: WindowState): void {
    window.forEach('overall', (_, values) => {
      const row = OVERALL_PLACES.map((place) => values[place] as number);
      this.overall.set(partition, window.start, 0, row);
    });
    if (window.start < this.#secondsFrom()) return;
    window.forEach('second', ([second], values) => {
      const row = SECOND_PLACES.map((place) => values[place] as number);
      this.seconds.set(partition, window.start, Number(second) * SECOND.length, row);
    });
  }

  #tellRolling(partition: string, name: RollingName, window: WindowState, whole: boolean): void {
    const cube = this.rolling[name];
    const places = ROLLING_PLACES[name];
    const told = new Set<string>();
    window.forEach(name, (keys, values) => {
      const key = joinKeys(keys);
      // A row of zeros says that the cell is gone.
      if (values.every(isZero)) return cube.remove(partition, window.start, key);
      cube.set(partition, window.start, key, values, places);
      if (whole) told.add(key);
      if (name === 'product') this.#nameProduct(window, key);
    });
    if (whole) cube.retain(partition, window.start, told);
  }

  #nameProduct(window: WindowState, product: string): void {
    const name = window.productName(product);
    if (name !== undefined) this.#productNames.set(product, name);
  }
}
