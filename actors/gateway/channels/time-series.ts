/** The `series` and `minutes` channels: points of event time that come, change and expire. */
import { isMoney, OVERALL, SECOND, SECONDS, shown } from '../view/cubes.ts';
import type { DenseMinutes } from '../view/dense-minutes.ts';
import { HOUR_MINUTES, MINUTE_MS, seriesFloor } from '../view/span.ts';
import type { LiveView } from '../view/view.ts';
import type { Channel } from './channel.ts';

const SECOND_MS = 1_000;
const MINUTE_MEASURES = ['orders', 'paid_orders', 'items', 'revenue', 'approved', 'failed'] as const;

/** Seconds with something in them. */
export class SeriesProjection {
  #shown = new Set<number>();
  #floor = Number.NaN;

  project(view: LiveView, channel: Channel): void {
    const { seconds } = view.windows;
    const floor = seriesFloor(view.watermark, view.newestOfAll);
    if (floor !== this.#floor) this.#expire(floor, channel);
    this.#floor = floor;
    for (const minute of seconds.changed) this.#putMinute(minute, seconds, channel);
    seconds.changed.clear();
  }

  #expire(floor: number, channel: Channel): void {
    for (const second of this.#shown) {
      if (second > floor) continue;
      for (const measure of SECOND) channel.put(`${second}/${measure}`, null);
      this.#shown.delete(second);
    }
  }

  #putMinute(minute: number, seconds: DenseMinutes, channel: Channel): void {
    const row = seconds.get(minute);
    for (let place = 0; place < SECONDS; place++) {
      const second = minute + place * SECOND_MS;
      const at = place * SECOND.length;
      const live = second > this.#floor && row?.subarray(at, at + SECOND.length).some((value) => value !== 0);
      if (!live && !this.#shown.has(second)) continue;
      for (const [measure, name] of SECOND.entries()) {
        channel.put(`${second}/${name}`, live ? shown(name, row?.[at + measure] as number) : null);
      }
      if (live) this.#shown.add(second);
      else this.#shown.delete(second);
    }
  }
}

/** Minutes with data, over the hour that ends with the watermark's minute. */
export class MinutesProjection {
  #shown = new Set<number>();

  project(view: LiveView, channel: Channel): void {
    const { overall } = view.windows;
    const first = view.minute - (HOUR_MINUTES - 1) * MINUTE_MS;
    for (const minute of this.#shown) {
      if (minute < first || minute > view.minute || overall.get(minute) === undefined) this.#remove(minute, channel);
    }
    for (let minute = first; minute <= view.minute; minute += MINUTE_MS) {
      const row = overall.get(minute);
      if (row === undefined || (this.#shown.has(minute) && !overall.changed.has(minute))) continue;
      this.#shown.add(minute);
      for (const measure of MINUTE_MEASURES) {
        const value = row[OVERALL.indexOf(measure)] as number;
        channel.put(`${minute}/${measure}`, isMoney(measure) ? shown(measure, value) : value);
      }
    }
    overall.changed.clear();
  }

  /** A minute's customers follow its figures after a moment: reading a sketch is slow. */
  projectCustomers({ windows }: LiveView, channel: Channel): void {
    const { customers } = windows;
    for (const minute of this.#shown) {
      const key = `${minute}/unique_customers`;
      if (customers.changed.has(minute) || channel.get(key) === undefined) channel.put(key, customers.ofMinute(minute));
    }
  }

  #remove(minute: number, channel: Channel): void {
    for (const measure of [...MINUTE_MEASURES, 'unique_customers']) channel.put(`${minute}/${measure}`, null);
    this.#shown.delete(minute);
  }
}
