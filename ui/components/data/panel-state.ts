/** What stands in a card of the Data page: an answer, that it is on its way, or why there is none. */
import type { TemplateResult } from 'lit';
import { type CardOptions, cardView, errorView, skeletonView } from '../card.ts';

export type Part<T> =
  | { readonly kind: 'loading' }
  | { readonly kind: 'failed'; readonly why: string }
  | { readonly kind: 'ready'; readonly value: T };

export const LOADING = { kind: 'loading' } as const;

/** `inset` puts padding around what is no table, in a card whose body has none. */
export function partView<T>(
  part: Part<T>,
  card: CardOptions,
  options: {
    readonly retry: () => void;
    readonly draw: (value: T) => CardOptions & { readonly content: TemplateResult };
  },
): TemplateResult {
  if (part.kind === 'loading') return cardView({ ...card, busy: true }, skeletonView('list'));
  if (part.kind === 'failed') return cardView(card, errorView(part.why, options.retry));
  const { content, ...drawn } = options.draw(part.value);
  return cardView(drawn, content);
}
