/** The ground that the other tests on servers stand on: what is put into Kafka can be read, and nothing is left behind. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import kafkajs from 'kafkajs';
import { hostileLines } from '../model/hostile.ts';
import { Model } from '../model/model.ts';
import { RECORD_BYTES } from '../model/rules.ts';
import { untilReady } from '../system/exactness.ts';
import { place } from './pulso.ts';
import { address, needs } from './servers.ts';

const EVENTS = 2_000;

/** By place: the order in which partitions are read is no matter. */
function lettersOf(model: Model): string[] {
  return model
    .result()
    .deadLetters.map((letter) => Object.values(letter).join(' '))
    .sort();
}

test('records stand in Kafka where the model expects them, in order', needs('KAFKA_BROKERS'), async (t) => {
  const here = await place(t, { who: 'ops', on: ['KAFKA_BROKERS'] });
  const records = [...hostileLines({ events: EVENTS })].filter(({ record }) => record).map(({ bytes }) => bytes);
  const sent = records.filter(({ length }) => length <= RECORD_BYTES / 2);
  await here.produce(sent);
  const log = await here.readLog();
  assert.equal(log.length, sent.length);
  const expected = new Model(here);
  for (const record of sent) expected.add(record);
  const found = new Model(here);
  for (const { topic, partition, bytes, at } of log) found.addTo(topic, partition, bytes, at);
  assert.deepEqual(lettersOf(found), lettersOf(expected));
  assert.deepEqual(found.result().partitions, expected.result().partitions);
});

test('nothing is left on the servers when a test has ended', needs('KAFKA_BROKERS'), async (t) => {
  let name = '';
  await t.test('a test with topics', async (inner) => {
    const here = await place(inner, { who: 'ops', on: ['KAFKA_BROKERS'] });
    ({ name } = here);
    await here.produce([Buffer.from('{}')]);
    assert.equal((await here.readLog()).length, 1);
  });
  const admin = new kafkajs.Kafka({ brokers: address('KAFKA_BROKERS').split(',') }).admin();
  await admin.connect();
  try {
    assert.notEqual(name, '');
    assert.ok(!(await admin.listTopics()).some((topic) => topic.startsWith(name)));
    assert.ok(!(await admin.listGroups()).groups.some(({ groupId }) => groupId.startsWith(name)));
  } finally {
    await admin.disconnect();
  }
});

test('a process of pulso runs in its place and ends with the test', async (t) => {
  let pid = 0;
  await t.test('a test with a process', async (inner) => {
    const here = await place(inner, { who: 'ops', on: [] });
    const pulso = await here.start('a', ['--no-generator']);
    pid = pulso.child.pid as number;
    await untilReady(pulso.url);
  });
  assert.throws(() => process.kill(pid, 0), { code: 'ESRCH' });
});
