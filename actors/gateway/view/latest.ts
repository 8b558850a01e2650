/** The answer of /kpi/latest: the newest minute with data and the one before it, from memory. */
import { OVERALL, ROLLING, type RollingName, shown } from './cubes.ts';
import { MINUTE_MS, TOTAL_MINUTES } from './span.ts';
import type { LiveView } from './view.ts';

/** A partition without a new record for so long holds up no minute's completion. */
export const IDLE_MS = 30_000;
const FOLLOW_MS = 2_000;
/** Without any change the clock alone may complete a minute: look again after this. */
const CLOCK_MS = 1_000;

type Row = Readonly<Record<string, number>>;

type MinuteKpis = {
  readonly minute: number | null;
  readonly complete: boolean;
  readonly totals: Readonly<Record<string, number | null>>;
  readonly by_state: Readonly<Record<string, Row>>;
  readonly by_category: Readonly<Record<string, Row>>;
};

/**
 * The answer as JSON text, made once for each version of the view. The minute before hardly ever changes, so its half is
 * kept by itself.
 */
export class LatestKpis {
  #view: LiveView;
  #answer = { version: -1, until: 0, bytes: Buffer.alloc(0) };
  #askedAt = Number.NEGATIVE_INFINITY;
  #previous = { key: '', json: '' };

  constructor(view: LiveView) {
    this.#view = view;
  }

  /** The answer as it is now. */
  bytes(now: number): Buffer {
    this.#askedAt = now;
    return this.#made(now);
  }

  /** The view has changed: while somebody keeps asking, the answer is made before the next request comes. */
  follow(now: number): void {
    if (now - this.#askedAt < FOLLOW_MS && !this.#view.stale) this.#made(now);
  }

  #made(now: number): Buffer {
    const { version } = this.#view;
    if (this.#answer.version !== version || now >= this.#answer.until) {
      this.#answer = { version, until: now + CLOCK_MS, bytes: Buffer.from(this.#json(now)) };
    }
    return this.#answer.bytes;
  }

  #json(now: number): string {
    const view = this.#view;
    const minute = newestMinute(view);
    const head = {
      asOf: now,
      watermark: view.watermark < 0 ? null : view.watermark,
      version: view.version,
      ...minuteKpis(view, minute, now),
    };
    const previous = minute === null ? 'null' : this.#previousJson(minute - MINUTE_MS, now);
    return `${JSON.stringify(head).slice(0, -1)},"previous":${previous}}`;
  }

  #previousJson(minute: number, now: number): string {
    const key = `${minute} ${this.#view.windows.versionOf(minute)} ${isComplete(this.#view, minute, now)}`;
    if (key !== this.#previous.key) {
      this.#previous = { key, json: JSON.stringify(minuteKpis(this.#view, minute, now)) };
    }
    return this.#previous.json;
  }
}

/** Every partition that is not idle has passed the minute's end. */
export function isComplete(view: LiveView, minute: number, now: number): boolean {
  const end = minute + MINUTE_MS;
  return view.partitions().every(({ movedAt, watermark }) => now - movedAt >= IDLE_MS || watermark >= end);
}

function newestMinute(view: LiveView): number | null {
  if (view.minute < 0) return null;
  const { overall } = view.windows;
  for (let back = 0; back < TOTAL_MINUTES; back++) {
    const minute = view.minute - back * MINUTE_MS;
    if ((overall.get(minute)?.[OVERALL.indexOf('events')] ?? 0) > 0) return minute;
  }
  return null;
}

function minuteKpis(view: LiveView, minute: number | null, now: number): MinuteKpis {
  return {
    minute,
    complete: minute !== null && isComplete(view, minute, now),
    totals: totalsOf(view, minute),
    by_state: breakdown(view, 'state', minute),
    by_category: breakdown(view, 'category', minute),
  };
}

function totalsOf(view: LiveView, minute: number | null): MinuteKpis['totals'] {
  const row = minute === null ? undefined : view.windows.overall.get(minute);
  const value = (measure: (typeof OVERALL)[number]) => row?.[OVERALL.indexOf(measure)] ?? 0;
  const [paid, approved, failed] = [value('paid_orders'), value('approved'), value('failed')];
  return {
    events: value('events'),
    orders: value('orders'),
    paid_orders: paid,
    items: value('items'),
    sales: shown('sales', value('sales')),
    revenue: shown('revenue', value('revenue')),
    avg_order_value: paid === 0 ? null : Math.round(value('revenue') / paid) / 100,
    unique_customers: minute === null ? 0 : view.windows.customers.ofMinute(minute),
    payments_approved: approved,
    payments_failed: failed,
    payment_success_rate: approved + failed === 0 ? null : approved / (approved + failed),
    refunds: value('refunds'),
    refund_amount: shown('refund_amount', value('refund_amount')),
  };
}

function breakdown(view: LiveView, name: RollingName, minute: number | null): Readonly<Record<string, Row>> {
  if (minute === null) return {};
  const rows = [...view.windows.rolling[name].minute(minute)].map(([key, values]) => {
    const row = ROLLING[name].map((measure, place) => [measure, shown(measure, values[place] as number)] as const);
    return [key, Object.fromEntries(row)] as const;
  });
  // Object.fromEntries defines own properties, so that a key such as __proto__ stays an ordinary key.
  return Object.fromEntries(rows);
}
