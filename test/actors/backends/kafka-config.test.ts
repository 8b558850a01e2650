import assert from 'node:assert/strict';
import { test } from 'node:test';
import { connectKafka } from '../../../actors/backends/kafka-client.ts';
import { kafkaConfig } from '../../../actors/backends/kafka-config.ts';

test('Kafka is reached as the settings say, plainly where they say nothing more', () => {
  assert.equal(kafkaConfig({}), undefined);
  assert.equal(kafkaConfig({ kafkaBrokers: [] }), undefined);
  assert.deepEqual(kafkaConfig({ kafkaBrokers: ['a:1', 'b:2'] }), { brokers: ['a:1', 'b:2'], ssl: false });
  assert.deepEqual(
    kafkaConfig({
      kafkaBrokers: ['a:1'],
      kafkaSsl: 'true',
      kafkaSaslMechanism: 'scram-sha-512',
      kafkaSaslUsername: 'shop',
      kafkaSaslPassword: 'word',
    }),
    { brokers: ['a:1'], ssl: true, sasl: { mechanism: 'scram-sha-512', username: 'shop', password: 'word' } },
  );
});

test('a login can still go to other threads after a client was made of it', () => {
  const login = { mechanism: 'plain', username: 'shop', password: 'word' } as const;
  const config = { brokers: ['a:1'], ssl: false, sasl: login };
  connectKafka(config);
  assert.deepEqual(structuredClone(config), { brokers: ['a:1'], ssl: false, sasl: login });
});
