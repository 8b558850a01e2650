/** Keys of a channel are paths; here they become rows: one per first segment, its fields by name. */
import { segmentsOf } from '../../protocol/channel.ts';
import type { ChannelValue } from '../../protocol/frames-ws.ts';

export type Fields = Readonly<Record<string, ChannelValue>>;

/** `SP/orders`, `SP/revenue` .. as SP -> {orders, revenue}. Segments are percent-encoded on the wire. */
export function readRows(values: ReadonlyMap<string, ChannelValue>): Map<string, Fields> {
  const rows = new Map<string, Record<string, ChannelValue>>();
  for (const [path, value] of values) {
    const [key, ...field] = segmentsOf(path);
    if (key === undefined || field.length === 0) continue;
    let row = rows.get(key);
    if (row === undefined) {
      row = {};
      rows.set(key, row);
    }
    row[field.join('/')] = value;
  }
  return rows;
}

export function numberOf(value: ChannelValue | undefined): number | undefined {
  return typeof value === 'number' ? value : undefined;
}
