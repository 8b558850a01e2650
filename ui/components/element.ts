/**
 * What every element of the page starts from: drawn into the page itself (one set of styles, one reading order,
 * labels that may point anywhere) and drawn again when the language changes.
 */
import { LitElement } from 'lit';
import { locale } from '../data/locale.ts';
import type { TextKey } from '../data/text.ts';

export abstract class PlElement extends LitElement {
  #unsubscribe: (() => void) | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    this.#unsubscribe = locale.subscribe(() => this.requestUpdate());
  }

  override disconnectedCallback(): void {
    this.#unsubscribe?.();
    super.disconnectedCallback();
  }

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  protected text(key: TextKey, values?: Readonly<Record<string, string | number>>): string {
    return locale.text(key, values);
  }

  /** Tells whoever holds this element; properties go in, events come out. */
  protected emit(name: string, detail?: unknown): void {
    this.dispatchEvent(new CustomEvent(name, { detail, bubbles: true, composed: true }));
  }
}
