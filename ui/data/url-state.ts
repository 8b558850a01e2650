/** What the address bar says about the view, read and written; what equals the default is left out. */
import { LANGUAGES, type Language } from './text.ts';

export const RANGES = ['15m', '1h', '6h', '24h'] as const;
export type Range = (typeof RANGES)[number];
export const RANGE_MS: Readonly<Record<Range, number>> = {
  '15m': 900_000,
  '1h': 3_600_000,
  '6h': 21_600_000,
  '24h': 86_400_000,
};

export type Theme = 'system' | 'light' | 'dark';

/** What is looked at. */
export type View = {
  readonly range: Range;
  readonly compare: boolean;
  readonly state: string | undefined;
  readonly category: string | undefined;
};

export const DEFAULT_VIEW: View = { range: '1h', compare: true, state: undefined, category: undefined };

export function readView(search: URLSearchParams): View {
  const range = RANGES.find((known) => known === search.get('range')) ?? DEFAULT_VIEW.range;
  return {
    range,
    compare: search.get('compare') !== 'off',
    state: search.get('uf') || undefined,
    category: search.get('category') || undefined,
  };
}

/** The same query with the view in it; everything else in it stays. */
export function writeView(search: URLSearchParams, view: View): URLSearchParams {
  const next = new URLSearchParams(search);
  const put = (name: string, value: string | undefined) => {
    if (value === undefined) next.delete(name);
    else next.set(name, value);
  };
  put('range', view.range === DEFAULT_VIEW.range ? undefined : view.range);
  put('compare', view.compare ? undefined : 'off');
  put('uf', view.state);
  put('category', view.category);
  return next;
}

/** The language that was asked for, else the one the browser speaks. */
export function pickLanguage(asked: string | null | undefined, browser: string): Language {
  const wanted = (asked || browser).toLowerCase();
  return wanted.startsWith('pt') ? 'pt-BR' : LANGUAGES[0];
}

export function pickTheme(asked: string | null | undefined): Theme {
  return asked === 'light' || asked === 'dark' ? asked : 'system';
}

/** The theme the button leads to: away from what is shown, to the other, back to the system's. */
export function nextTheme(theme: Theme, systemIsDark: boolean): Theme {
  if (theme === 'system') return systemIsDark ? 'light' : 'dark';
  const shownFirst = systemIsDark ? 'light' : 'dark';
  return theme === shownFirst ? (systemIsDark ? 'dark' : 'light') : 'system';
}
