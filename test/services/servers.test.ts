/** Each server that the environment names answers in its own protocol: where this fails, nothing else needs a look. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { test } from 'node:test';
import kafkajs from 'kafkajs';
import { MongoClient } from 'mongodb';
import { address, needs } from './servers.ts';

const LIMIT_MS = 10_000;

test('Kafka tells its brokers and takes part in a group', needs('KAFKA_BROKERS'), async () => {
  const kafka = new kafkajs.Kafka({ brokers: address('KAFKA_BROKERS').split(','), logLevel: kafkajs.logLevel.NOTHING });
  const admin = kafka.admin();
  await admin.connect();
  try {
    const { brokers, controller } = await admin.describeCluster();
    assert.ok(brokers.some(({ nodeId }) => nodeId === controller));
    const offsets = await admin.fetchOffsets({ groupId: `t-ops-${crypto.randomUUID()}` });
    assert.deepEqual(offsets, []);
  } finally {
    await admin.disconnect();
  }
});

test('MongoDB answers a ping', needs('MONGODB_URI'), async () => {
  const client = new MongoClient(address('MONGODB_URI'), { serverSelectionTimeoutMS: LIMIT_MS });
  try {
    assert.equal((await client.db('admin').command({ ping: 1 })).ok, 1);
  } finally {
    await client.close();
  }
});

test('HDFS answers for its root over WebHDFS', needs('WEBHDFS_URL'), async () => {
  const url = new URL('/webhdfs/v1/?op=GETFILESTATUS', address('WEBHDFS_URL'));
  const answer = await fetch(url, { signal: AbortSignal.timeout(LIMIT_MS) });
  assert.equal(answer.status, 200);
  const { FileStatus } = (await answer.json()) as { FileStatus: { type: string } };
  assert.equal(FileStatus.type, 'DIRECTORY');
});

test('the Hive Metastore lists its databases over thrift', needs('HIVE_METASTORE'), async () => {
  const { hostname, port } = new URL(address('HIVE_METASTORE').replace(/^thrift:/, 'http:'));
  const socket = connect({ host: hostname, port: Number(port), timeout: LIMIT_MS });
  try {
    // get_all_databases in the binary protocol: version and "call", name, sequence number, no arguments.
    const name = Buffer.from('get_all_databases');
    const head = Buffer.from([0x80, 1, 0, 1, 0, 0, 0, name.length]);
    socket.write(Buffer.concat([head, name, Buffer.alloc(5)]));
    const [answer] = (await once(socket, 'data', { signal: AbortSignal.timeout(LIMIT_MS) })) as [Buffer];
    assert.equal(answer.readUInt32BE(0), 0x80010002, 'a reply, not an exception');
  } finally {
    socket.destroy();
  }
});
