/** The log on Kafka against the contract of every event log. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import kafkajs from 'kafkajs';
import { append, eventLogContract, numbered, readFrom } from '../contracts/event-log.ts';
import { KafkaTestLog } from './kafka-log.ts';
import { withAdmin } from './kafka-place.ts';
import { needs } from './servers.ts';

const { skip } = needs('KAFKA_BROKERS');

eventLogContract({
  name: 'log on Kafka',
  ...(skip === false ? {} : { skip }),
  make: async () => {
    const log = await KafkaTestLog.make({ orders: 2, clicks: 2 });
    return {
      writer: async () => log.writer(),
      source: () => log.source(),
      gaps: () => log.gaps,
      close: () => log.close(),
    };
  },
});

test(
  'a record that its topic does not take is refused as too large, and the next one is taken',
  needs('KAFKA_BROKERS'),
  async () => {
    const log = await KafkaTestLog.make({ orders: 1 });
    try {
      const writer = log.writer();
      const noise = randomBytes(3_000_000).toString('base64');
      // The topic is made for records of 1 MiB and some.
      await assert.rejects(writer.append([append('orders', 0, [noise])]), { code: 'too-large' });
      assert.deepEqual(await writer.append([append('orders', 0, [noise.slice(0, 1_048_576), 'small'])]), [0]);
    } finally {
      await log.close();
    }
  },
);

test(
  'a writer that was given up sends nothing any more, whatever it was asked before',
  needs('KAFKA_BROKERS'),
  async () => {
    const log = await KafkaTestLog.make({ orders: 1 });
    try {
      let over = false;
      const former = log.writer({ givenUp: () => over });
      assert.deepEqual(await former.append([append('orders', 0, ['a'])]), [0]);
      const asked = [former.append([append('orders', 0, ['b'])]), former.append([append('orders', 0, ['c'])])];
      over = true;
      for (const one of asked) await assert.rejects(one, { code: 'fenced' });
      assert.deepEqual(await log.writer().append([append('orders', 0, ['next'])]), [1]);
    } finally {
      await log.close();
    }
  },
);

test('batches of every packing that other producers use are read', needs('KAFKA_BROKERS'), async (t) => {
  for (const packing of ['gzip', 'snappy', 'lz4', 'zstd', 'uncompressed']) {
    await t.test(packing, async () => {
      const log = await KafkaTestLog.make({ orders: 1 });
      try {
        // The broker packs anew what comes in another packing: Java's own libraries write it.
        const configEntries = [{ name: 'compression.type', value: packing }];
        const topic = { type: kafkajs.ConfigResourceTypes.TOPIC, name: log.long('orders'), configEntries };
        await withAdmin((admin) => admin.alterConfigs({ validateOnly: false, resources: [topic] }));
        const noise = randomBytes(150_000).toString('base64');
        const records = [...numbered(0, 3_000, 90), noise, 'x'.repeat(300_000), ...numbered(0, 10)];
        await log.writer().append([append('orders', 0, records)]);
        const source = await log.source();
        const read = await readFrom(source, [{ topic: 'orders', partition: 0, offset: 0 }]);
        assert.deepEqual(read.get('orders/0'), records);
      } finally {
        await log.close();
      }
    });
  }
});
