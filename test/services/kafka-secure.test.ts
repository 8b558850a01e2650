/** TLS and logins on a real broker: pulso counts through each, and doctor says which of them is wrong. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { compareAll } from '../model/compare.ts';
import { hostileLines } from '../model/hostile.ts';
import { Model } from '../model/model.ts';
import { runPulso, untilCounted } from '../system/exactness.ts';
import { place } from './pulso.ts';
import { needsJars, type SecureKafka, startSecureKafka } from './secure-kafka.ts';

const EVENTS = 2_000;
const records = [...hostileLines({ events: EVENTS, seed: 11 })]
  .filter(({ record, bytes }) => record && bytes.length < 500_000)
  .map(({ bytes }) => bytes);

describe('Kafka that wants TLS or a login', needsJars(), () => {
  let kafka: SecureKafka;
  before(async () => {
    kafka = await startSecureKafka();
  });
  after(() => kafka.stop());

  const ways: Record<string, () => Record<string, string>> = {
    'TLS alone': () => ({ KAFKA_BROKERS: kafka.tls, KAFKA_SSL: 'true' }),
    'PLAIN without TLS': () => ({ KAFKA_BROKERS: kafka.login, ...kafka.credentials('plain') }),
    'SCRAM-SHA-256 without TLS': () => ({ KAFKA_BROKERS: kafka.login, ...kafka.credentials('scram-sha-256') }),
    'SCRAM-SHA-512 over TLS': () => ({
      KAFKA_BROKERS: kafka.both,
      KAFKA_SSL: 'true',
      ...kafka.credentials('scram-sha-512'),
    }),
  };
  for (const [name, settings] of Object.entries(ways)) {
    it(`counts exactly through ${name}`, async (t) => {
      const here = await place(t, { who: 'secure', on: ['KAFKA_BROKERS'], partitions: 2 });
      const env = { ...settings(), NODE_EXTRA_CA_CERTS: kafka.authority };
      await here.produce(records);
      const pulso = await here.start('a', ['--no-generator', '--lanes', '2'], env);
      const model = new Model(here);
      for (const { topic, partition, bytes, at } of await here.readLog()) model.addTo(topic, partition, bytes, at);
      const result = model.result();
      await untilCounted(
        pulso.url,
        [...result.partitions.values()].reduce((sum, { in: all }) => sum + all, 0),
      );
      assert.deepEqual(await compareAll(pulso.url, result), []);
    });
  }

  it('doctor says what is wrong with the way in, and what to do', async (t) => {
    const here = await place(t, { who: 'secure', on: ['KAFKA_BROKERS'], partitions: 1 });
    const doctor = async (env: Record<string, string>) => {
      const options = { dataDir: here.dataDir('doctor'), env: { ...here.env, ...env } };
      return (await runPulso(['doctor'], options)).output;
    };
    const right = { ...ways['SCRAM-SHA-512 over TLS']?.(), NODE_EXTRA_CA_CERTS: kafka.authority };
    assert.match(await doctor(right), /Kafka.*1 broker/);
    assert.match(await doctor({ ...right, NODE_EXTRA_CA_CERTS: '' }), /Kafka.*certificate.*NODE_EXTRA_CA_CERTS/s);
    assert.match(await doctor({ ...right, KAFKA_SASL_PASSWORD: 'wrong' }), /refuses the login.*KAFKA_SASL_PASSWORD/s);
    assert.match(await doctor({ KAFKA_BROKERS: kafka.login }), /KAFKA_SASL|wants a login/s);
    assert.match(await doctor({ KAFKA_BROKERS: kafka.tls }), /KAFKA_SSL=true/s);
  });
});
