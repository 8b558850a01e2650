/**
 * One lane of a chart on canvas: lines or columns over buckets, yesterday dashed behind. uPlot is fetched when the
 * first chart is drawn; axes, marks and cursor are not its business but the page's.
 */
import type uPlot from 'uplot';

export type PlotData = {
  readonly kind: 'line' | 'columns';
  /** One value a bucket; the last, unfinished one is left to the page. */
  readonly now: readonly (number | null)[];
  readonly before: readonly (number | null)[];
  readonly low: number;
  readonly high: number;
};

type Library = typeof uPlot;

let library: Promise<Library> | undefined;

/** Loads uPlot once. It formats with the browser's language when it loads and throws where that is no valid tag. */
export function loadPlotLibrary(): Promise<Library> {
  library ??= (async () => {
    try {
      Intl.getCanonicalLocales(navigator.language);
    } catch {
      Object.defineProperty(navigator, 'language', { value: 'en-US', configurable: true });
    }
    const [module] = await Promise.all([import('uplot'), import('uplot/dist/uPlot.min.css')]);
    return module.default;
  })();
  return library;
}

/** Dashes of yesterday's line, px. */
const DASH = [4, 3];
const LINE_WIDTH = 1.5;
const BEFORE_WIDTH = 1.25;
/** Share of a bucket's width that its column fills. */
const COLUMN = 0.84;

export class Plot {
  readonly #host: HTMLElement;
  readonly #chart: uPlot;
  readonly #observer: ResizeObserver;
  #data: PlotData;

  constructor(UPlot: Library, host: HTMLElement, data: PlotData) {
    this.#host = host;
    this.#data = data;
    this.#chart = new UPlot(this.#options(UPlot), aligned(data), host);
    this.#observer = new ResizeObserver(() => this.#resize());
    this.#observer.observe(host);
  }

  /** Draws only what changed: most ticks move the unfinished bucket alone. */
  set(data: PlotData): void {
    if (same(this.#data, data)) return;
    this.#data = data;
    this.#chart.setData(aligned(data));
  }

  /** Colours are read again, because the theme changed. */
  redraw(): void {
    this.#chart.redraw(true);
  }

  destroy(): void {
    this.#observer.disconnect();
    this.#chart.destroy();
  }

  #resize(): void {
    const { clientWidth: width, clientHeight: height } = this.#host;
    if (width > 0 && height > 0) this.#chart.setSize({ width, height });
  }

  #options(UPlot: Library): uPlot.Options {
    const { kind } = this.#data;
    const bars = UPlot.paths.bars;
    const columns = kind === 'columns' && bars !== undefined ? { paths: bars({ size: [COLUMN, 64] }) } : {};
    return {
      width: Math.max(1, this.#host.clientWidth),
      height: Math.max(1, this.#host.clientHeight),
      padding: [0, 0, 0, 0],
      cursor: { show: false },
      legend: { show: false },
      axes: [{ show: false }, { show: false }],
      scales: {
        x: { time: false, range: () => [-0.5, this.#data.now.length - 0.5] },
        y: { range: () => [this.#data.low, this.#data.high] },
      },
      series: [
        {},
        kind === 'columns'
          ? { ...columns, width: 0, fill: () => colour('--pl-series-bar'), points: { show: false } }
          : { stroke: () => colour('--pl-series-main'), width: LINE_WIDTH, points: { show: false } },
        {
          stroke: () => colour(kind === 'columns' ? '--pl-text-2' : '--pl-series-previous'),
          width: BEFORE_WIDTH,
          dash: DASH,
          points: { show: false },
        },
      ],
    };
  }
}

function colour(name: string): string {
  return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
}

function aligned({ now, before }: PlotData): uPlot.AlignedData {
  return [now.map((_, index) => index), [...now], before.length === 0 ? now.map(() => null) : [...before]];
}

function same(a: PlotData, b: PlotData): boolean {
  return a.low === b.low && a.high === b.high && equal(a.now, b.now) && equal(a.before, b.before);
}

function equal(a: readonly unknown[], b: readonly unknown[]): boolean {
  return a.length === b.length && a.every((value, index) => value === b[index]);
}
