/** Each trap of WebHDFS and of the package that speaks it, sprung by a server that misbehaves on demand. */
import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { WebhdfsArchiveFiles } from '../../../actors/backends/archive-webhdfs.ts';
import { someBytes } from '../../contracts/archive-files.ts';
import { measured } from '../../helpers/stalls.ts';
import { answer, bodyOf, refuse, type WebhdfsServer, webhdfsServer } from './webhdfs-server.ts';

const BYTES = someBytes(10_000);
const TEMPORARY = '_tmp/a.parquet';
const FINAL = 'orders/order_date=2026-02-28/part-a.parquet';
const UNAVAILABLE = { code: 'unavailable', retryable: true };
/** So long that this process may stand still meanwhile. */
const PATIENT = { callMs: 60_000, transferMs: 60_000 };
/** Short enough to wait for; what is asked of this one is never done. */
const HASTY = { callMs: 300, transferMs: 300 };
/** Far more than a call may take that is given up in time. */
const IN_TIME_MS = 5_000;

type Stage = { hdfs: WebhdfsServer; files: WebhdfsArchiveFiles; hasty: WebhdfsArchiveFiles };

async function stage(t: TestContext): Promise<Stage> {
  const hdfs = await webhdfsServer(t);
  const filesWithin = (limits: typeof HASTY) => {
    const place = { url: hdfs.url, user: 'shop', hdfsUrl: 'hdfs://h:8020', root: '/pulso' };
    const files = new WebhdfsArchiveFiles({ ...place, ...limits });
    t.after(() => files.close());
    return files;
  };
  return { hdfs, files: filesWithin(PATIENT), hasty: filesWithin(HASTY) };
}

/** Fails as long as the fault lasts, leaves nothing under the name, and does it when asked again afterwards. */
async function failsThenWrites({ hdfs, files }: Stage, message = /HDFS/, failing = files): Promise<void> {
  await assert.rejects(failing.write(TEMPORARY, BYTES), { ...UNAVAILABLE, message });
  hdfs.fault = () => false;
  assert.equal(await files.stat(TEMPORARY), undefined);
  await files.write(TEMPORARY, BYTES);
  assert.deepEqual(Buffer.from(await files.read(TEMPORARY)), Buffer.from(BYTES));
}

/** The same where nothing is ever answered. */
async function givenUpThenWrites(staged: Stage): Promise<void> {
  const { tookMs, stalledMs } = await measured(() => failsThenWrites(staged, /HDFS/, staged.hasty));
  assert.ok(tookMs - stalledMs < IN_TIME_MS, `in time: ${tookMs} ms`);
}

for (const status of [503, 507]) {
  test(`an upload that a DataNode refuses with ${status}, which the package calls done, fails`, async (t) => {
    const staged = await stage(t);
    const { hdfs } = staged;
    hdfs.fault = ({ node, op, path, response, request }) => {
      if (node !== 'data' || op !== 'CREATE') return false;
      hdfs.files.set(path, Buffer.alloc(0));
      request.resume();
      response.writeHead(status).end();
      return true;
    };
    await failsThenWrites(staged);
  });
}

test('an upload whose connection breaks fails once, though the package says error and then finish', async (t) => {
  const staged = await stage(t);
  const { hdfs } = staged;
  hdfs.fault = ({ node, op, path, request }) => {
    if (node !== 'data' || op !== 'CREATE') return false;
    request.once('data', () => {
      hdfs.files.set(path, Buffer.alloc(0));
      request.socket.destroy();
    });
    return true;
  };
  await failsThenWrites(staged);
});

test('an upload that leaves a closed, shorter file fails', async (t) => {
  const staged = await stage(t);
  const { hdfs } = staged;
  hdfs.fault = ({ node, op, path, request, response }) => {
    if (node !== 'data' || op !== 'CREATE') return false;
    void bodyOf(request).then((body) => {
      hdfs.files.set(path, body.subarray(0, 6000));
      response.writeHead(201).end();
    });
    return true;
  };
  await failsThenWrites(staged, /6000 of 10000 bytes/);
});

test('an empty file that is not empty on HDFS was not written', async (t) => {
  const { hdfs, files } = await stage(t);
  hdfs.fault = ({ op }) => {
    if (op === 'GETFILESTATUS') for (const path of hdfs.files.keys()) hdfs.files.set(path, Buffer.from('x'));
    return false;
  };
  await assert.rejects(files.write(TEMPORARY, new Uint8Array(0)), { ...UNAVAILABLE, message: /1 of 0 bytes/ });
  hdfs.fault = () => false;
  await files.write(TEMPORARY, new Uint8Array(0));
  assert.deepEqual(await files.stat(TEMPORARY), { path: TEMPORARY, bytes: 0 });
});

test('a NameNode that is down is unavailable at once, for every call', async (t) => {
  const { hdfs, files } = await stage(t);
  await files.write(TEMPORARY, BYTES);
  hdfs.fault = ({ request }) => {
    request.socket.destroy();
    return true;
  };
  const calls = [
    () => files.write(TEMPORARY, BYTES),
    () => files.publish(TEMPORARY, FINAL),
    () => files.stat(TEMPORARY),
    () => files.read(TEMPORARY),
    () => files.list('_tmp'),
    () => files.remove(TEMPORARY),
  ];
  for (const call of calls) await assert.rejects(call(), UNAVAILABLE, String(call));
  hdfs.fault = () => false;
  assert.deepEqual(Buffer.from(await files.read(TEMPORARY)), Buffer.from(BYTES));
});

for (const algorithm of ['MD5-of-8MD5-of-512CRC32C', 'COMPOSITE-CRC32C']) {
  test(`an upload that stores a wrong byte fails, known by ${algorithm}`, async (t) => {
    const staged = await stage(t);
    const { hdfs } = staged;
    hdfs.fault = ({ node, op, path, request, response }) => {
      if (op === 'GETFILECHECKSUM' && algorithm.startsWith('COMPOSITE')) {
        return answer(response, 200, { FileChecksum: { algorithm, bytes: '8c1b3a4d00000000', length: 8 } });
      }
      if (node !== 'data' || op !== 'CREATE') return false;
      void bodyOf(request).then((body) => {
        body[5000] = (body[5000] as number) ^ 1;
        hdfs.files.set(path, body);
        response.writeHead(201).end();
      });
      return true;
    };
    await failsThenWrites(staged);
  });
}

test('a checksum of a kind that is not known is no obstacle: the bytes are read back', async (t) => {
  const { hdfs, files } = await stage(t);
  hdfs.fault = ({ op, response }) =>
    op === 'GETFILECHECKSUM' &&
    answer(response, 200, { FileChecksum: { algorithm: 'COMPOSITE-CRC32C', bytes: '8c1b3a4d00000000', length: 8 } });
  await files.write(TEMPORARY, BYTES);
  assert.ok(hdfs.calls.some((call) => call.startsWith('data OPEN')));
});

for (const op of ['CREATE', 'GETFILESTATUS', 'GETFILECHECKSUM', 'RENAME']) {
  for (const node of op === 'CREATE' ? (['name', 'data'] as const) : (['name'] as const)) {
    test(`a ${node} node that never answers ${op} is given up in time`, async (t) => {
      const staged = await stage(t);
      staged.hdfs.fault = (call) => call.op === op && call.node === node;
      await givenUpThenWrites(staged);
    });
  }
}

test('a NameNode that answers 503 to an upload, of which the package tells nobody, is given up in time', async (t) => {
  const staged = await stage(t);
  const { hdfs } = staged;
  hdfs.fault = ({ node, op, response }) => {
    if (node !== 'name' || op !== 'CREATE') return false;
    response.writeHead(503).end();
    return true;
  };
  await givenUpThenWrites(staged);
});

test('a rename that was refused with 200 and false is not taken for done', async (t) => {
  const { hdfs, files } = await stage(t);
  await files.write(TEMPORARY, BYTES);
  hdfs.fault = ({ op, response }) => op === 'RENAME' && answer(response, 200, { boolean: false });
  await assert.rejects(files.publish(TEMPORARY, FINAL), UNAVAILABLE);
  assert.equal(await files.stat(FINAL), undefined);
  hdfs.fault = () => false;
  await files.publish(TEMPORARY, FINAL);
  assert.deepEqual(await files.stat(FINAL), { path: FINAL, bytes: BYTES.length });
});

test('a rename whose answer is lost is taken for done, as HDFS shows that it was', async (t) => {
  const { hdfs, files } = await stage(t);
  await files.write(TEMPORARY, BYTES);
  hdfs.fault = (call) => {
    if (call.op !== 'RENAME') return false;
    hdfs.files.set(`/pulso/${FINAL}`, hdfs.files.get(call.path) as Buffer);
    hdfs.files.delete(call.path);
    call.request.socket.destroy();
    return true;
  };
  await files.publish(TEMPORARY, FINAL);
  assert.deepEqual(await files.stat(FINAL), { path: FINAL, bytes: BYTES.length });
});

test('a file that comes under the final name between look and rename is not replaced', async (t) => {
  const { hdfs, files } = await stage(t);
  await files.write(TEMPORARY, BYTES);
  hdfs.fault = ({ op }) => {
    if (op === 'RENAME') hdfs.files.set(`/pulso/${FINAL}`, Buffer.from('of another process'));
    return false;
  };
  await assert.rejects(files.publish(TEMPORARY, FINAL), UNAVAILABLE);
  await assert.rejects(files.publish(TEMPORARY, FINAL), { code: 'conflict' });
  assert.equal(String(hdfs.files.get(`/pulso/${FINAL}`)), 'of another process');
});

test('a removal that was not done is not taken for done', async (t) => {
  const { hdfs, files } = await stage(t);
  await files.write(TEMPORARY, BYTES);
  hdfs.fault = ({ op, response }) => op === 'DELETE' && answer(response, 200, { boolean: true });
  await assert.rejects(files.remove(TEMPORARY), UNAVAILABLE);
});

test('a NameNode on standby, starting or in safe mode is asked again until it does it', async (t) => {
  const { hdfs, files } = await stage(t);
  const seen = new Map<string, number>();
  const kinds = ['StandbyException', 'RetriableException', 'SafeModeException'] as const;
  const said = { StandbyException: 'Operation category WRITE is not supported in state standby' };
  hdfs.fault = (call) => {
    if (call.node !== 'name') return false;
    const times = seen.get(call.op) ?? 0;
    seen.set(call.op, times + 1);
    const kind = kinds[times];
    const message = kind === 'StandbyException' ? said[kind] : 'Name node is in safe mode';
    return kind !== undefined && refuse(call, 403, kind, message);
  };
  await files.write(TEMPORARY, BYTES);
  await files.publish(TEMPORARY, FINAL);
  assert.deepEqual(Buffer.from(await files.read(FINAL)), Buffer.from(BYTES));
  assert.deepEqual([...seen.keys()].sort(), ['CREATE', 'GETFILECHECKSUM', 'GETFILESTATUS', 'MKDIRS', 'OPEN', 'RENAME']);
});

test('a NameNode that stays on standby is asked again until the time is up, and is unavailable then', async (t) => {
  const { hdfs, hasty } = await stage(t);
  hdfs.fault = (call) =>
    refuse(call, 403, 'StandbyException', 'Operation category READ is not supported in state standby');
  for (let tries = 1; hdfs.calls.length < 2; tries++) {
    assert.ok(tries < 20, 'it asks once and no more');
    hdfs.calls.length = 0;
    await assert.rejects(hasty.stat(FINAL), UNAVAILABLE);
  }
});

test('a 404 that HDFS has not said, and a page instead of an answer, are no missing file', async (t) => {
  const { hdfs, files } = await stage(t);
  for (const status of [404, 200]) {
    hdfs.fault = ({ response }) => {
      response.writeHead(status, { 'content-type': 'text/html' }).end('<h1>gateway</h1>');
      return true;
    };
    await assert.rejects(files.stat(FINAL), UNAVAILABLE, String(status));
    await assert.rejects(files.list('orders'), UNAVAILABLE, String(status));
    await assert.rejects(files.publish(TEMPORARY, FINAL), UNAVAILABLE, String(status));
  }
});

test('a read that ends early fails instead of giving fewer bytes', async (t) => {
  const { hdfs, files } = await stage(t);
  await files.write(TEMPORARY, BYTES);
  hdfs.fault = ({ node, op, response }) => {
    if (node !== 'data' || op !== 'OPEN') return false;
    response.writeHead(200).end(Buffer.from(BYTES.subarray(0, 100)));
    return true;
  };
  await assert.rejects(files.read(TEMPORARY), UNAVAILABLE);
  hdfs.fault = () => false;
  assert.equal((await files.read(TEMPORARY, 9_990)).length, 10);
});

test('a read that stops half way is given up in time', async (t) => {
  const { hdfs, files, hasty } = await stage(t);
  await files.write(TEMPORARY, BYTES);
  hdfs.fault = ({ node, op, response }) => {
    if (node !== 'data' || op !== 'OPEN') return false;
    response.writeHead(200, { 'content-length': BYTES.length }).write(Buffer.from(BYTES.subarray(0, 100)));
    return true;
  };
  await assert.rejects(hasty.read(TEMPORARY), { ...UNAVAILABLE, message: /no answer within/ });
});

test('a user who lacks the right is told so, and that no repetition helps', async (t) => {
  const { hdfs, files } = await stage(t);
  const denied = { code: 'forbidden', retryable: false, message: /HDFS_USER.*Permission denied/ };
  hdfs.fault = (call) =>
    call.op === 'CREATE' && refuse(call, 403, 'AccessControlException', 'Permission denied: user=shop');
  await assert.rejects(files.write(TEMPORARY, BYTES), denied);
  hdfs.fault = (call) => refuse(call, 403, 'AccessControlException', 'Permission denied: user=shop');
  await assert.rejects(files.list('orders'), denied);
});

test('an upload that is carried out long after it was given up reaches no file that anyone reads', async (t) => {
  const { hdfs, files, hasty } = await stage(t);
  const late: (() => Promise<void>)[] = [];
  hdfs.fault = (call) => {
    if (call.node !== 'data' || call.op !== 'CREATE') return false;
    late.push(async () => void hdfs.files.set(call.path, Buffer.from(someBytes(BYTES.length, 2))));
    return true;
  };
  // Where this process stands still it may give up before it has asked.
  while (late.length === 0) await assert.rejects(hasty.write(TEMPORARY, BYTES), UNAVAILABLE);
  // At the worst moment: the next attempt has been checked, and is about to get its name.
  hdfs.fault = ({ op }) => {
    if (op === 'RENAME') for (const carryOut of late) void carryOut();
    return false;
  };
  await files.write(TEMPORARY, BYTES);
  await files.publish(TEMPORARY, FINAL);
  assert.deepEqual(Buffer.from(await files.read(FINAL)), Buffer.from(BYTES));
});

test('closing ends what is under way, and what comes later, at once', async (t) => {
  const hdfs = await webhdfsServer(t);
  const config = { url: hdfs.url, user: 'shop', hdfsUrl: 'hdfs://h:8020', root: '/pulso', ...PATIENT };
  const files = new WebhdfsArchiveFiles(config);
  const asked = Promise.withResolvers<void>();
  hdfs.fault = () => {
    if (hdfs.calls.length === 2) asked.resolve();
    return true;
  };
  const calls = [files.write(TEMPORARY, BYTES), files.stat(FINAL)];
  const ends = calls.map((call) => assert.rejects(call, { message: /was closed/ }));
  await asked.promise;
  await files.close();
  await Promise.all(ends);
  await assert.rejects(files.remove(FINAL), { message: /was closed/ });
});

test('a proxy of the environment is not asked for HDFS', async (t) => {
  process.env.http_proxy = 'http://127.0.0.1:1';
  t.after(() => delete process.env.http_proxy);
  const { files } = await stage(t);
  await files.write(TEMPORARY, BYTES);
  await files.publish(TEMPORARY, FINAL);
});
