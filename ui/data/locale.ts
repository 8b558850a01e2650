/** Language, zone and currency of the page, observed by every element that shows words or money. */
import { type Language, type TextKey, translate } from './text.ts';

export class Locale {
  readonly #listeners = new Set<() => void>();
  #language: Language = 'en';
  #zone = 'America/Sao_Paulo';
  #currency = 'BRL';

  get language(): Language {
    return this.#language;
  }

  get zone(): string {
    return this.#zone;
  }

  get currency(): string {
    return this.#currency;
  }

  set(change: { language?: Language; zone?: string; currency?: string }): void {
    const { language = this.#language, zone = this.#zone, currency = this.#currency } = change;
    if (language === this.#language && zone === this.#zone && currency === this.#currency) return;
    this.#language = language;
    this.#zone = zone;
    this.#currency = currency;
    for (const listener of this.#listeners) listener();
  }

  text(key: TextKey, values?: Readonly<Record<string, string | number>>): string {
    return translate(this.#language, key, values);
  }

  subscribe(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}

/** There is one page, so there is one. */
export const locale = new Locale();
