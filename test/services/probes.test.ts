/** The looks of `pulso doctor` at servers that are there: what they find, and what is wrong with how they are asked. */
import assert from 'node:assert/strict';
import { userInfo } from 'node:os';
import { test } from 'node:test';
import { MongoClient } from 'mongodb';
import type { Finding } from '../../actors/backends/probe.ts';
import { type ProbeSettings, serverProbes } from '../../actors/backends/probes.ts';
import { runPulso } from '../system/exactness.ts';
import { place } from './pulso.ts';
import { address, needs } from './servers.ts';

const COMMON = { group: 'pulso', topics: ['orders'] };

async function look(name: string, settings: ProbeSettings): Promise<Finding & { fix?: string }> {
  const probe = serverProbes(settings).find((one) => one.name === name);
  assert.ok(probe, name);
  return probe.look();
}

test('a look at Kafka counts partitions and misses topics', needs('KAFKA_BROKERS'), async (t) => {
  const here = await place(t, { who: 'ops', on: ['KAFKA_BROKERS'], partitions: 3 });
  const kafkaBrokers = address('KAFKA_BROKERS').split(',');
  const [orders] = here.topics;
  const fine = await look('Kafka', { ...COMMON, kafkaBrokers, topics: [orders] });
  assert.deepEqual(fine, { state: 'ok', text: `1 broker; partitions: ${orders} 3` });
  const missing = await look('Kafka', { ...COMMON, kafkaBrokers, topics: [orders, `${here.name}-none`] });
  assert.equal(missing.state, 'warn');
  assert.match(missing.text, new RegExp(`${orders} 3; there is no topic ${here.name}-none`));
  const half = await look('Kafka', { ...COMMON, kafkaBrokers: [...kafkaBrokers, '127.0.0.1:1'], topics: [orders] });
  assert.equal(half.state, 'warn');
  assert.match(half.text, /127\.0\.0\.1:1: nothing listens there/);
});

test('a look at Kafka tells TLS and login apart', needs('KAFKA_BROKERS'), async () => {
  const kafkaBrokers = address('KAFKA_BROKERS').split(',');
  const tls = await look('Kafka', { ...COMMON, kafkaBrokers, kafkaSsl: 'true' });
  assert.equal(tls.state, 'fail');
  assert.match(`${tls.text} ${tls.fix}`, /does not speak TLS on this port .* unset KAFKA_SSL/);
  const login = { kafkaSaslMechanism: 'plain', kafkaSaslUsername: 'u', kafkaSaslPassword: 'p' } as const;
  const sasl = await look('Kafka', { ...COMMON, kafkaBrokers, ...login });
  assert.equal(sasl.state, 'fail');
  assert.match(`${sasl.text} ${sasl.fix}`, /refuses the login .* KAFKA_SASL_MECHANISM/);
});

test('a look at MongoDB tells the version and leaves nothing behind', needs('MONGODB_URI'), async (t) => {
  const here = await place(t, { who: 'ops', on: ['MONGODB_URI'] });
  const found = await look('MongoDB', { ...COMMON, mongodbUri: here.env.MONGODB_URI });
  assert.equal(found.state, 'ok', found.text);
  assert.match(found.text, /^version \d.*; may write$/);
  const client = new MongoClient(address('MONGODB_URI'));
  t.after(() => client.close());
  const { databases } = await client.db().admin().listDatabases();
  assert.ok(!databases.some(({ name }) => name === here.name));
});

test('a look at HDFS finds the folder writable or names the user who may not', needs('WEBHDFS_URL'), async () => {
  const webhdfsUrl = new URL(`/t-ops-${crypto.randomUUID()}/deep`, address('WEBHDFS_URL')).href;
  const fine = await look('HDFS', { ...COMMON, webhdfsUrl, hdfsUser: userInfo().username });
  assert.equal(fine.state, 'ok', fine.text);
  assert.match(fine.text, /may write in \/t-ops-.*\/deep; DataNode /);
  const stranger = await look('HDFS', { ...COMMON, webhdfsUrl, hdfsUser: 'nobody-at-all' });
  assert.equal(stranger.state, 'fail');
  assert.match(`${stranger.text} ${stranger.fix}`, /nobody-at-all may not write in \/ .*HDFS_USER/s);
});

test('a look at the Hive Metastore counts its databases', needs('HIVE_METASTORE', 'WEBHDFS_URL'), async () => {
  const settings = { ...COMMON, webhdfsUrl: address('WEBHDFS_URL'), hiveMetastore: address('HIVE_METASTORE') };
  const found = await look('Hive Metastore', settings);
  assert.equal(found.state, 'ok', found.text);
  assert.match(found.text, /^[1-9]\d* databases?$/);
});

test(
  'doctor tells of each server in a line, and fails where one does not answer',
  needs('WEBHDFS_URL', 'HIVE_METASTORE'),
  async (t) => {
    const here = await place(t, { who: 'ops', on: ['WEBHDFS_URL', 'HIVE_METASTORE'] });
    const options = { dataDir: here.dataDir('doctor'), env: here.env };
    const fine = await runPulso(['doctor', '--port', '0'], options);
    assert.match(fine.output, /^ok {4}HDFS: .* may write in .*; DataNode /m);
    assert.match(fine.output, /^ok {4}Hive Metastore: \d+ database/m);
    assert.equal(fine.code, 0, fine.output);
    const env = { ...here.env, HIVE_METASTORE: 'thrift://127.0.0.1:1' };
    const alone = { ...here.env, KAFKA_BROKERS: '127.0.0.1:1' };
    const kafka = await runPulso(['doctor', '--port', '0'], { ...options, env: alone });
    assert.match(kafka.output, /^FAIL {2}Kafka: 127.0.0.1:1: nothing listens there; fix: start Kafka/m);
    assert.match(kafka.output, /^warn {2}backends: Kafka with an embedded store is for one process/m);
    assert.equal(kafka.code, 1);
    const broken = await runPulso(['doctor', '--port', '0'], { ...options, env });
    assert.match(broken.output, /^FAIL {2}Hive Metastore: nothing listens there; fix: start the Metastore/m);
    assert.match(broken.output, /^ok {4}HDFS: /m);
    assert.equal(broken.code, 1);
  },
);
