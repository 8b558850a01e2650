/** The log on Kafka against the contract of every event log. */
import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { append, eventLogContract } from '../contracts/event-log.ts';
import { KafkaTestLog } from './kafka-log.ts';
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
