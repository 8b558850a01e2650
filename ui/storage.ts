/** What the browser keeps for the page. A browser that keeps nothing (private mode, blocked cookies) is no error. */

export function recall(area: 'localStorage' | 'sessionStorage', key: string): string | undefined {
  try {
    return window[area].getItem(key) ?? undefined;
  } catch {
    return undefined;
  }
}

/** Keeps a value, or forgets it. */
export function remember(area: 'localStorage' | 'sessionStorage', key: string, value: string | undefined): void {
  try {
    if (value === undefined) window[area].removeItem(key);
    else window[area].setItem(key, value);
  } catch {
    // It is asked for again on the next visit.
  }
}
