/** A running pulso held against the model: what producers were told is in, is in the log, and every figure is that of the log. */
import assert from 'node:assert/strict';
import type { TestContext } from 'node:test';
import { CHAOS_STATE } from '../../actors/commands/chaos/poisoning.ts';
import { compareAll } from '../model/compare.ts';
import { type HostileOptions, hostileLines } from '../model/hostile.ts';
import { type LogRecord, readLog } from '../model/log.ts';
import { Model, type ModelOptions, type ModelResult } from '../model/model.ts';
import { compareOrders } from '../model/orders.ts';
import { ask } from '../model/questions.ts';
import { RECORD_BYTES } from '../model/rules.ts';
import { folderFor } from './folder.ts';
import type { Producer } from './producer.ts';

/** The most differences that a failure shows. */
const SHOWN = 20;

export function dataDir(t: TestContext): string {
  return folderFor(t, 'exact');
}

export async function assertExact({ url }: { readonly url: string }, model: ModelResult): Promise<void> {
  const differences = [...(await compareAll(url, model)), ...(await compareOrders(url, model)).differences];
  const more = differences.length > SHOWN ? [`and ${differences.length - SHOWN} more`] : [];
  assert.deepEqual([...differences.slice(0, SHOWN), ...more], []);
}

export function eventsOf({ partitions }: ModelResult): number {
  return [...partitions.values()].reduce((sum, partition) => sum + partition.in, 0);
}

/** What the model makes of the records that are in the log, however they got in; those at poisoned places are dead. */
export function modelOfLog(dir: string, poisoned: ReadonlySet<string> = new Set()): ModelResult {
  return modelOf(readLog(dir), poisoned);
}

export function modelOf(
  log: Iterable<LogRecord>,
  poisoned: ReadonlySet<string> = new Set(),
  options: ModelOptions = {},
): ModelResult {
  const model = new Model(options);
  for (const { topic, partition, offset, bytes, at } of log) {
    if (poisoned.has(`${topic}:${partition}:${offset}`)) model.addPoisonTo(topic, partition);
    else model.addTo(topic, partition, bytes, at);
  }
  return model.result();
}

/** Places of the records that killed their actors and were passed, as the system tells them. */
export async function poisonedPlaces(url: string): Promise<Set<string>> {
  const { items } = (await ask(url, '/dead-letters?reason=poison&limit=1000')) as { items: { id: string }[] };
  return new Set(items.map(({ id }) => id));
}

export function postableLines(options: HostileOptions): Uint8Array[] {
  const lines: Uint8Array[] = [];
  for (const { bytes, record } of hostileLines(options)) if (record && bytes.length <= RECORD_BYTES) lines.push(bytes);
  return lines;
}

/** What was sent by others than `pulso chaos`. */
export function* withoutChaos(log: Iterable<LogRecord>): Generator<LogRecord> {
  for (const record of log) if (!Buffer.from(record.bytes).includes(`"customer_state":"${CHAOS_STATE}"`)) yield record;
}

/** Every accepted line is in the log, none more often than it was sent, nothing else. */
export function assertDelivered(log: Iterable<Pick<LogRecord, 'bytes'>>, { sent }: Producer): void {
  const found = new Map<string, number>();
  for (const { bytes } of log) {
    const key = Buffer.from(bytes).toString('latin1');
    found.set(key, (found.get(key) ?? 0) + 1);
  }
  for (const [line, times] of found) assert.ok(times <= (sent.get(line) ?? 0), `${times} times in the log: ${line}`);
  for (const line of sent.keys()) assert.ok(found.has(line), `not in the log: ${line}`);
}
