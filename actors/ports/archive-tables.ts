/**
 * The tables of the archive, column by column: what the Parquet writers write and the catalog tells other tools. Both
 * read this one list, so they cannot differ. The day is no column: it stands in the folder's name, `order_date=..`.
 */

/** `time`: an instant in milliseconds; `long`: money in cents, offsets and counts; `real`: for people, never summed. */
export type ArchiveColumnType = 'text' | 'int' | 'long' | 'time' | 'real' | 'flag';

export type ArchiveColumn = {
  readonly name: string;
  readonly type: ArchiveColumnType;
  /** May be null. */
  readonly optional?: true;
};

export const DAY_COLUMN = 'order_date';

/**
 * One row an order item; an order without items is one row of `item_no` 0 whose item columns are null. `element` is the
 * order's place in a record that holds an array, -1 elsewhere; `mark` says `late` or `duplicate` of an order that is
 * kept and was not counted.
 */
const ORDER_COLUMNS: readonly ArchiveColumn[] = [
  { name: 'order_id', type: 'text' },
  { name: 'order_time', type: 'time' },
  { name: 'customer_id', type: 'text' },
  { name: 'customer_state', type: 'text' },
  { name: 'segment', type: 'text' },
  { name: 'payment_type', type: 'text' },
  { name: 'payment_status', type: 'text' },
  { name: 'payment_value_cents', type: 'long' },
  { name: 'shipping_cents', type: 'long' },
  { name: 'warehouse_id', type: 'text' },
  { name: 'courier_id', type: 'text' },
  { name: 'item_no', type: 'int' },
  { name: 'item_count', type: 'int' },
  { name: 'product_id', type: 'text', optional: true },
  { name: 'category', type: 'text', optional: true },
  { name: 'quantity', type: 'int', optional: true },
  { name: 'price_cents', type: 'long', optional: true },
  { name: 'topic', type: 'text' },
  { name: 'partition', type: 'int' },
  { name: 'offset', type: 'long' },
  { name: 'element', type: 'int' },
  { name: 'mark', type: 'text', optional: true },
];

const KPI_MINUTE_COLUMNS: readonly ArchiveColumn[] = [
  { name: 'minute', type: 'time' },
  { name: 'customer_state', type: 'text' },
  { name: 'product_category', type: 'text' },
  { name: 'total_orders', type: 'long' },
  { name: 'total_items', type: 'long' },
  { name: 'total_sales_cents', type: 'long' },
  { name: 'total_sales', type: 'real' },
  { name: 'avg_order_value', type: 'real', optional: true },
  { name: 'rev', type: 'long' },
  { name: 'final', type: 'flag' },
];

export const ARCHIVE_TABLES = { orders: ORDER_COLUMNS, kpi_minute: KPI_MINUTE_COLUMNS } as const;

export type ArchiveTable = keyof typeof ARCHIVE_TABLES;
