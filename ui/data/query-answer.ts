/** Answers of kpi/query as figures: rows of cells become rows with names. */
import type { Funnel, PanelName, PanelValues, PaymentRow, Point, Row, Sums } from './figures.ts';
import { paymentRow } from './live-select.ts';
import { GRANULARITY_MS, type Span } from './query-plan.ts';

type Cell = string | number | null;
type Named = Readonly<Record<string, Cell>>;
type Answer = { readonly columns: readonly { readonly name: string }[]; readonly rows: readonly (readonly Cell[])[] };

/** Reads the answer of one panel's query. */
export function readPanel<K extends PanelName>(panel: K, answer: unknown, span: Span): PanelValues[K] {
  const rows = nameCells(answer as Answer);
  const read: { [P in PanelName]: () => PanelValues[P] } = {
    totals: () => sums(rows[0] ?? {}),
    points: () => points(rows, span),
    states: () => dimension(rows, 'state'),
    categories: () => dimension(rows, 'category'),
    products: () => dimension(rows, 'product'),
    payments: () => payments(rows),
    segments: () => dimension(rows, 'segment'),
    funnel: () => funnel(rows),
  };
  return read[panel]() as PanelValues[K];
}

function nameCells({ columns, rows }: Answer): Named[] {
  return rows.map((cells) => Object.fromEntries(columns.map(({ name }, index) => [name, cells[index] ?? null])));
}

function figure(row: Named, name: string): number | undefined {
  const value = row[name];
  return value === null || value === undefined ? undefined : Number(value);
}

function sums(row: Named): Sums {
  return {
    orders: figure(row, 'total_orders') ?? 0,
    paid: figure(row, 'paid_orders'),
    revenue: figure(row, 'revenue') ?? figure(row, 'total_sales'),
    approved: figure(row, 'payments_approved'),
    failed: figure(row, 'payments_failed'),
    customers: figure(row, 'unique_customers'),
  };
}

/** Every bucket of the span in order; a bucket without a row had no event. */
function points(rows: readonly Named[], { from, to, granularity }: Span): Point[] {
  const step = GRANULARITY_MS[granularity];
  const byTime = new Map(rows.map((row) => [Number(row.minute), row]));
  const known = rows[0];
  const empty =
    known === undefined
      ? {}
      : Object.fromEntries(Object.keys(known).map((name) => [name, known[name] === null ? null : 0]));
  return Array.from({ length: Math.round((to - from) / step) }, (_, index) => {
    const at = from + index * step;
    return { at, ...sums(byTime.get(at) ?? empty) };
  });
}

function dimension(rows: readonly Named[], name: string): Row[] {
  return rows.map((row) => {
    const label = row.product_name ?? row.name;
    const paid = figure(row, 'paid_orders');
    return {
      key: String(row[name]),
      ...(typeof label === 'string' && label !== '' ? { name: label } : {}),
      ...(paid === undefined ? {} : { paid }),
      orders: figure(row, 'total_orders') ?? 0,
      items: figure(row, 'total_items') ?? 0,
      money: figure(row, 'revenue') ?? figure(row, 'total_sales') ?? 0,
      customers: figure(row, 'unique_customers') ?? 0,
    };
  });
}

function funnel(rows: readonly Named[]): Funnel {
  const count = (type: string) => figure(rows.find((row) => row.event_type === type) ?? {}, 'events') ?? 0;
  return { views: count('view'), carts: count('cart'), purchases: count('purchase') };
}

function payments(rows: readonly Named[]): PaymentRow[] {
  const byType = new Map<string, Record<string, number>>();
  for (const row of rows) {
    const type = String(row.payment_type);
    const statuses = byType.get(type) ?? {};
    statuses[String(row.payment_status)] = figure(row, 'total_orders') ?? 0;
    byType.set(type, statuses);
  }
  return [...byType].map(([key, statuses]) => paymentRow(key, statuses));
}
