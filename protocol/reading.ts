/** Events as rows: what a dialect makes of parsed JSON, before it becomes columns. Money is in cents, times in ms. */
import type { Problem } from './fields.ts';

export const UNKNOWN = 'unknown';

export type ItemRow = {
  readonly product: string;
  readonly name: string | undefined;
  readonly category: string;
  readonly quantity: number;
  readonly price: number;
};

export type OrderRow = {
  readonly kind: 'order';
  readonly time: number;
  readonly order: string;
  readonly customer: string;
  readonly state: string;
  readonly segment: string;
  readonly paymentType: string;
  readonly paymentStatus: string;
  readonly items: readonly ItemRow[];
  readonly shipping: number;
  readonly payment: number;
  readonly warehouse: string;
  readonly courier: string;
};

export type DeliveryRow = {
  readonly kind: 'delivery';
  readonly time: number;
  readonly order: string;
  readonly status: string;
  readonly expected: number | undefined;
  readonly actual: number | undefined;
  readonly state: string;
  readonly warehouse: string;
  readonly courier: string;
};

export type RefundRow = {
  readonly kind: 'refund';
  readonly time: number;
  readonly order: string;
  readonly amount: number;
  readonly state: string;
  readonly reason: string;
};

export type RestockRow = {
  readonly kind: 'restock';
  readonly time: number;
  readonly warehouse: string;
  readonly product: string;
  readonly quantity: number;
};

export type ClickRow = {
  readonly kind: 'click';
  readonly time: number;
  readonly eventType: string;
  readonly product: string;
  readonly category: string;
  readonly brand: string;
  readonly price: number | undefined;
  /** Undefined when the click names none; it then counts as `unknown` and has no key. */
  readonly user: string | undefined;
  readonly session: string;
};

export type EventRow = OrderRow | DeliveryRow | RefundRow | RestockRow | ClickRow;

/** One event: its row, and for some dialects a second one that came with it. Or why it cannot be read. */
export type Reading =
  | { readonly rows: readonly [EventRow, ...EventRow[]]; readonly problem?: undefined }
  | { readonly problem: Problem; readonly rows?: undefined };

/** The id that decides the partition of an event; undefined when it has none. */
export function keyOf(row: EventRow): string | undefined {
  switch (row.kind) {
    case 'order':
    case 'delivery':
    case 'refund':
      return row.order;
    case 'restock':
      return row.product;
    case 'click':
      return row.user;
  }
}
