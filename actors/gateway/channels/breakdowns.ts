/** Channels with one entry a value of a dimension: the last hour's sums, keys as they change. */

import { pathOf } from '../../../protocol/channel.ts';
import { ROLLING, type RollingName, shown } from '../view/cubes.ts';
import { splitKeys, type Windows } from '../view/windows.ts';
import type { Channel } from './channel.ts';

/** Puts every key of a rolling cube that changed; a key that has left the hour is removed. */
export function projectBreakdown(
  windows: Windows,
  name: RollingName,
  measures: readonly string[],
  channel: Channel,
): void {
  const cube = windows.rolling[name];
  const all = ROLLING[name] as readonly string[];
  for (const key of cube.changed) {
    const sum = cube.sum(key);
    for (const measure of measures) {
      const value = sum === undefined ? null : shown(measure, sum[all.indexOf(measure)] as number);
      channel.put(pathOf(key, measure), value);
    }
  }
  cube.changed.clear();
}

/** `<type>/<status>`: the number of orders paid so. */
export function projectPayments(windows: Windows, channel: Channel): void {
  const cube = windows.rolling.payment;
  for (const key of cube.changed) channel.put(pathOf(...splitKeys(key)), cube.sum(key)?.[0] ?? null);
  cube.changed.clear();
}

/** Events that are not clicks have a place of their own. */
const NOT_CLICKS = new Set(['order', 'delivery', 'refund', 'restock']);

/** `type/<event_type>`: the number of clicks of that type. */
export function projectClicks(windows: Windows, channel: Channel): void {
  const cube = windows.rolling.event_type;
  for (const key of cube.changed) {
    if (!NOT_CLICKS.has(key)) channel.put(pathOf('type', key), cube.sum(key)?.[0] ?? null);
  }
  cube.changed.clear();
}
