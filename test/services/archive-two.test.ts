/** Two processes on one store and one archive: what a person asks of either, both do. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { hostileLines } from '../model/hostile.ts';
import { type Pulso, post, until, untilCounted, untilReady } from '../system/exactness.ts';
import { archiveStatus, eventBatches } from './archive-on-hdfs.ts';
import { place } from './pulso.ts';
import { needs } from './servers.ts';

const EVENTS = 3_000;
const LIMIT_MS = 180_000;
const ARGS = ['--no-generator', '--lanes', '1'];

async function owns(pulso: Pulso): Promise<number> {
  const metrics = await (await fetch(new URL('/metrics', pulso.url))).text();
  return [...metrics.matchAll(/^pulso_partition_owned\{.*\} 1$/gm)].length;
}

test(
  'archive now, asked of one of two processes, takes what both have, and both say when it is done',
  needs('KAFKA_BROKERS', 'MONGODB_URI', 'WEBHDFS_URL'),
  async (t) => {
    const here = await place(t, { who: 'wish', on: ['KAFKA_BROKERS', 'MONGODB_URI', 'WEBHDFS_URL'] });
    const both = await Promise.all([here.start('a', ARGS), here.start('b', ARGS)]);
    await until('both own some of the partitions', LIMIT_MS, async () => {
      const owned = await Promise.all(both.map(owns));
      const all = here.topics.length * here.partitions;
      return { done: owned.every((some) => some > 0 && some < all), state: owned };
    });
    const records = [...hostileLines({ events: EVENTS, seed: 6 })]
      .filter(({ record, bytes }) => record && bytes.length < 100_000)
      .map(({ bytes }) => bytes);
    await here.produce(records);
    for (const { url } of both) {
      await untilReady(url, LIMIT_MS);
      await untilCounted(url, records.length);
    }
    const [first] = both;
    const asked = await post(first, '/archive/run', {});
    assert.equal(asked.status, 202);
    assert.equal((asked.body as { records: number }).records, records.length);
    for (const { url } of both) {
      await until('all is archived', LIMIT_MS, async () => {
        const status = await archiveStatus(url);
        return { done: !status.running && status.hot_bytes === 0 && status.records === records.length, state: status };
      });
      const batches = await eventBatches(url);
      assert.ok(batches.every(({ state }) => state === 'DELETED'));
      assert.equal(
        batches.reduce((sum, batch) => sum + batch.records, 0),
        records.length,
      );
    }
  },
);
