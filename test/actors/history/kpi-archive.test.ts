/** Days of KPIs into the archive, again when late events changed them, and questions over hot store and archive. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { TableReader } from '../../../actors/archive/read-table.ts';
import { KpiArchive } from '../../../actors/history/kpi-archive.ts';
import { RollUp } from '../../../actors/history/roll-up.ts';
import { windowBorder } from '../../../actors/history/window-border.ts';
import { readWindowsFile, writeWindowsFile } from '../../../actors/history/windows-file.ts';
import { WindowState } from '../../../actors/kpi/window.ts';
import type { ArchiveBatch } from '../../../actors/ports/archive.ts';
import type { PartitionState } from '../../../actors/ports/hot-store.ts';
import { ReaderCore } from '../../../actors/reader/core.ts';
import { commitAfter } from '../../contracts/commits.ts';
import { Random } from '../../model/random.ts';
import { type ArchiveStage, noTurn, openArchiveStage, ZONE } from './archive-stage.ts';

const MINUTE = 60_000;
const HOUR = 3_600_000;
const DAY = 86_400_000;
/** Midnight in the zone. */
const T0 = Date.UTC(2026, 0, 1, 3);
const LATENESS = HOUR;
const NOW = 1_800_000_000_000;
let nonces = 0;

function minute(random: Random, start: number): WindowState {
  const window = new WindowState(start);
  for (let order = random.between(1, 3); order > 0; order--) {
    const [items, sales] = [random.between(1, 5), random.between(1, 99_999)];
    window.set('overall', [], [order, order, order, items, sales, sales, order, 0, 0, 0]);
    window.set('state', [random.pick(['SP', 'RJ'])], [order, order, items, sales, sales]);
    window.set(
      'state_category',
      [random.pick(['SP', 'RJ']), random.pick(['toys', 'ação'])],
      [order, order - 1, items, sales],
    );
    window.set('product', [`p${random.between(1, 9)}`], [order, order, items, sales, random.between(0, 1), 0]);
    window.customers.add(random.between(0, 2 ** 31), random.between(0, 99));
  }
  return window;
}

/** Days of minutes in both partitions, every seventh; the watermark stands at their end. */
async function fill(stage: ArchiveStage, days: number): Promise<PartitionState[]> {
  const random = new Random(3);
  const states: PartitionState[] = [];
  for (const partition of [0, 1]) {
    const windows = Array.from({ length: Math.floor((days * DAY) / (7 * MINUTE)) }, (_, index) => {
      const start = T0 + index * 7 * MINUTE;
      return { start, packed: minute(random, start).pack() };
    });
    const state = await stage.owner.open({ topic: 'orders', partition });
    const commit = commitAfter(state, { windows, watermark: T0 + days * DAY });
    await stage.owner.commit([commit]);
    states.push(commit);
  }
  return states;
}

const archiveOf = (stage: ArchiveStage, parts: { files?: ArchiveStage['files']; retentionMs?: number } = {}) =>
  new KpiArchive(
    { ...stage, ...parts },
    {
      zone: ZONE,
      latenessMs: LATENESS,
      retentionMs: parts.retentionMs ?? 90 * DAY,
      now: () => NOW,
      turn: noTurn,
      nonce: () => `n${++nonces}`,
    },
  );

const reader = (stage: ArchiveStage) =>
  new ReaderCore(stage, { zone: ZONE, mainTopic: 'orders', now: () => 0, turn: noTurn });

type Answer = { rows: (number | string | null)[][]; sources: string[] };

function ask(stage: ArchiveStage, search: string): Promise<Answer> {
  return reader(stage).answer({ kind: 'kpi', search, watermark: -1, idle: [] }) as Promise<Answer>;
}

const QUESTIONS = [
  'metrics=total_orders,total_items,total_sales,unique_customers&group_by=minute&granularity=1m',
  'metrics=total_orders,total_sales,avg_order_value&group_by=minute,state,category&granularity=1h',
  'metrics=total_items,total_items_error&group_by=product',
  'metrics=total_orders,unique_customers&group_by=minute&granularity=1d',
];
const range = (from: number, to: number) => `&limit=100000&from=${from}&to=${to}`;

async function kpiBatches(stage: ArchiveStage): Promise<ArchiveBatch[]> {
  return (await stage.manifest.list({ limit: 100 })).items.filter(({ kind }) => kind === 'kpi').reverse();
}

async function tableRows(stage: ArchiveStage, batch: ArchiveBatch): Promise<Record<string, unknown>[]> {
  const file = batch.files.find(({ table }) => table === 'kpi_minute');
  assert.ok(file);
  const table = new TableReader(await stage.files.read(file.path), noTurn);
  const rows: Record<string, unknown>[] = [];
  for await (const group of table.groups(table.names))
    for (let row = 0; row < group.rows; row++)
      rows.push(Object.fromEntries(table.names.map((name) => [name, group.column(name)[row]])));
  return rows;
}

test('windows of a day come back from their file as they were, and a damaged file is refused', async () => {
  const random = new Random(1);
  const windows = [0, 1, 5].map((at) => ({ start: T0 + at * MINUTE, packed: minute(random, 0).pack() }));
  const content = await writeWindowsFile(windows);
  const read = await readWindowsFile(content);
  assert.deepEqual(
    read.map(({ start, packed }) => [start, [...packed]]),
    windows.map(({ start, packed }) => [start, [...packed]]),
  );
  assert.deepEqual(await readWindowsFile(await writeWindowsFile([])), []);
  for (const bytes of [content.subarray(0, content.length - 3), Uint8Array.of(1, 2, 3)])
    await assert.rejects(readWindowsFile(bytes), { code: 'data-mismatch' });
});

test('KPI days that are over stand in the archive, and say by minute what the hot store says', async () => {
  const stage = await openArchiveStage();
  try {
    await fill(stage, 4);
    // The last day is not over, and the one before not older than a day.
    assert.deepEqual(await archiveOf(stage).run(), { archived: 2, retired: 0 });
    const batches = await kpiBatches(stage);
    assert.deepEqual(
      batches.map(({ id, state, fromOffset, toOffset }) => [id, state, fromOffset, toOffset]),
      [
        ['kpi-2026-01-01', 'COMMITTED', T0, T0 + DAY],
        ['kpi-2026-01-02', 'COMMITTED', T0 + DAY, T0 + 2 * DAY],
      ],
    );
    for (const question of QUESTIONS) {
      const hot = await ask(stage, `${question}&source=hot${range(T0, T0 + 2 * DAY)}`);
      const archive = await ask(stage, `${question}&source=archive${range(T0, T0 + 9 * DAY)}`);
      assert.deepEqual(archive.rows, hot.rows, question);
      assert.deepEqual([hot.sources, archive.sources], [['hot'], ['archive']]);
      // A part of an archived day.
      const part = range(T0 + 5 * HOUR, T0 + 30 * HOUR);
      assert.deepEqual(
        (await ask(stage, `${question}&source=archive${part}`)).rows,
        (await ask(stage, question + part)).rows,
      );
    }
    const rows = await tableRows(stage, batches[0] as ArchiveBatch);
    const hot = await ask(
      stage,
      `metrics=total_orders,total_items,total_sales,avg_order_value&group_by=minute,state,category&source=hot${range(T0, T0 + DAY)}`,
    );
    const byKey = (a: readonly unknown[], b: readonly unknown[]) =>
      a.slice(0, 3).join() < b.slice(0, 3).join() ? -1 : 1;
    assert.deepEqual(
      rows
        .map((row) => [
          Number(row.minute),
          row.customer_state,
          row.product_category,
          Number(row.total_orders),
          Number(row.total_items),
          row.total_sales,
          row.avg_order_value ?? null,
        ])
        .sort(byKey),
      [...hot.rows].sort(byKey),
    );
    assert.ok(
      rows.every(
        (row) =>
          row.final === true &&
          Number(row.rev) === 2 &&
          Number(row.total_sales_cents) === Math.round(Number(row.total_sales) * 100),
      ),
    );
    assert.deepEqual(await archiveOf(stage).run(), { archived: 0, retired: 0 });
  } finally {
    await stage.close();
  }
});

test('KPI days that late events change are archived again, in place of what was there', async () => {
  const stage = await openArchiveStage();
  try {
    const [state] = await fill(stage, 4);
    await archiveOf(stage).run();
    const [before] = await kpiBatches(stage);
    const start = T0 + 9 * HOUR + MINUTE;
    const late = commitAfter(state as PartitionState, {
      windows: [{ start, packed: minute(new Random(9), start).pack() }],
    });
    await stage.owner.commit([late]);
    assert.equal((await archiveOf(stage).run()).archived, 1);
    const [after, ...others] = await kpiBatches(stage);
    assert.equal(others.length, 1);
    assert.equal(after?.sums.revision, 2);
    assert.equal(after?.records, (before?.records as number) + 1);
    const listed = [...(await stage.files.list('kpi_minute')), ...(await stage.files.list('windows'))].map(
      ({ path }) => path,
    );
    const claimed = (await kpiBatches(stage)).flatMap(({ files }) => files.map(({ path }) => path));
    assert.deepEqual(listed.sort(), claimed.sort());
    for (const question of QUESTIONS)
      assert.deepEqual(
        (await ask(stage, `${question}&source=archive${range(T0, T0 + DAY)}`)).rows,
        (await ask(stage, `${question}&source=hot${range(T0, T0 + DAY)}`)).rows,
      );
  } finally {
    await stage.close();
  }
});

test('KPI days are archived whole wherever a run is cut off', async () => {
  const names = ['write', 'read', 'remove', 'publish', 'list'] as const;
  const stage = await openArchiveStage();
  try {
    const [first] = await fill(stage, 3);
    let state = first as PartitionState;
    let cuts = 0;
    for (let calls = 1; calls < 12; calls++) {
      let left = calls;
      const cut = () => {
        if (left-- === 0) throw new Error('cut off');
      };
      const files = Object.create(stage.files) as Record<string, unknown>;
      for (const name of names)
        files[name] = async (...args: unknown[]) => {
          cut();
          return (stage.files[name] as (...args: unknown[]) => Promise<unknown>)(...args);
        };
      const start = T0 + calls * MINUTE;
      const late = commitAfter(state, { windows: [{ start, packed: minute(new Random(calls), start).pack() }] });
      await stage.owner.commit([late]);
      state = late;
      await archiveOf(stage, { files: files as unknown as ArchiveStage['files'] })
        .run()
        .catch((thrown: Error) => {
          assert.equal(thrown.message, 'cut off');
          cuts++;
        });
      await archiveOf(stage).run();
      for (const question of QUESTIONS.slice(0, 2))
        assert.deepEqual(
          (await ask(stage, `${question}&source=archive${range(T0, T0 + DAY)}`)).rows,
          (await ask(stage, `${question}&source=hot${range(T0, T0 + DAY)}`)).rows,
          `cut at call ${calls}`,
        );
      assert.equal((await stage.files.list('windows')).length, 1);
      assert.equal((await stage.files.list('kpi_minute')).length, 1);
      assert.deepEqual(await stage.files.list('_tmp'), []);
    }
    assert.ok(cuts >= 8, `${cuts} runs were cut off`);
  } finally {
    await stage.close();
  }
});

test('days that the hot store has let go of are answered from the archive, each minute from one place', async () => {
  const stage = await openArchiveStage();
  try {
    const states = await fill(stage, 5);
    assert.deepEqual(
      await archiveOf(stage, { retentionMs: 0 }).run(),
      { archived: 3, retired: 0 },
      'not rolled up yet',
    );
    await new RollUp(stage, { zone: ZONE, now: () => 0, turn: noTurn }).run();
    const whole = range(T0 - DAY, T0 + 5 * DAY + 1);
    const part = range(T0 + 7 * HOUR + 13 * MINUTE, T0 + 3 * DAY + 5 * MINUTE);
    const before = new Map<string, unknown>();
    for (const question of QUESTIONS)
      for (const asked of [question + whole, question + part]) before.set(asked, (await ask(stage, asked)).rows);
    assert.equal((await archiveOf(stage, { retentionMs: 5 * DAY }).run()).retired, 0);
    // What the archive does not have whole is archived again before it becomes the only copy.
    const damaged = (await kpiBatches(stage))[0]?.files.find(({ table }) => table === 'windows')?.path as string;
    await stage.files.write(damaged, Uint8Array.of(1));
    assert.equal((await archiveOf(stage, { retentionMs: 4 * DAY }).run()).retired, 0);
    assert.deepEqual(await archiveOf(stage, { retentionMs: 4 * DAY }).run(), { archived: 1, retired: 1 });
    assert.equal((await kpiBatches(stage))[0]?.state, 'DELETED');
    assert.equal(await windowBorder(stage.manifest, { now: NOW + 59, graceMs: 60 }), Number.NEGATIVE_INFINITY);
    assert.equal(await windowBorder(stage.manifest, { now: NOW + 60, graceMs: 60 }), T0 + DAY);
    const check = async (where: string) => {
      for (const [asked, rows] of before) assert.deepEqual((await ask(stage, asked)).rows, rows, `${where}: ${asked}`);
    };
    await check('before it is let go of');
    for (const state of states) while (!(await stage.owner.dropWindows(state, T0 + DAY)));
    await check('afterwards');
    assert.deepEqual((await ask(stage, QUESTIONS[0] + part)).sources, ['hot', 'archive']);
    assert.deepEqual((await ask(stage, QUESTIONS[0] + range(T0 + 2 * DAY, T0 + 3 * DAY))).sources, ['hot']);
    const hot = await ask(stage, `${QUESTIONS[0]}&source=hot${range(T0, T0 + DAY)}`);
    assert.deepEqual([hot.rows, hot.sources], [[], ['hot']]);
    // Hours and days stay in the hot store.
    const days = await ask(stage, `${QUESTIONS[3]}&source=hot${range(T0, T0 + DAY)}`);
    assert.equal(days.rows.length, 1);
  } finally {
    await stage.close();
  }
});

test('KPI days are told to the catalog, again where it was away', async () => {
  const stage = await openArchiveStage();
  try {
    await fill(stage, 4);
    const told: string[] = [];
    let away = true;
    const catalog = {
      register: async (table: string, days: readonly string[]) => {
        if (away) throw new Error('away');
        told.push(...days.map((day) => `${table} ${day}`));
      },
      close: async () => undefined,
    };
    const settings = { zone: ZONE, latenessMs: LATENESS, retentionMs: 90 * DAY, now: () => NOW, turn: noTurn };
    const archive = new KpiArchive({ ...stage, catalog }, { ...settings, nonce: () => `n${++nonces}` });
    await assert.rejects(archive.run(), /away/);
    away = false;
    assert.equal((await archive.run()).archived, 0);
    assert.deepEqual(told, ['kpi_minute 2026-01-01', 'kpi_minute 2026-01-02']);
    await archive.run();
    assert.equal(told.length, 2);
    assert.equal((await kpiBatches(stage))[0]?.sums.revision, 1);
  } finally {
    await stage.close();
  }
});
