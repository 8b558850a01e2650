/** Reading some of the archive again. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checksumOf } from '../../../actors/archive/write-batch.ts';
import { ArchiveSample, judgeSample } from '../../../actors/jobs/archive-sample.ts';
import type { ArchiveBatch } from '../../../actors/ports/archive.ts';
import { AppError } from '../../../protocol/errors.ts';
import { archiveBatch } from '../../contracts/archive-manifest.ts';
import { Random } from '../../model/random.ts';

const never = new AbortController().signal;

/** Ten batches of one file each; what is read instead, by path: undefined is a file that is gone. */
function sampleOf(otherwise: ReadonlyMap<string, Uint8Array | undefined>, seed = 1) {
  const read: string[] = [];
  const batches = Array.from({ length: 10 }, (_, at): ArchiveBatch => {
    const bytes = Uint8Array.of(at, at, at);
    const path = `orders/order_date=2026-01-01/part-${at}.parquet`;
    const file = { table: 'orders', path, bytes: 3, orderDate: '2026-01-01', rows: 1, from: 0, to: 0 } as const;
    const files = [{ ...file, checksum: checksumOf(bytes) }];
    return { ...archiveBatch(at * 100), state: 'DELETED', committedAt: 1_000 + at, files };
  });
  const random = new Random(seed);
  const sample = new ArchiveSample(
    async () => ({
      manifest: { inState: async () => batches, close: async () => undefined },
      files: {
        read: async (path) => {
          read.push(path);
          const at = Number(/part-(\d+)/.exec(path)?.[1]);
          if (!otherwise.has(path)) return Uint8Array.of(at, at, at);
          const bytes = otherwise.get(path);
          if (bytes === undefined) throw new AppError('not-found', `Cannot find ${path}`);
          return bytes;
        },
        close: async () => undefined,
      },
    }),
    () => random.next(),
  );
  return { sample, read, pathOf: (at: number) => batches[at]?.files[0]?.path as string };
}

test('sample of the archive takes the newest batch and others by chance, in time all', async () => {
  const { sample, read, pathOf } = sampleOf(new Map());
  for (let run = 0; run < 40; run++) {
    const before = read.length;
    assert.deepEqual(await sample.run(never), { batches: 3, files: 3, wrong: [] });
    assert.equal(read[before], pathOf(9));
    assert.equal(new Set(read.slice(before)).size, 3);
  }
  assert.equal(new Set(read).size, 10);
});

test('sample of the archive finds a file that is gone, cut off or changed', async () => {
  const { pathOf } = sampleOf(new Map());
  for (const [bytes, why] of [
    [undefined, 'is gone'],
    [Uint8Array.of(9, 9), 'has 2 bytes, not 3'],
    [Uint8Array.of(9, 9, 8), 'has another checksum'],
  ] as const) {
    const { sample } = sampleOf(new Map([[pathOf(9), bytes]]));
    const result = await sample.run(never);
    assert.equal(result.wrong.length, 1);
    assert.ok(result.wrong[0]?.endsWith(why), result.wrong[0]);
    const finding = judgeSample(result);
    assert.equal(finding.severity, 'critical');
    assert.match(finding.text, /part-9\.parquet/);
  }
});

test('sample of the archive ends when it is told to', async () => {
  const { sample, read } = sampleOf(new Map());
  const reason = new AppError('deadline-exceeded', 'Cannot go on');
  await assert.rejects(sample.run(AbortSignal.abort(reason)), reason);
  assert.equal(read.length, 0);
});
