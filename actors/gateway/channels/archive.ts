/** The `archive` channel: `store/..` how it stands as a whole, `<batch id>/..` the newest batches. */
import { pathOf } from '../../../protocol/channel.ts';
import type { ArchiveChanged, ArchiveStatus } from '../../../protocol/message.ts';
import type { Channel, Value } from './channel.ts';

const SHOWN_BATCHES = 50;
/** No batch has this id: theirs end in a number. */
const WHOLE = 'store';

type Shown = ArchiveChanged['batches'][number];

/** What it reads from: the link. */
type Source = { readonly status: ArchiveStatus | undefined; takeFresh(): readonly Shown[] };

export class ArchiveProjection {
  /** By id, with the fields that were put. */
  #shown = new Map<string, { readonly plannedAt: number; readonly fields: readonly string[] }>();

  project(source: Source, channel: Channel): void {
    const { status } = source;
    if (status !== undefined) {
      const { states, ...rest } = status;
      for (const [field, value] of Object.entries(rest)) channel.put(pathOf(WHOLE, field), value);
      for (const [state, value] of Object.entries(states)) channel.put(pathOf(WHOLE, 'states', state), value);
    }
    for (const batch of source.takeFresh()) this.#put(batch, channel);
    this.#forget(channel);
  }

  #put(batch: Shown, channel: Channel): void {
    const { id, ...row } = batch;
    for (const [field, value] of Object.entries(row)) channel.put(pathOf(id, field), value as Value | null);
    this.#shown.set(id, { plannedAt: batch.planned_at, fields: Object.keys(row) });
  }

  #forget(channel: Channel): void {
    if (this.#shown.size <= SHOWN_BATCHES) return;
    const oldest = [...this.#shown].sort(([, a], [, b]) => a.plannedAt - b.plannedAt);
    for (const [id, { fields }] of oldest.slice(0, oldest.length - SHOWN_BATCHES)) {
      for (const field of fields) channel.put(pathOf(id, field), null);
      this.#shown.delete(id);
    }
  }
}
