import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { describe, it, type TestContext } from 'node:test';
import { createServer as createTlsServer } from 'node:tls';
import { type Finding, withDeadline } from '../../../actors/backends/probe.ts';
import { explainKafka } from '../../../actors/backends/probe-kafka.ts';
import { explainMongodb } from '../../../actors/backends/probe-mongodb.ts';
import { combinationFindings, serverProbes } from '../../../actors/backends/probes.ts';
import { measured } from '../../helpers/stalls.ts';
import { SELF_SIGNED } from './self-signed.ts';

/** A little more than the deadline of a look. */
const LIMIT_MS = 7_000;
/** The deadlines of connections and answers are for servers: a process that stands still for so long finds them passed. */
const DISTURBED_MS = 1_000;
const MOST_LOOKS = 10;
/** Nothing listens on it, and nobody may without being root. */
const NOBODY = '127.0.0.1:1';

const COMMON = { group: 'pulso', topics: ['orders'] };
const SERVERS = [
  { name: 'Kafka', at: (address: string) => ({ ...COMMON, kafkaBrokers: [address] }) },
  { name: 'MongoDB', at: (address: string) => ({ ...COMMON, mongodbUri: `mongodb://${address}/pulso` }) },
  { name: 'HDFS', at: (address: string) => ({ ...COMMON, webhdfsUrl: `http://${address}` }) },
  {
    name: 'Hive Metastore',
    at: (address: string) => ({ ...COMMON, webhdfsUrl: `http://${address}`, hiveMetastore: `thrift://${address}` }),
  },
];

/** Takes connections and does with each what is said. */
async function listener(t: TestContext, serve: (socket: Socket) => void): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    serve(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `127.0.0.1:${(server.address() as { port: number }).port}`;
}

async function look(name: string, settings: Parameters<typeof serverProbes>[0]): Promise<Finding> {
  const probe = serverProbes(settings).find((one) => one.name === name);
  assert.ok(probe, name);
  for (let looks = 1; ; looks++) {
    const { result, tookMs, stalledMs } = await measured(() => probe.look());
    if (stalledMs > DISTURBED_MS && looks < MOST_LOOKS) continue;
    assert.ok(tookMs - stalledMs < LIMIT_MS, `${name} took ${tookMs} ms`);
    return result;
  }
}

function assertFailed(finding: Finding, text: RegExp): void {
  assert.equal(finding.state, 'fail', JSON.stringify(finding));
  assert.match(finding.text, text);
  assert.ok(finding.state === 'fail' && finding.fix.length > 0);
}

describe('a look at a server', { concurrency: true }, () => {
  for (const { name, at } of SERVERS) {
    it(`says of ${name} that nothing listens there`, async () => {
      assertFailed(await look(name, at(NOBODY)), /nothing listens there/);
    });

    it(`gives ${name} up when it takes connections and never answers`, async (t) => {
      const silent = await listener(t, () => {});
      assertFailed(await look(name, at(silent)), /no answer|does not answer/);
    });

    it(`is not misled by something else on the port of ${name}`, async (t) => {
      const other = await listener(t, (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi'));
      assertFailed(await look(name, at(other)), /./);
    });

    it(`is not misled by something that hangs up on the port of ${name}`, async (t) => {
      const rude = await listener(t, (socket) => socket.destroy());
      assertFailed(await look(name, at(rude)), /./);
    });
  }

  it('says of a host without an address that there is none', async () => {
    assertFailed(await look('Kafka', { ...COMMON, kafkaBrokers: ['kafka.invalid:9092'] }), /there is no such host/);
  });

  it('says of Kafka by TLS that the port does not speak it', async (t) => {
    const plain = await listener(t, (socket) => socket.end('no TLS here at all'));
    assertFailed(await look('Kafka', { ...COMMON, kafkaBrokers: [plain], kafkaSsl: 'true' }), /does not speak TLS/);
  });

  it('says of Kafka by TLS that nobody trusts its certificate', async (t) => {
    const server = createTlsServer(SELF_SIGNED, (socket) => socket.on('error', () => undefined));
    server.on('tlsClientError', () => undefined);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    t.after(() => server.close());
    const kafkaBrokers = [`127.0.0.1:${(server.address() as { port: number }).port}`];
    assertFailed(await look('Kafka', { ...COMMON, kafkaBrokers, kafkaSsl: 'true' }), /certificate is not trusted/);
  });

  it('says of an address of MongoDB that it cannot be one', async () => {
    assertFailed(await look('MongoDB', { ...COMMON, mongodbUri: 'mongodb://:secret@/' }), /./);
  });
});

it('errors of Kafka are told by what they mean', () => {
  const plain = { brokers: [NOBODY], ssl: false };
  const login = { ...plain, sasl: { mechanism: 'plain', username: 'me', password: 'hush' } } as const;
  const wrapped = (message: string, name = 'KafkaJSProtocolError') =>
    new Error('Number of retries exceeded', { cause: Object.assign(new Error(message), { name }) });
  const refused = wrapped('SASL PLAIN authentication failed', 'KafkaJSSASLAuthenticationError');
  assertFailed(explainKafka(refused, login), /refuses the login \(SASL PLAIN/);
  assertFailed(explainKafka(refused, plain), /wants a login/);
  const barred = wrapped('Not authorized to access topics: [Topic authorization failed]');
  assertFailed(explainKafka(barred, login), /may not see what is needed \(Not authorized/);
  assertFailed(explainKafka(wrapped('Closed connection'), plain), /does not answer as Kafka does/);
});

it('errors of MongoDB are told by what they mean', () => {
  const error = (code: number, message: string) =>
    Object.assign(new Error(message), { code, name: 'MongoServerError' });
  assertFailed(explainMongodb(error(18, 'Authentication failed.')), /refuses the login/);
  assertFailed(explainMongodb(error(13, 'not authorized on pulso')), /the user may not write/);
  assertFailed(explainMongodb(error(10107, 'not primary')), /not the primary/);
  assertFailed(explainMongodb(error(1, 'something else')), /something else/);
});

it('a look that never ends is ended by its deadline', async () => {
  assertFailed(await withDeadline(20, () => new Promise(() => {})), /no answer within 0.02 s/);
});

it('only configured servers are looked at', () => {
  assert.deepEqual(serverProbes(COMMON), []);
  const all = serverProbes({
    ...SERVERS[3]?.at(NOBODY),
    ...SERVERS[0]?.at(NOBODY),
    ...SERVERS[1]?.at(NOBODY),
  } as never);
  assert.deepEqual(
    all.map(({ name }) => name),
    ['Kafka', 'MongoDB', 'HDFS', 'Hive Metastore'],
  );
});

it('combinations for one process alone are told, those for several are not', () => {
  const kafkaBrokers = [NOBODY];
  const mongodbUri = `mongodb://${NOBODY}`;
  const webhdfsUrl = `http://${NOBODY}`;
  const texts = (settings: object) => combinationFindings({ ...COMMON, ...settings }).map(({ text }) => text);
  assert.deepEqual(texts({}), []);
  assert.deepEqual(texts({ kafkaBrokers, mongodbUri, webhdfsUrl }), []);
  assert.match(texts({ kafkaBrokers, webhdfsUrl }).join(), /embedded store is for one process/);
  assert.match(texts({ kafkaBrokers, mongodbUri }).join(), /local archive is for one process/);
  assert.match(texts({ mongodbUri }).join(), /embedded log is for one process/);
  const secrets = { kafkaBrokers, mongodbUri, webhdfsUrl, kafkaSaslMechanism: 'plain' };
  assert.match(texts(secrets).join(), /password of Kafka travels unencrypted/);
  assert.deepEqual(texts({ ...secrets, kafkaSsl: 'true' }), []);
});
