/**
 * Figures as text. The region sets the digits (12.345,67 in both languages), the language the unit words.
 * Formatters are made once: making one costs sixty times what using it does.
 */
import type { Language } from './text.ts';

const REGION = 'pt-BR';
/** Shown where nothing was measured; never a zero that nobody counted. */
export const NONE = '–';
const MINUS = '−';
const UNITS: Record<Language, Record<'thousand' | 'million' | 'billion', string>> = {
  en: { thousand: 'k', million: 'M', billion: 'B' },
  'pt-BR': { thousand: 'mil', million: 'mi', billion: 'bi' },
};

const plain = Array.from(
  { length: 3 },
  (_, digits) => new Intl.NumberFormat(REGION, { minimumFractionDigits: digits, maximumFractionDigits: digits }),
);
const symbols = new Map<string, string>();
const clocks = new Map<string, Intl.DateTimeFormat>();

/** A figure in two parts, so that the unit word can be set smaller. */
export type Compact = { readonly text: string; readonly unit: string };

export function formatNumber(value: number, digits: 0 | 1 | 2 = 0): string {
  return (plain[digits] as Intl.NumberFormat).format(value).replace('-', MINUS);
}

export function currencySymbol(currency: string): string {
  let symbol = symbols.get(currency);
  if (symbol === undefined) {
    const parts = new Intl.NumberFormat(REGION, { style: 'currency', currency }).formatToParts(1);
    symbol = parts.find((part) => part.type === 'currency')?.value ?? currency;
    symbols.set(currency, symbol);
  }
  return symbol;
}

/** `R$ 1.234,56`. */
export function formatMoney(value: number, currency: string, digits: 0 | 2 = 2): string {
  return `${currencySymbol(currency)} ${formatNumber(value, digits)}`;
}

/** Three significant digits and a unit word from `from` upwards, all digits below. */
export function compactNumber(value: number, language: Language, from = 1_000_000): Compact {
  const size = Math.abs(value);
  if (size < from) return { text: formatNumber(value), unit: '' };
  const [divisor, unit] =
    size >= 1e9 ? [1e9, 'billion' as const] : size >= 1e6 ? [1e6, 'million' as const] : [1e3, 'thousand' as const];
  const scaled = value / divisor;
  const digits = Math.abs(scaled) >= 99.95 ? 0 : Math.abs(scaled) >= 9.995 ? 1 : 2;
  return { text: formatNumber(scaled, digits), unit: UNITS[language][unit] };
}

export function unitWord(language: Language, size: 'thousand' | 'million' | 'billion'): string {
  return UNITS[language][size];
}

/** A share of one as `97,4%`. */
export function formatShare(share: number, digits: 0 | 1 | 2 = 1): string {
  return `${formatNumber(share * 100, digits)}%`;
}

/** A relative change as `+10,4%`. */
export function formatChange(change: number): string {
  return `${change > 0 ? '+' : ''}${formatNumber(change * 100, 1)}%`;
}

/** A difference of shares as `+0,5 pp`. */
export function formatPoints(difference: number): string {
  return `${difference > 0 ? '+' : ''}${formatNumber(difference * 100, 1)} pp`;
}

/** `182 ms`, `0,8 s`, `48 s`, `12 min`, `3 h`, `2 d`. */
export function formatDuration(ms: number): string {
  if (ms < 1_000) return `${formatNumber(Math.max(0, ms))} ms`;
  return formatSeconds(ms);
}

/** The same from the second upwards: a lag under a second reads `0,8 s`. */
export function formatSeconds(ms: number): string {
  const seconds = Math.max(0, ms) / 1_000;
  if (seconds < 20) return `${formatNumber(seconds, 1)} s`;
  if (seconds < 120) return `${formatNumber(seconds)} s`;
  if (seconds < 7_200) return `${formatNumber(seconds / 60)} min`;
  if (seconds < 172_800) return `${formatNumber(seconds / 3_600)} h`;
  return `${formatNumber(seconds / 86_400)} d`;
}

function clock(zone: string, seconds: boolean): Intl.DateTimeFormat {
  const key = `${zone} ${seconds}`;
  let format = clocks.get(key);
  if (format === undefined) {
    format = new Intl.DateTimeFormat(REGION, {
      timeZone: zone,
      hour: '2-digit',
      minute: '2-digit',
      hourCycle: 'h23',
      ...(seconds ? { second: '2-digit' as const } : {}),
    });
    clocks.set(key, format);
  }
  return format;
}

/** `14:32:06` in the shop's zone. */
export function formatClock(at: number, zone: string): string {
  return clock(zone, true).format(at);
}

/** `14:32` in the shop's zone. */
export function formatMinute(at: number, zone: string): string {
  return clock(zone, false).format(at);
}
