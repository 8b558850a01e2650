/** A month of minutes in the embedded store, asked by hour and by day: from roll-ups within a second of CPU. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { EmbeddedPartitionStore } from '../../../actors/backends/store-embedded.ts';
import { EmbeddedFactStore } from '../../../actors/backends/store-embedded-facts.ts';
import { EmbeddedStoreReader } from '../../../actors/backends/store-embedded-reader.ts';
import { EmbeddedRollupReader, EmbeddedRollupWriter } from '../../../actors/backends/store-embedded-rollups.ts';
import { prepareStore } from '../../../actors/backends/store-embedded-schema.ts';
import { RollUp } from '../../../actors/history/roll-up.ts';
import { turns } from '../../../actors/history/turns.ts';
import { WindowState } from '../../../actors/kpi/window.ts';
import type { ArchiveFiles } from '../../../actors/ports/archive.ts';
import type { PartitionState } from '../../../actors/ports/hot-store.ts';
import { ReaderCore } from '../../../actors/reader/core.ts';
import { commitAfter } from '../../contracts/commits.ts';
import { temporaryFolder } from '../../contracts/temporary-folder.ts';

const MINUTE = 60_000;
const HOUR = 3_600_000;
const DAYS = 30;
const ZONE = 'America/Sao_Paulo';
/** Midnight in the zone. */
const T0 = Date.UTC(2026, 0, 1, 3);
const END = T0 + DAYS * 24 * HOUR;

function minute(number: number): Uint8Array {
  const window = new WindowState(0);
  for (let order = 0; order < 4; order++) {
    const [state, product] = [`S${(number + order) % 27}`, `p${(number * 7 + order) % 500}`];
    window.set('overall', [], [4, 4, 4, 8, 100, 100, 4, 0, 0, 0]);
    window.set('state', [state], [1, 1, 2, 25, 25]);
    window.set('product', [product], [1, 1, 2, 25, 0, 0]);
    window.customers.add(number * 31 + order, Math.imul(number, 0x9e3779b1) + order);
  }
  return window.pack();
}

async function fill(store: EmbeddedPartitionStore): Promise<void> {
  const packs = Array.from({ length: 600 }, (_, number) => minute(number));
  let state: PartitionState = await store.open({ topic: 'orders', partition: 0 });
  for (let hour = T0; hour < END + HOUR; hour += HOUR) {
    const windows = Array.from({ length: 60 }, (_, index) => {
      const start = hour + index * MINUTE;
      return { start, packed: packs[(start / MINUTE) % packs.length] as Uint8Array };
    });
    const commit = commitAfter(state, { windows, watermark: hour + HOUR });
    await store.commit([commit]);
    state = commit;
  }
}

function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

test('reader answers a month by hour and by day within a second, once it is rolled up', async () => {
  const folder = temporaryFolder();
  const config = { dataDir: folder.path, partitions: 1, topics: ['orders'] };
  prepareStore(config);
  const store = new EmbeddedPartitionStore(config);
  const writer = new EmbeddedRollupWriter(config);
  const facts = new EmbeddedFactStore(config.dataDir);
  const reader = new EmbeddedStoreReader(config);
  const rollups = new EmbeddedRollupReader(config);
  try {
    await fill(store);
    const turn = turns(() => performance.now());
    const raw = { raw: async () => [], deadLettersIn: async () => [] };
    const stores = { store: reader, rollups, writer, facts, raw };
    const { hours, days } = await new RollUp(stores, { zone: ZONE, now: () => END, turn }).run();
    assert.deepEqual([hours, days], [DAYS * 24, DAYS]);
    const core = new ReaderCore(
      { ...stores, manifest: { inState: async () => [] }, files: {} as ArchiveFiles },
      { zone: ZONE, mainTopic: 'orders', now: () => END, turn },
    );
    for (const [search, rows, orders] of [
      ['group_by=minute&granularity=1h', DAYS * 24, 4 * 60],
      ['group_by=minute&granularity=1d', DAYS, 4 * 60 * 24],
      ['group_by=minute,state&granularity=1h&limit=100000', DAYS * 24 * 27, undefined],
      ['group_by=product&limit=1000', 500, undefined],
      ['', 1, 4 * 60 * 24 * DAYS],
    ] as const) {
      const began = cpuMs();
      const all = `metrics=total_orders${search.includes('group_by=product') ? '' : ',unique_customers'}`;
      const question = `${all}&${search}&from=${T0}&to=${END}`.replace('&&', '&');
      const answer = (await core.answer({ kind: 'kpi', search: question, watermark: -1, idle: [] })) as {
        rows: number[][];
      };
      const took = cpuMs() - began;
      assert.ok(took < 1_000, `"${search}" took ${Math.round(took)} ms of CPU`);
      assert.equal(answer.rows.length, rows, search);
      if (orders !== undefined)
        assert.ok(
          answer.rows.every((row) => row.at(-2) === orders),
          search,
        );
    }
  } finally {
    for (const part of [store, writer, facts, reader, rollups]) await part.close();
    folder.remove();
  }
});
