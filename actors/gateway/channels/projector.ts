/**
 * Puts what the live view holds into the channels, once a tick. What is cheap follows every change; unions of
 * sketches and rankings follow at most four times a second.
 */
import { pathOf } from '../../../protocol/channel.ts';
import { HourOfCustomers } from '../view/customers.ts';
import { HOUR_MINUTES, MINUTE_MS } from '../view/span.ts';
import type { LiveView } from '../view/view.ts';
import { BREAKDOWN_NAMES, BREAKDOWNS, Breakdown } from './breakdowns.ts';
import type { Hub } from './hub.ts';
import { projectHours, projectTotals } from './overview.ts';
import { ProductsProjection } from './products.ts';
import { MinutesProjection, SeriesProjection } from './time-series.ts';

/** Least time between two unions of an hour's sketches: half a megabyte is read for each. */
export const SLOW_MS = 250;

const PROJECTED = ['overview', 'series', 'minutes', 'products', ...BREAKDOWN_NAMES] as const;

export class Projector {
  #view: LiveView;
  #hub: Hub;
  #series = new SeriesProjection();
  #minutes = new MinutesProjection();
  #products = new ProductsProjection();
  #breakdowns = BREAKDOWN_NAMES.map((name) => [name, new Breakdown(BREAKDOWNS[name])] as const);
  #version = -1;
  #slowAt = Number.NEGATIVE_INFINITY;
  #slowVersion = -1;
  #segments = new Set<string>();
  #hour = new HourOfCustomers(HOUR_MINUTES);
  #hourBefore = new HourOfCustomers(HOUR_MINUTES);

  constructor(view: LiveView, hub: Hub) {
    this.#view = view;
    this.#hub = hub;
    this.#setOpen(false);
  }

  /** A view that waits for its snapshot is not shown: values would seem to fall. */
  project(now: number): void {
    const view = this.#view;
    if (view.stale) return;
    if (view.version !== this.#version) this.#projectFast();
    this.#version = view.version;
    if (this.#slowVersion === view.version || now - this.#slowAt < SLOW_MS) return;
    this.#slowVersion = view.version;
    this.#slowAt = now;
    this.#projectSlow();
    this.#setOpen(true);
  }

  #setOpen(open: boolean): void {
    for (const name of PROJECTED) this.#hub.channel(name).open = open;
  }

  #projectFast(): void {
    const view = this.#view;
    const { windows } = view;
    projectTotals(view, this.#hub.channel('overview'));
    projectHours(view, this.#hub.channel('overview'));
    this.#series.project(view, this.#hub.channel('series'));
    this.#minutes.project(view, this.#hub.channel('minutes'));
    for (const [name, breakdown] of this.#breakdowns) breakdown.project(windows, this.#hub.channel(name));
  }

  #projectSlow(): void {
    const view = this.#view;
    this.#products.project(view.windows, this.#hub.channel('products'));
    for (const [name, breakdown] of this.#breakdowns) {
      breakdown.projectFolded(view.windows, this.#hub.channel(name));
    }
    if (view.minute < 0) return;
    this.#projectCustomers();
  }

  #projectCustomers(): void {
    const { minute, windows } = this.#view;
    const { customers } = windows;
    const hour = this.#hour.estimates(customers, minute, customers.changed);
    const before = this.#hourBefore.estimates(customers, minute - HOUR_MINUTES * MINUTE_MS, customers.changed);
    this.#minutes.projectCustomers(this.#view, this.#hub.channel('minutes'));
    customers.changed.clear();
    const overview = this.#hub.channel('overview');
    overview.put(
      'hour/unique_customers',
      overview.get('hour/orders') === undefined ? null : (hour.get(undefined) ?? 0),
    );
    const wasAny = overview.get('previous_hour/orders') !== undefined;
    overview.put('previous_hour/unique_customers', wasAny ? (before.get(undefined) ?? 0) : null);
    const segments = this.#hub.channel('segments');
    for (const segment of this.#segments)
      if (!hour.has(segment)) segments.put(pathOf(segment, 'unique_customers'), null);
    this.#segments = new Set([...hour.keys()].filter((group) => group !== undefined));
    for (const segment of this.#segments) {
      const listed = segments.get(pathOf(segment, 'orders')) !== undefined;
      segments.put(pathOf(segment, 'unique_customers'), listed ? (hour.get(segment) ?? 0) : null);
    }
  }
}
