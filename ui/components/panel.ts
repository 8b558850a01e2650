/**
 * What every panel of the Live page has in common: its figures, yesterday's, and the five states it can be in.
 * A panel that cannot draw its figures says so in its own card; its neighbours go on.
 * @fires retry when the reader asks for another try; widen for a longer range
 */
import type { TemplateResult } from 'lit';
import { figuresOf, LOADING, type Panel } from '../data/figures.ts';
import { type CardOptions, cardView, errorView, skeletonView, stateView } from './card.ts';
import { PlElement } from './element.ts';

/** What all panels are told about the moment. */
export type PanelContext = {
  /** Nothing was counted in the range. */
  readonly empty: boolean;
  /** Event time as text, shown on cards whose figures are stale. */
  readonly asOf: string | undefined;
  /** Share of the span that has passed, by which yesterday's sums are cut. */
  readonly elapsed: number;
  /** What the page is filtered by, for the sentence of a panel that cannot follow. */
  readonly filteredBy: 'state' | 'category' | undefined;
  /** The range in words. */
  readonly range: string;
};

export const NO_CONTEXT: PanelContext = { empty: false, asOf: undefined, elapsed: 1, filteredBy: undefined, range: '' };

export type PanelShape = CardOptions & {
  readonly skeleton: 'list' | 'table' | 'chart' | TemplateResult;
  readonly lead?: boolean;
};

export abstract class PlPanel<T> extends PlElement {
  static override properties = {
    panel: { attribute: false },
    yesterday: { attribute: false },
    context: { attribute: false },
  };
  declare panel: Panel<T>;
  declare yesterday: Panel<T> | undefined;
  declare context: PanelContext;

  constructor() {
    super();
    this.panel = LOADING;
    this.context = NO_CONTEXT;
  }

  protected get value(): T | undefined {
    return figuresOf(this.panel);
  }

  protected get previous(): T | undefined {
    return this.yesterday === undefined ? undefined : figuresOf(this.yesterday);
  }

  /** A sum of yesterday's, cut to the part of the span that has passed today. */
  protected expected(value: number | undefined): number | undefined {
    return value === undefined ? undefined : value * this.context.elapsed;
  }

  /** The card with figures in it, or with what stands in for them. */
  protected card(shape: PanelShape, draw: (value: T) => TemplateResult): TemplateResult {
    const { asOf } = this.context;
    const { tools, foot, ...rest } = shape;
    const bare: CardOptions = shape.skeleton === 'list' ? { ...rest, body: '' } : rest;
    switch (this.panel.kind) {
      case 'loading':
        return cardView(
          { ...bare, busy: true },
          typeof shape.skeleton === 'string' ? skeletonView(shape.skeleton) : shape.skeleton,
        );
      case 'failed':
        return cardView(
          bare,
          errorView(this.panel.why, () => this.emit('retry')),
        );
      case 'absent':
        return cardView({ ...bare, minHeight: 120 }, this.#absent());
      case 'ready':
        if (this.context.empty) return cardView(bare, this.#empty(shape.lead === true));
        return this.#drawn({ ...rest, tools, foot, asOf }, bare, () => draw((this.panel as { value: T }).value));
    }
  }

  #drawn(shape: CardOptions, bare: CardOptions, draw: () => TemplateResult): TemplateResult {
    try {
      return cardView(shape, draw());
    } catch (thrown) {
      const why = thrown instanceof Error ? thrown.message : String(thrown);
      return cardView(
        bare,
        errorView(why, () => this.requestUpdate()),
      );
    }
  }

  #absent(): TemplateResult {
    const what = this.text(this.context.filteredBy === 'category' ? 'what.category' : 'what.state');
    return stateView({
      kind: 'empty',
      title: this.text('state.notHere'),
      why: this.text('state.notHereWhy', { what }),
    });
  }

  #empty(lead: boolean): TemplateResult {
    if (!lead) return stateView({ kind: 'empty', title: this.text('state.nothing') });
    return stateView({
      kind: 'empty',
      title: this.text('state.waiting'),
      why: this.text('state.waitingWhy'),
      button: this.text('state.widen'),
      press: () => this.emit('widen'),
    });
  }
}
