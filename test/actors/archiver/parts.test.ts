/** What surrounds the archiver: asking owners, telling the catalog, telling people. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ArchiveBook, viewOf } from '../../../actors/archiver/book.ts';
import { OthersBatches } from '../../../actors/archiver/others.ts';
import { Owners } from '../../../actors/archiver/owners.ts';
import { Registrar } from '../../../actors/archiver/registrar.ts';
import { Wanted } from '../../../actors/archiver/wanted.ts';
import type { ArchiveBatch, ArchiveCatalog, BatchFile } from '../../../actors/ports/archive.ts';
import { AppError, toWireError } from '../../../protocol/errors.ts';
import type { TopicPartition } from '../../../protocol/event.ts';
import type { LetGo } from '../../../protocol/message.ts';
import { archiveBatch } from '../../contracts/archive-manifest.ts';

const place = (partition: number) => ({ topic: 'orders', partition });

function fileOf(table: BatchFile['table'], orderDate: string): BatchFile {
  return { table, orderDate, path: `${table}/${orderDate}`, rows: 1, bytes: 1, checksum: '', from: null, to: null };
}

function ownersOf() {
  const owned: (readonly TopicPartition[])[] = [];
  const owners = new Owners((partitions) => owned.push(partitions));
  const asked: LetGo[] = [];
  const lay = (id: string, partitions: readonly TopicPartition[]) => {
    owners.laid(id, { postMessage: (message) => asked.push(message as LetGo) });
    owners.receive(id, { type: 'owns', partitions });
  };
  return { owners, owned, asked, lay };
}

test('owners are those who said so last, and what none has is nobody’s to archive', () => {
  const { owners, owned, lay } = ownersOf();
  lay('aggregator-0', [place(0), place(1)]);
  lay('aggregator-1', [place(2)]);
  assert.deepEqual(owned.at(-1), [place(0), place(1), place(2)]);
  owners.receive('aggregator-0', { type: 'owns', partitions: [place(1)] });
  assert.deepEqual(owned.at(-1), [place(1), place(2)]);
  owners.lost('aggregator-1');
  assert.deepEqual(owned.at(-1), [place(1)]);
});

test('owners are asked to let go, and refuse with their reason', async () => {
  const { owners, asked, lay } = ownersOf();
  lay('aggregator-0', [place(0)]);
  lay('aggregator-1', [place(1)]);
  const gone = owners.letGo(place(1), 'raw', 77);
  const [request] = asked;
  assert.deepEqual({ ...request, id: 0 }, { type: 'let-go', id: 0, ...place(1), what: 'raw', before: 77 });
  owners.receive('aggregator-1', { type: 'let-gone', id: request?.id as number, error: null });
  await gone;
  const refused = owners.letGo(place(0), 'raw', 5);
  const error = toWireError(new AppError('fenced', 'Cannot let go as another is the owner'));
  owners.receive('aggregator-0', { type: 'let-gone', id: asked[1]?.id as number, error });
  await assert.rejects(refused, { code: 'fenced' });
});

test('an owner that is away, or goes away meanwhile, is unavailable', async () => {
  const { owners, lay } = ownersOf();
  await assert.rejects(owners.letGo(place(0), 'raw', 5), { code: 'unavailable' });
  lay('aggregator-0', [place(0)]);
  const waiting = owners.letGo(place(0), 'raw', 5);
  owners.lost('aggregator-0');
  await assert.rejects(waiting, { code: 'unavailable' });
  owners.receive('aggregator-0', { type: 'let-gone', id: 1, error: null });
});

function catalogOf() {
  const calls: [string, readonly string[]][] = [];
  const state = { fails: false };
  const catalog: ArchiveCatalog = {
    async register(table, days) {
      if (state.fails) throw new Error('the metastore is away');
      calls.push([table, days]);
    },
    async close() {},
  };
  return { catalog, calls, state };
}

test('registrar tells the catalog each day once, of tables that other tools read', async () => {
  const { catalog, calls } = catalogOf();
  const registrar = new Registrar(catalog, () => 0);
  const files = [fileOf('orders', '2026-02-27'), fileOf('orders', '2026-02-28'), fileOf('raw', '2026-02-28')];
  registrar.note(archiveBatch(0, { files }));
  registrar.note(archiveBatch(100, { files: [...files, fileOf('kpi_minute', '2026-02-27')] }));
  await registrar.look();
  assert.equal(registrar.failure, undefined);
  assert.deepEqual(calls, [
    ['orders', ['2026-02-27', '2026-02-28']],
    ['kpi_minute', ['2026-02-27']],
  ]);
  registrar.note(archiveBatch(200, { files }));
  await registrar.look();
  assert.equal(calls.length, 2);
});

test('registrar that is refused says why, holds up nothing, and tries again later', async () => {
  const { catalog, calls, state } = catalogOf();
  let now = 0;
  const registrar = new Registrar(catalog, () => now);
  registrar.note(archiveBatch(0, { files: [fileOf('orders', '2026-02-27')] }));
  state.fails = true;
  await registrar.look();
  assert.match(registrar.failure ?? '', /metastore is away/);
  state.fails = false;
  await registrar.look();
  assert.equal(calls.length, 0, 'not yet');
  now = 30_000;
  await registrar.look();
  assert.deepEqual(calls, [['orders', ['2026-02-27']]]);
  assert.equal(registrar.failure, undefined);
});

const WEIGHT = { hot_bytes: 100, budget: 200, running: false };

test('book counts batches by state, and rows of those that readers see', () => {
  const book = new ArchiveBook();
  book.note(archiveBatch(0, { state: 'COMMITTED', records: 10, rows: 12, bytes: 100 }), 1);
  book.note(archiveBatch(0, { state: 'DELETED', records: 10, rows: 12, bytes: 100 }), 2);
  book.note(archiveBatch(100, { state: 'WRITTEN', records: 5, rows: 6, bytes: 50 }), 3);
  const status = book.status(WEIGHT);
  assert.deepEqual([status.records, status.rows, status.bytes], [10, 12, 100]);
  assert.deepEqual([status.states.DELETED, status.states.WRITTEN, status.states.COMMITTED], [1, 1, 0]);
  assert.equal(book.takeChanged(status).batches.length, 2);
  assert.equal(book.takeChanged(status).batches.length, 0);
  assert.deepEqual(
    book.everything(status).batches.map(({ state }) => state),
    ['WRITTEN', 'DELETED'],
  );
});

test('book tells people when archiving fails, worse when the store is far over its budget, and when it is well again', () => {
  const book = new ArchiveBook();
  assert.equal(book.judge(book.status(WEIGHT), 1), undefined);
  book.note(archiveBatch(0, { state: 'FAILED', attempts: 1, error: 'the disk is full' }), 10);
  const warning = book.judge(book.status(WEIGHT), 10);
  assert.deepEqual([warning?.severity, warning?.since], ['warning', 10]);
  assert.match(warning?.text ?? '', /orders-0-000000000000: the disk is full/);
  assert.equal(book.judge(book.status(WEIGHT), 20), undefined);
  assert.equal(book.judge(book.status({ ...WEIGHT, hot_bytes: 301 }), 30)?.severity, 'critical');
  book.wentWell();
  assert.ok(book.status(WEIGHT).last_error !== null, 'the batch is not in the archive yet');
  book.note(archiveBatch(0, { state: 'PLANNED', attempts: 1 }), 35);
  book.wentWell();
  assert.ok(book.status(WEIGHT).last_error !== null, 'nor is it while it is tried again');
  book.note(archiveBatch(0, { state: 'DELETED', attempts: 1 }), 40);
  book.wentWell();
  assert.equal(book.judge(book.status(WEIGHT), 40)?.severity, 'ok');
  assert.equal(book.status(WEIGHT).last_error, null);
});

test('a batch is shown with its files as other tools name them', () => {
  const view = viewOf(archiveBatch(7, { files: [fileOf('orders', '2026-02-27')] }), (path) => `file:///a/${path}`);
  assert.deepEqual([view.id, view.from_offset, view.to_offset], ['orders-0-000000000007', 7, 107]);
  assert.equal(view.files[0]?.uri, 'file:///a/orders/2026-02-27');
  assert.equal(view.files[0]?.order_date, '2026-02-27');
});

test('batches that others make show, each once and again when it has changed', async () => {
  const stored: ArchiveBatch[] = [];
  const noted: string[] = [];
  let now = 0;
  const pages: (string | undefined)[] = [];
  const others = new OthersBatches({
    manifest: {
      async list({ limit, cursor }) {
        pages.push(cursor);
        const from = Number(cursor ?? 0);
        const items = stored.toReversed().slice(from, from + limit);
        return { items, next: from + limit < stored.length ? String(from + limit) : null };
      },
      get: async (id) => stored.find((batch) => batch.id === id),
    },
    note: ({ id, state }) => noted.push(`${id} ${state}`),
    now: () => now,
  });
  const look = () => {
    now += 2_000;
    noted.length = 0;
    pages.length = 0;
    return others.look();
  };
  const batch = (number: number, state: ArchiveBatch['state']) => archiveBatch(number, { id: `b${number}`, state });
  stored.push(batch(0, 'DELETED'), batch(1, 'WRITTEN'));
  others.saw(stored[0] as ArchiveBatch);
  await look();
  assert.deepEqual(noted, ['b1 WRITTEN']);
  await others.look();
  assert.equal(pages.length, 1, 'not sooner than it is due');
  await look();
  assert.deepEqual(noted, []);
  for (let number = 2; number < 130; number++) stored.push(batch(number, 'DELETED'));
  stored[1] = batch(1, 'DELETED');
  await look();
  assert.equal(noted.length, 129);
  assert.deepEqual([noted[0], noted.at(-1), pages], ['b1 DELETED', 'b129 DELETED', [undefined, '50', '100']]);
  stored[129] = archiveBatch(129, { id: 'b129', state: 'DELETED', attempts: 2 });
  await look();
  assert.deepEqual([noted, pages], [['b129 DELETED'], [undefined]]);
});

test('what is wanted of all is done when each has let go of it, whoever looked at what was there before', async () => {
  const facts = new Map<string, unknown>();
  const store = {
    get: async (key: string) => facts.get(key),
    put: async (key: string, value: unknown) => void facts.set(key, value),
  };
  const extent = (partition: number, from: number, next: number) => ({
    ...place(partition),
    bytes: next - from,
    records: next - from,
    from,
    next,
    horizon: from,
  });
  const [asked, other] = [new Wanted(store), new Wanted(store)];
  await asked.add([extent(0, 5, 10), extent(1, 0, 7)]);
  assert.equal(other.any, true, 'it has not looked, and so cannot say that nothing is wanted');
  // Read when there was nothing yet.
  await asked.look([extent(0, 5, 5), extent(1, 0, 0)]);
  assert.deepEqual([asked.any, asked.below(extent(0, 5, 12)), asked.below(extent(1, 0, 7))], [true, 10, 7]);
  await other.look([extent(0, 5, 12), extent(1, 0, 7)]);
  assert.deepEqual([other.any, other.below(extent(1, 0, 7))], [true, 7]);
  // More has come since, and was not asked for.
  await asked.look([extent(0, 10, 15), extent(1, 6, 9)]);
  assert.deepEqual([asked.any, asked.below(extent(0, 10, 15))], [true, 0]);
  // A topic-partition that is no longer there is nobody's to wait for.
  await asked.look([extent(0, 10, 15)]);
  assert.equal(asked.any, false);
});
