/** What the files of every archive must do, whatever they stand on: run by each backend with a fixture of its own. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { ArchiveFiles } from '../../actors/ports/archive.ts';

/** An archive that is empty at first. */
export type ArchiveFilesFixture = {
  /** Opens it, as often as asked: what one has written all see. */
  files(): Promise<ArchiveFiles>;
  close(): Promise<void>;
};

export type ArchiveFilesBackend = {
  readonly name: string;
  readonly skip?: string | undefined;
  /** What `uri` begins with: `file:///`, `hdfs://`. */
  readonly scheme: string;
  readonly make: () => Promise<ArchiveFilesFixture>;
};

const DAY = 'orders/order_date=2026-02-28';
const TEMPORARY = '_tmp/orders-0-000000000000.orders.2026-02-28.parquet';
const FINAL = `${DAY}/part-orders-0-000000000000.parquet`;

/** Bytes of all values, different for each seed. */
export function someBytes(length: number, seed = 1): Uint8Array {
  return Uint8Array.from({ length }, (_, at) => (at * 31 + seed * 17 + (at >>> 8)) & 255);
}

export function archiveFilesContract({ name, skip, scheme, make }: ArchiveFilesBackend): void {
  const check = (behaviour: string, body: (files: ArchiveFiles, fixture: ArchiveFilesFixture) => Promise<void>) =>
    test(`${name} ${behaviour}`, skip === undefined ? {} : { skip }, async () => {
      const fixture = await make();
      const files = await fixture.files();
      try {
        await body(files, fixture);
      } finally {
        await files.close();
        await fixture.close();
      }
    });

  check('has nothing at first: no file, no folder, and reading says not-found', async (files) => {
    assert.equal(await files.stat(FINAL), undefined);
    assert.deepEqual(await files.list('orders'), []);
    assert.deepEqual(await files.list('_tmp'), []);
    await assert.rejects(files.read(FINAL), { code: 'not-found' });
  });

  check('gives back what was written, whole and in pieces, however large', async (files) => {
    for (const length of [0, 1, 511, 512, 513, 70_000, 3 * 1024 * 1024 + 7]) {
      const bytes = someBytes(length);
      await files.write(TEMPORARY, bytes);
      assert.deepEqual(await files.stat(TEMPORARY), { path: TEMPORARY, bytes: length });
      const read = await files.read(TEMPORARY);
      assert.ok(Buffer.from(read).equals(Buffer.from(bytes)), `${length} bytes`);
    }
    const bytes = someBytes(3 * 1024 * 1024 + 7);
    const pieces: readonly [number, number][] = [
      [0, 4],
      [1, 1],
      [1_048_570, 1_048_590],
      [3 * 1024 * 1024, 3 * 1024 * 1024 + 7],
      [3 * 1024 * 1024, 1e9],
      [4 * 1024 * 1024, 5 * 1024 * 1024],
    ];
    for (const [from, to] of pieces) {
      const piece = await files.read(TEMPORARY, from, to);
      assert.deepEqual(Buffer.from(piece), Buffer.from(bytes.slice(from, to)), `${from} to ${to}`);
    }
    assert.deepEqual(Buffer.from(await files.read(TEMPORARY, 3_145_728)), Buffer.from(bytes.slice(3_145_728)));
  });

  check('replaces what a cut-off attempt has left under the name', async (files) => {
    await files.write(TEMPORARY, someBytes(10_000, 1));
    await files.write(TEMPORARY, someBytes(100, 2));
    assert.deepEqual(Buffer.from(await files.read(TEMPORARY)), Buffer.from(someBytes(100, 2)));
  });

  check('publishes a file under its final name, and the temporary one is gone', async (files, fixture) => {
    const bytes = someBytes(5000);
    await files.write(TEMPORARY, bytes);
    await files.publish(TEMPORARY, FINAL);
    assert.equal(await files.stat(TEMPORARY), undefined);
    assert.deepEqual(await files.stat(FINAL), { path: FINAL, bytes: 5000 });
    const other = await fixture.files();
    assert.deepEqual(Buffer.from(await other.read(FINAL)), Buffer.from(bytes));
    await other.close();
  });

  check(
    'publishes again without harm: after success, and from a new temporary file of the same content',
    async (files) => {
      await files.write(TEMPORARY, someBytes(5000));
      await files.publish(TEMPORARY, FINAL);
      await files.publish(TEMPORARY, FINAL);
      await files.write(TEMPORARY, someBytes(5000));
      await files.publish(TEMPORARY, FINAL);
      assert.equal(await files.stat(TEMPORARY), undefined);
      assert.deepEqual(Buffer.from(await files.read(FINAL)), Buffer.from(someBytes(5000)));
    },
  );

  check('never replaces a published file by another content, be it of the same length', async (files) => {
    await files.write(TEMPORARY, someBytes(5000, 1));
    await files.publish(TEMPORARY, FINAL);
    for (const other of [someBytes(5000, 2), someBytes(4999, 1), someBytes(0)]) {
      await files.write(TEMPORARY, other);
      await assert.rejects(files.publish(TEMPORARY, FINAL), { code: 'conflict' });
      assert.deepEqual(Buffer.from(await files.read(FINAL)), Buffer.from(someBytes(5000, 1)));
      assert.deepEqual(await files.stat(TEMPORARY), { path: TEMPORARY, bytes: other.length });
    }
  });

  check('does not take the publishing of what is not there for done', async (files) => {
    await assert.rejects(files.publish(TEMPORARY, FINAL), { code: 'not-found' });
    assert.equal(await files.stat(FINAL), undefined);
  });

  check('lists all files below a folder with their sizes, at any depth, and no other', async (files) => {
    const paths = [`${DAY}/part-a.parquet`, `${DAY}/part-b.parquet`, 'orders/order_date=2026-03-01/part-c.parquet'];
    for (const [index, path] of paths.entries()) {
      await files.write(TEMPORARY, someBytes(index + 1));
      await files.publish(TEMPORARY, path);
    }
    await files.write('raw/orders/date=2026-02-28/part-a-0.ndjson.zst', someBytes(9));
    const listed = [...(await files.list('orders'))].sort((a, b) => a.bytes - b.bytes);
    assert.deepEqual(
      listed,
      paths.map((path, index) => ({ path, bytes: index + 1 })),
    );
    assert.equal((await files.list(DAY)).length, 2);
    assert.deepEqual(await files.list('raw/orders'), [
      { path: 'raw/orders/date=2026-02-28/part-a-0.ndjson.zst', bytes: 9 },
    ]);
  });

  check('removes a file, and again', async (files) => {
    await files.write(TEMPORARY, someBytes(10));
    await files.remove(TEMPORARY);
    await files.remove(TEMPORARY);
    assert.equal(await files.stat(TEMPORARY), undefined);
    await files.write(TEMPORARY, someBytes(20));
    assert.equal((await files.stat(TEMPORARY))?.bytes, 20);
  });

  check('takes several files at a time', async (files) => {
    const paths = Array.from({ length: 8 }, (_, index) => `_tmp/part-${index}`);
    await Promise.all(paths.map((path, index) => files.write(path, someBytes(100_000, index))));
    for (const [index, path] of paths.entries()) {
      assert.ok(Buffer.from(await files.read(path)).equals(Buffer.from(someBytes(100_000, index))), path);
    }
    assert.equal((await files.list('_tmp')).length, 8);
  });

  check('refuses paths that lead out of its root or that other tools would read otherwise', async (files) => {
    const bad = ['../x', 'orders/../../x', '/etc/passwd', 'a//b', '', '.', 'a/', 'a b', 'a\\b', 'a%2fb', 'á'];
    for (const path of bad) {
      await assert.rejects(files.write(path, someBytes(1)), { code: 'bad-parameter' }, path);
      await assert.rejects(files.read(path), { code: 'bad-parameter' }, path);
      await assert.rejects(files.publish(TEMPORARY, path), { code: 'bad-parameter' }, path);
      await assert.rejects(files.remove(path), { code: 'bad-parameter' }, path);
    }
  });

  check('names files as other tools do', async (files) => {
    const uri = files.uri(FINAL);
    assert.ok(uri.startsWith(scheme), uri);
    assert.ok(uri.endsWith(`/${FINAL}`), uri);
  });
}
