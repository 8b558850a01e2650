/**
 * What a store shows to people and their tools, made from what is committed. It may lag and never holds up a commit; readers
 * of the other ports see what is committed all the same.
 */

/** A minute of one state and one category, as `kpi_minute` shows it; money in currency units. */
export type KpiMinuteRow = {
  readonly customer_state: string;
  readonly product_category: string;
  readonly total_orders: number;
  readonly paid_orders: number;
  readonly total_items: number;
  readonly total_sales: number;
  readonly avg_order_value: number | null;
};

export type ProjectionOptions = {
  /** The rows of a minute, from its packed windows of all topic-partitions. */
  readonly fold: (start: number, packed: readonly Uint8Array[]) => readonly KpiMinuteRow[];
  /** No event changes a window any more that ends this long before the watermark. */
  readonly latenessMs: number;
  /** Lets other work in. */
  readonly nextTurn: () => Promise<unknown>;
};

/** Commits that have not come to all projections of the topic-partitions this process owns. */
export type Backlog = { readonly commits: number; readonly bytes: number; readonly oldestMs: number };

export interface Projection {
  readonly name: string;
  /** The least time between two steps: what changes meanwhile is written once. */
  readonly restMs: number;
  /** A slice of work; answers how many documents it wrote, and whether more is waiting. */
  step(): Promise<{ readonly written: number; readonly more: boolean }>;
}

/** All projections of a store; each goes at its own pace. */
export interface Projector {
  readonly projections: readonly Projection[];
  backlog(): Promise<Backlog>;
  close(): Promise<void>;
}
