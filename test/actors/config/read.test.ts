import assert from 'node:assert/strict';
import { test } from 'node:test';
import { describeConfig, readConfig } from '../../../actors/config/read.ts';
import { AppError } from '../../../protocol/errors.ts';

const read = (sources: { flags?: object; env?: Record<string, string>; file?: string }) =>
  readConfig({ flags: {}, env: {}, file: undefined, ...sources });

test('config takes flags before environment before file before defaults', () => {
  const file = JSON.stringify({ port: 1000, lateness: '2h', hotBytes: '5MB', topics: ['orders'] });
  const config = read({ flags: { port: '3000' }, env: { PULSO_PORT: '2000', PULSO_LATENESS: '3h' }, file });
  assert.equal(config.port, 3000);
  assert.equal(config.lateness, 3 * 3_600_000);
  assert.equal(config.hotBytes, 5_000_000);
  assert.deepEqual(config.topics, ['orders']);
  assert.equal(config.future, 300_000);
});

test('config errors name key, value and rule', () => {
  const cases: [Parameters<typeof read>[0], RegExp][] = [
    [{ env: { PULSO_PORT: '70000' } }, /PULSO_PORT.*whole number from 0 to 65535.*"70000"/],
    [{ flags: { port: 'x' } }, /--port.*whole number.*"x"/],
    [{ env: { PULSO_HOT_BYTES: '10KB' } }, /PULSO_HOT_BYTES.*at least 1 MB.*"10KB"/],
    [{ env: { PULSO_LATENESS: 'soon' } }, /PULSO_LATENESS.*a time such as.*"soon"/],
    [{ env: { PULSO_ZONE: 'Mars/Base' } }, /PULSO_ZONE.*time zone.*"Mars\/Base"/],
    [{ env: { PULSO_PROT: '1' } }, /PULSO_PROT.*no such setting.*PULSO_PORT/],
    [
      { env: { PULSO_TOPICS: 'orders,clicks,orders' } },
      /PULSO_TOPICS.*at least one name, each once.*"orders,clicks,orders"/,
    ],
    [{ env: { PULSO_TOPICS: ' , ' } }, /PULSO_TOPICS.*at least one name/],
    [{ env: { KAFKA_BROKERS: ',' } }, /KAFKA_BROKERS.*at least one host:port, each once/],
    [{ file: '{"prot":1}' }, /"prot".*no such setting.*port/],
    [{ file: '{"port":{}}' }, /"port".*must be a text/],
    [{ file: '[1]' }, /must hold an object/],
    [{ file: '{' }, /must be JSON/],
    [{ env: { PULSO_HOST: '0.0.0.0' } }, /PULSO_TOKEN.*"0.0.0.0"/],
    [{ env: { PULSO_LANES: '9' } }, /more lanes than partitions \(4\).*9/],
    [{ env: { PULSO_LATENESS: '49h', PULSO_KPI_RETENTION: '2d' } }, /PULSO_KPI_RETENTION is 172800000.*PULSO_LATENESS/],
    [{ env: { PULSO_TOKEN: 'two words' } }, /PULSO_TOKEN.*\*\*\*/],
    [
      { env: { WEBHDFS_URL: 'namenode:9870' } },
      /WEBHDFS_URL.*an address such as http:\/\/namenode:9870.*"namenode:9870"/,
    ],
    [{ env: { WEBHDFS_URL: 'http://me:word@namenode:9870' } }, /WEBHDFS_URL.*an address such as/],
    [{ env: { WEBHDFS_URL: 'http://namenode:9870/a%20b' } }, /WEBHDFS_URL.*an address such as/],
    [{ env: { WEBHDFS_URL: 'http://' } }, /WEBHDFS_URL.*an address such as/],
    [{ env: { WEBHDFS_URL: 'http://n:1', HDFS_URL: 'n:8020' } }, /HDFS_URL.*an address such as hdfs:\/\/namenode:8020/],
    [{ env: { WEBHDFS_URL: 'http://n:1', HIVE_METASTORE: 'thrift://h:1/x' } }, /HIVE_METASTORE.*thrift:\/\/host:9083/],
    [{ env: { HIVE_METASTORE: 'thrift://h:9083' } }, /Hive.*WEBHDFS_URL.*"thrift:\/\/h:9083"/],
    [
      { env: { KAFKA_BROKERS: 'a:1', KAFKA_SASL_USERNAME: 'u' } },
      /go together.*KAFKA_SASL_MECHANISM and KAFKA_SASL_PASSWORD unset/,
    ],
  ];
  for (const [sources, message] of cases) {
    assert.throws(
      () => read(sources),
      (thrown) => thrown instanceof AppError && thrown.code === 'bad-config' && message.test(thrown.message),
      String(message),
    );
  }
});

test('config described for people shows no secret', () => {
  const shown = describeConfig(read({ env: { PULSO_TOKEN: 'a-very-secret-token' } }));
  assert.equal(shown.find(({ name }) => name === 'token')?.value, '***');
  assert.ok(!JSON.stringify(shown).includes('a-very-secret-token'));
});

test('config described for people shows addresses without what is secret in them', () => {
  const mongodbUri = 'mongodb://me:p@ss/w@one:27017,two:27017/shop?replicaSet=r&tlsCertificateKeyFilePassword=hush';
  const shown = describeConfig({ ...read({}), mongodbUri, webhdfsUrl: 'http://me:hush@namenode:9870/pulso' });
  const of = (wanted: string) => shown.find(({ name }) => name === wanted)?.value;
  assert.equal(
    of('mongodbUri'),
    'mongodb://***@one:27017,two:27017/shop?replicaSet=r&tlsCertificateKeyFilePassword=***',
  );
  assert.equal(of('webhdfsUrl'), 'http://***@namenode:9870/pulso');
});
