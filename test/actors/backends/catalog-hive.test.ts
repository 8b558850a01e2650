/** What a Hive Metastore does only when it is in trouble, done by a small server of thrift messages. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { type TestContext, test } from 'node:test';
import thrift from 'thrift';
import { HiveCatalog } from '../../../actors/backends/catalog-hive.ts';
import { struct, type ThriftFields, text, writeFields } from '../../../actors/backends/thrift-values.ts';

const { MessageType } = thrift.Thrift;
const UNAVAILABLE = { code: 'unavailable', retryable: true };
const DAYS = ['2026-02-28'];
/** Of a catalog that is never answered; others have so much time that this process may stand still. */
const HASTY_MS = 300;
const PATIENT_MS = 60_000;

type Reply = { readonly type?: number; readonly sequence?: number; readonly fields: ThriftFields };

/** Answers each call by `reply`; says nothing where that is undefined. */
async function metastore(t: TestContext, reply: (method: string, socket: Socket) => Reply | undefined) {
  const calls: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('data', (bytes) => {
      const method = bytes.toString('utf8', 8, 8 + bytes.readInt32BE(4));
      const sequence = bytes.readInt32BE(8 + method.length);
      calls.push(method);
      const made = reply(method, socket);
      // In two pieces, as a network may bring it.
      if (made !== undefined) for (const part of halves(message(method, sequence, made))) socket.write(part);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const stop = () => {
    for (const socket of sockets) socket.destroy();
    server.close();
  };
  t.after(stop);
  const { port } = server.address() as AddressInfo;
  const place = { host: '127.0.0.1', port, database: 'pulso', location: 'hdfs://h:8020/pulso' };
  const [catalog, hasty] = [PATIENT_MS, HASTY_MS].map((limitMs) => new HiveCatalog({ ...place, limitMs })) as [
    HiveCatalog,
    HiveCatalog,
  ];
  return { calls, stop, catalog, hasty };
}

function message(method: string, asked: number, { type = MessageType.REPLY, sequence = asked, fields }: Reply): Buffer {
  let bytes: Buffer = Buffer.alloc(0);
  const transport = new thrift.TBufferedTransport(undefined, (written) => {
    bytes = written;
  });
  const protocol = new thrift.TBinaryProtocol(transport);
  protocol.writeMessageBegin(method, type, sequence);
  writeFields(protocol, fields);
  protocol.flush();
  return bytes;
}

function halves(bytes: Buffer): Buffer[] {
  return [bytes.subarray(0, bytes.length >> 1), bytes.subarray(bytes.length >> 1)];
}

/** An exception is a struct with its message in field 1. */
const exception = (id: number, said: string): Reply => ({ fields: { [id]: struct({ 1: text(said) }) } });

test('a Metastore that is down, silent, or hangs up is unavailable, in time', async (t) => {
  const silent = await metastore(t, () => undefined);
  await assert.rejects(silent.hasty.register('orders', DAYS), { ...UNAVAILABLE, message: /within 300 ms/ });
  silent.stop();
  await assert.rejects(silent.catalog.register('orders', DAYS), { ...UNAVAILABLE, message: /ECONNREFUSED/ });
  const rude = await metastore(t, (_, socket) => void socket.destroy());
  await assert.rejects(rude.catalog.register('orders', DAYS), UNAVAILABLE);
});

test('an error of the Metastore itself may be cured by time, a refusal may not', async (t) => {
  const troubled = await metastore(t, () => exception(2, 'java.net.ConnectException: namenode'));
  await assert.rejects(troubled.catalog.register('orders', DAYS), {
    ...UNAVAILABLE,
    message: /MetaException.*namenode/,
  });
  const broken = await metastore(t, () => ({ type: MessageType.EXCEPTION, fields: { 1: text('Internal error') } }));
  await assert.rejects(broken.catalog.register('orders', DAYS), { ...UNAVAILABLE, message: /TApplicationException/ });
  const strict = await metastore(t, (method) =>
    method === 'create_database' ? exception(2, 'pulso is not a valid object name') : exception(1, 'no such thing'),
  );
  await assert.rejects(strict.catalog.register('orders', DAYS), {
    code: 'conflict',
    retryable: false,
    message: /InvalidObjectException.*valid object name/,
  });
});

test('bytes that are no answer, and the answer to another call, are unavailable', async (t) => {
  const confused = await metastore(t, () => ({ sequence: 77, fields: {} }));
  await assert.rejects(confused.catalog.register('orders', DAYS), { ...UNAVAILABLE, message: /another call/ });
  const other = await metastore(t, (_, socket) => void socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'));
  await assert.rejects(other.hasty.register('orders', DAYS), UNAVAILABLE);
});

test('no day is no call, and what is no day is refused before any call', async (t) => {
  const { catalog, calls } = await metastore(t, () => undefined);
  await catalog.register('orders', []);
  await assert.rejects(catalog.register('orders', ['2026-02-28', '28.2.2026']), { code: 'bad-parameter' });
  assert.deepEqual(calls, []);
});
