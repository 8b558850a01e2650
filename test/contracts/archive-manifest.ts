/** What every manifest of the archive must do, whatever it stands on: run by each backend with a fixture of its own. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ArchiveBatch, ArchiveManifest } from '../../actors/ports/archive.ts';

/** A manifest that is empty at first. */
export type ManifestFixture = {
  /** Opens it, as often as asked: what one has written all see. */
  manifest(): Promise<ArchiveManifest>;
  close(): Promise<void>;
};

export type ManifestBackend = {
  readonly name: string;
  readonly skip?: string | undefined;
  readonly make: () => Promise<ManifestFixture>;
};

const T0 = 1_763_600_000_000;

export function archiveBatch(fromOffset: number, parts: Partial<ArchiveBatch> = {}): ArchiveBatch {
  const topic = parts.topic ?? 'orders';
  const partition = parts.partition ?? 0;
  return {
    id: `${topic}-${partition}-${String(fromOffset).padStart(12, '0')}`,
    kind: 'events',
    state: 'PLANNED',
    topic,
    partition,
    fromOffset,
    toOffset: fromOffset + 100,
    records: 0,
    orders: 0,
    rows: 0,
    sums: {},
    bytes: 0,
    from: null,
    to: null,
    files: [],
    plannedAt: T0 + fromOffset,
    verifiedAt: null,
    committedAt: null,
    deletedAt: null,
    attempts: 0,
    error: null,
    ...parts,
  };
}

const idsOf = (batches: readonly ArchiveBatch[]) => batches.map(({ id }) => id);

export function archiveManifestContract({ name, skip, make }: ManifestBackend): void {
  const check = (behaviour: string, body: (manifest: ArchiveManifest, fixture: ManifestFixture) => Promise<void>) =>
    test(`${name} ${behaviour}`, skip === undefined ? {} : { skip }, async () => {
      const fixture = await make();
      const manifest = await fixture.manifest();
      try {
        await body(manifest, fixture);
      } finally {
        await manifest.close();
        await fixture.close();
      }
    });

  check('gives back a batch as it was written, to whoever opens it', async (manifest, fixture) => {
    const batch = archiveBatch(0, {
      records: 9_007_199_254_740_991,
      sums: { quantity: 12, payment_value_cents: 9_007_199_254_740_991 },
      from: T0,
      to: T0 + 1,
      files: [
        {
          path: 'orders/order_date=2026-02-28/part-orders-0-000000000000.parquet',
          table: 'orders',
          orderDate: '2026-02-28',
          rows: 7,
          bytes: 100,
          checksum: 'ab'.repeat(32),
          from: T0,
          to: null,
        },
      ],
      error: 'açúcar',
    });
    assert.equal(await manifest.create(batch), true);
    const other = await fixture.manifest();
    assert.deepEqual(await other.get(batch.id), batch);
    assert.equal(await other.get('orders-0-000000000001'), undefined);
    await other.close();
  });

  check('creates an id once, and keeps the first', async (manifest) => {
    assert.equal(await manifest.create(archiveBatch(0)), true);
    assert.equal(await manifest.create(archiveBatch(0, { toOffset: 7 })), false);
    assert.equal((await manifest.get(archiveBatch(0).id))?.toOffset, 100);
  });

  check('advances a batch only from the state it is in', async (manifest) => {
    const planned = archiveBatch(0);
    const written: ArchiveBatch = { ...planned, state: 'WRITTEN', rows: 5, attempts: 1 };
    assert.equal(await manifest.advance(written, 'PLANNED'), false);
    await manifest.create(planned);
    assert.equal(await manifest.advance(written, 'VERIFIED'), false);
    assert.deepEqual(await manifest.get(planned.id), planned);
    assert.equal(await manifest.advance(written, 'PLANNED'), true);
    assert.deepEqual(await manifest.get(planned.id), written);
    assert.equal(await manifest.advance(written, 'PLANNED'), false);
  });

  check('lets one of two win that advance the same batch', async (manifest, fixture) => {
    const planned = archiveBatch(0);
    await manifest.create(planned);
    const other = await fixture.manifest();
    const won = await Promise.all([
      manifest.advance({ ...planned, state: 'WRITTEN', attempts: 1 }, 'PLANNED'),
      other.advance({ ...planned, state: 'FAILED', attempts: 2 }, 'PLANNED'),
    ]);
    assert.equal(won.filter(Boolean).length, 1);
    await other.close();
  });

  check('finds batches by state, of one topic-partition or of all, oldest offsets first', async (manifest) => {
    const batches = [
      archiveBatch(200, { state: 'COMMITTED' }),
      archiveBatch(0, { state: 'DELETED' }),
      archiveBatch(1000, { state: 'PLANNED' }),
      archiveBatch(100, { state: 'DELETED' }),
      archiveBatch(100, { state: 'COMMITTED', partition: 1 }),
      archiveBatch(50, { state: 'FAILED', topic: 'clicks' }),
    ];
    for (const batch of batches) await manifest.create(batch);
    const orders0 = { topic: 'orders', partition: 0 };
    assert.deepEqual(idsOf(await manifest.inState(['COMMITTED', 'DELETED'], orders0)), [
      'orders-0-000000000000',
      'orders-0-000000000100',
      'orders-0-000000000200',
    ]);
    assert.deepEqual(idsOf(await manifest.inState(['PLANNED'], orders0)), ['orders-0-000000001000']);
    assert.deepEqual(await manifest.inState(['VERIFIED'], orders0), []);
    assert.equal((await manifest.inState(['COMMITTED'])).length, 2);
    assert.equal((await manifest.inState(['FAILED', 'PLANNED', 'COMMITTED', 'DELETED'])).length, 6);
  });

  check('lists batches newest first, in pages that neither repeat nor skip', async (manifest) => {
    for (let at = 0; at < 7; at++)
      await manifest.create(archiveBatch(at * 100, { plannedAt: T0 + Math.floor(at / 2) }));
    const seen: ArchiveBatch[] = [];
    let cursor: string | null = null;
    do {
      const page = await manifest.list({ limit: 3, ...(cursor === null ? {} : { cursor }) });
      assert.ok(page.items.length <= 3);
      seen.push(...page.items);
      cursor = page.next;
    } while (cursor !== null);
    assert.equal(new Set(idsOf(seen)).size, 7);
    assert.deepEqual(
      seen.map(({ plannedAt }) => plannedAt),
      [3, 2, 2, 1, 1, 0, 0].map((at) => T0 + at),
    );
    await assert.rejects(manifest.list({ limit: 3, cursor: 'nonsense' }), { code: 'bad-parameter' });
  });
}
