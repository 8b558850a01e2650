/** The looks of `pulso doctor` at servers that are there: what they find, and what is wrong with how they are asked. */
import assert from 'node:assert/strict';
import { userInfo } from 'node:os';
import { test } from 'node:test';
import { MongoClient } from 'mongodb';
import type { Finding } from '../../actors/backends/probe.ts';
import { type ProbeSettings, serverProbes } from '../../actors/backends/probes.ts';
import { hostileLines } from '../model/hostile.ts';
import { Model } from '../model/model.ts';
import { runPulso, untilCounted } from '../system/exactness.ts';
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

const ALL = ['KAFKA_BROKERS', 'MONGODB_URI', 'WEBHDFS_URL', 'HIVE_METASTORE'] as const;

test('doctor tells of each server in a line, and fails where one does not answer', needs(...ALL), async (t) => {
  const here = await place(t, { who: 'ops', on: ALL });
  const doctor = (env: Record<string, string> = {}) =>
    runPulso(['doctor', '--port', '0'], { dataDir: here.dataDir('doctor'), env: { ...here.env, ...env } });
  const fine = await doctor();
  assert.match(fine.output, /^ok {4}Kafka: 1 broker; partitions: .*-orders 4/m);
  assert.match(fine.output, /^ok {4}MongoDB: version /m);
  assert.match(fine.output, /^ok {4}HDFS: .* may write in .*; DataNode /m);
  assert.match(fine.output, /^ok {4}Hive Metastore: \d+ database/m);
  assert.doesNotMatch(fine.output, /^(FAIL|warn)/m);
  assert.equal(fine.code, 0, fine.output);
  const broken = await doctor({ KAFKA_BROKERS: '127.0.0.1:1', HIVE_METASTORE: 'thrift://127.0.0.1:1' });
  assert.match(broken.output, /^FAIL {2}Kafka: 127.0.0.1:1: nothing listens there; fix: start Kafka/m);
  assert.match(broken.output, /^FAIL {2}Hive Metastore: nothing listens there; fix: start the Metastore/m);
  assert.match(broken.output, /^ok {4}MongoDB: /m);
  assert.equal(broken.code, 1);
  const alone = await doctor({ MONGODB_URI: '', WEBHDFS_URL: '', HIVE_METASTORE: '' });
  assert.match(alone.output, /^warn {2}backends: Kafka with an embedded store is for one process/m);
  assert.equal(alone.code, 0, alone.output);
});

test('the place of a test holds pulso on all servers at once', needs(...ALL), async (t) => {
  const here = await place(t, { who: 'ops', on: ALL });
  const pulso = await here.start('a');
  const lines = [...hostileLines({ events: 500 })].filter(({ record }) => record).map(({ bytes }) => bytes);
  await here.produce(lines.filter(({ length }) => length < 500_000));
  const model = new Model(here);
  for (const { topic, partition, bytes, at } of await here.readLog()) model.addTo(topic, partition, bytes, at);
  const events = [...model.result().partitions.values()].reduce((sum, partition) => sum + partition.in, 0);
  await untilCounted(pulso.url, events);
  const running = await runPulso(['doctor', '--port', new URL(pulso.url).port], {
    dataDir: here.dataDir('a'),
    env: here.env,
  });
  assert.match(running.output, /^ok {4}port$/m);
  assert.match(running.output, /^ok {4}log and store: they agree$/m);
  assert.equal(running.code, 0, running.output);
});
