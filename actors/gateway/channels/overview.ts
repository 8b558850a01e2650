/** The `overview` channel: totals since the beginning, this hour and the hour before. */
import { OVERALL, shown } from '../view/cubes.ts';
import { HOUR_MINUTES, MINUTE_MS } from '../view/span.ts';
import type { LiveView } from '../view/view.ts';
import type { Channel } from './channel.ts';

const HOUR_MEASURES = [
  'orders',
  'paid_orders',
  'items',
  'revenue',
  'approved',
  'failed',
  'refunds',
  'refund_amount',
] as const;
const HOUR_MS = HOUR_MINUTES * MINUTE_MS;

export function projectTotals(view: LiveView, channel: Channel): void {
  const totals = view.totals();
  channel.put('total/events', totals.events);
  channel.put('total/orders', totals.orders);
  channel.put('total/paid_orders', totals.paidOrders);
  channel.put('total/items', totals.items);
  channel.put('total/revenue', shown('revenue', totals.revenue));
  channel.put('total/late', totals.late);
  channel.put('total/dead', totals.dead);
}

/** Hours without a single event are left out: a zero would claim that somebody looked. */
export function projectHours(view: LiveView, channel: Channel): void {
  if (view.minute < 0) return;
  projectHour(view, channel, 'hour', view.minute);
  projectHour(view, channel, 'previous_hour', view.minute - HOUR_MS);
}

function projectHour(view: LiveView, channel: Channel, name: string, last: number): void {
  const { sum, any } = view.windows.overall.total(last - HOUR_MS + MINUTE_MS, last, MINUTE_MS);
  for (const measure of HOUR_MEASURES) {
    channel.put(`${name}/${measure}`, any ? shown(measure, sum[OVERALL.indexOf(measure)] as number) : null);
  }
}
