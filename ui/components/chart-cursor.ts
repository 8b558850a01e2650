/** The cursor of a chart: which bucket is looked at, by pointer or by arrow keys, and what a reader hears of it. */
import type { ReactiveController, ReactiveControllerHost } from 'lit';

export class ChartCursor implements ReactiveController {
  readonly #host: ReactiveControllerHost;
  readonly #speak: (index: number) => string;
  #index: number | undefined;
  #said = '';

  /** `speak` is the readout of a bucket as text. */
  constructor(host: ReactiveControllerHost, speak: (index: number) => string) {
    this.#host = host;
    this.#speak = speak;
    host.addController(this);
  }

  hostConnected(): void {}

  hostDisconnected(): void {
    this.#index = undefined;
  }

  /** The bucket under the cursor, never beyond the last one. */
  indexOf(length: number): number | undefined {
    return this.#index === undefined ? undefined : Math.min(this.#index, length - 1);
  }

  /** The keyboard's readout; the pointer's is only shown. */
  get said(): string {
    return this.#said;
  }

  key(event: KeyboardEvent, length: number): void {
    if (event.key === 'Escape' && this.#index !== undefined) {
      // Escape closes this first; only the next one clears filters.
      event.stopPropagation();
      this.clear();
      return;
    }
    const at = this.#index ?? length - 1;
    const targets: Readonly<Record<string, number>> = {
      ArrowLeft: at - 1,
      ArrowRight: at + 1,
      Home: 0,
      End: length - 1,
    };
    const target = targets[event.key];
    if (target === undefined) return;
    event.preventDefault();
    const index = Math.max(0, Math.min(length - 1, target));
    this.#move(index, this.#speak(index));
  }

  /** Follows the pointer over a plot area. */
  point(event: PointerEvent, area: DOMRect | undefined, length: number): void {
    if (area === undefined || area.width === 0) return;
    const index = Math.floor(((event.clientX - area.left) / area.width) * length);
    this.#move(index >= 0 && index < length ? index : undefined, '');
  }

  clear(): void {
    this.#move(undefined, '');
  }

  #move(index: number | undefined, said: string): void {
    if (index === this.#index && said === this.#said) return;
    this.#index = index;
    this.#said = said;
    this.#host.requestUpdate();
  }
}
