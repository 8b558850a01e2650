/** The command as a user meets it: help, errors, exit codes, the ready line, the lock, signals. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { findRunning } from '../../actors/backends/lock.ts';
import { actors, ledgerTotal, runPulso, spawnPulso, startPulso, until, untilCounted } from './exactness.ts';
import { endBeforeFolder, folderFor } from './folder.ts';

const ORDER = {
  type: 'order',
  order_id: 'o1',
  timestamp: Date.UTC(2026, 0, 1),
  customer_state: 'SP',
  items: [{ product_id: 'p1', category: 'toys', quantity: 2, price: 19.9 }],
  payment_value: 39.8,
};

test('command shows help and version, and says what is wrong with its arguments', async (t) => {
  const dataDir = folderFor(t, 'command');
  const version = (JSON.parse(readFileSync('package.json', 'utf8')) as { version: string }).version;
  const cases: [string[], number, RegExp][] = [
    [['start', '--help'], 0, /Usage: pulso start.*--exit-when-done/s],
    [['replay', '--help'], 0, /Usage: pulso replay PATH/],
    [['start', '--version'], 0, new RegExp(`^${version}$`, 'm')],
    [['start', '--prot', '1'], 2, /Unknown option '--prot'/],
    [['start', '--port', 'x'], 2, /--port as it must be a whole number from 0 to 65535: current value is "x"/],
    [['start', '--rate', '-1'], 2, /--rate as it must be a number from 0.001 to 10000000: current value is "-1"/],
    [['archive', 'list', '--limit', '1.5'], 2, /--limit as it must be a whole number: current value is "1.5"/],
    [['bench', 'decode', 'sing', '--'], 2, /Cannot run sing, .*: known are decode, generate/],
    [['sing'], 2, /no such command: known are start, replay/],
    [['replay', '/no/such/file'], 2, /no such file/],
    [['replay'], 2, /without a PATH/],
    [['start', 'surplus'], 2, /takes no argument "surplus"/],
  ];
  for (const [args, code, message] of cases) {
    const ended = await runPulso(args, { dataDir });
    assert.equal(ended.code, code, `${args.join(' ')}: ${ended.output}`);
    assert.match(ended.output, message);
  }
});

test('command says within ten seconds that there is no MongoDB, and starts nothing', async (t) => {
  const dataDir = folderFor(t, 'command');
  const tries: number[] = [];
  // Again where the machine stood still meanwhile: not each time it does.
  const isInTime = () => tries.some((took) => took < 10_000 * Math.max(1, loadavg()[0] as number));
  while (tries.length < 3 && !isInTime()) {
    const began = performance.now();
    const ended = await runPulso(['start', '--port', '0'], {
      dataDir,
      env: { MONGODB_URI: 'mongodb://me:hush@127.0.0.1:1' },
    });
    tries.push(performance.now() - began);
    assert.equal(ended.code, 2, ended.output);
    assert.match(ended.output, /Cannot start as MONGODB_URI must name a MongoDB that answers: 127\.0\.0\.1:1 does not/);
    assert.doesNotMatch(ended.output, /hush|starts, epoch/);
  }
  assert.ok(isInTime(), `${tries.join(', ')} ms`);
  const wrong = await runPulso(['start', '--port', '0'], { dataDir, env: { MONGODB_URI: 'mongodb://a:b:c@/' } });
  assert.equal(wrong.code, 2, wrong.output);
  assert.match(wrong.output, /Cannot use MONGODB_URI as it must be an address of MongoDB/);
});

test('command says that there is no Kafka, and starts nothing', async (t) => {
  const env = { KAFKA_BROKERS: '127.0.0.1:1' };
  const ended = await runPulso(['start', '--port', '0'], { dataDir: folderFor(t, 'command'), env });
  assert.equal(ended.code, 2, ended.output);
  assert.match(ended.output, /Cannot start as KAFKA_BROKERS must name brokers that answer: 127\.0\.0\.1:1 does not/);
  assert.doesNotMatch(ended.output, /starts, epoch/);
});

test('command takes one pulso a data folder, and a killed one leaves no lock behind', async (t) => {
  const dataDir = folderFor(t, 'command');
  const first = await startPulso(['--no-generator'], { dataDir });
  const second = await runPulso(['start', '--port', '0', '--no-generator'], { dataDir });
  assert.equal(second.code, 2);
  assert.match(second.output, /another pulso runs on it/);
  await first.kill9();
  const third = await startPulso(['--no-generator'], { dataDir });
  assert.deepEqual(await third.stop(), { code: 0, signal: null });
});

test('command refuses data of another number of partitions', async (t) => {
  const dataDir = folderFor(t, 'command');
  const first = await startPulso(['--no-generator', '--partitions', '2'], { dataDir });
  assert.equal((await first.stop()).code, 0);
  const second = await runPulso(['start', '--port', '0', '--no-generator', '--partitions', '3'], { dataDir });
  assert.equal(second.code, 2);
  assert.match(second.output, /partitions/);
});

test('command drains and commits on a signal, and remembers the number of lanes', async (t) => {
  const dataDir = folderFor(t, 'command');
  const file = join(dataDir, 'orders.ndjson');
  writeFileSync(
    file,
    Array.from({ length: 500 }, (_, i) => JSON.stringify({ ...ORDER, order_id: `o${i}` })).join('\n'),
  );
  const running = await startPulso(['--no-generator', '--lanes', '3'], { dataDir });
  const replayed = await runPulso(['replay', file], { dataDir });
  assert.match(replayed.output, /500 records read/);
  assert.match(replayed.output, /500 counted, 0 late, 0 dead, 0 duplicates, 0 rejected/);
  assert.equal((await running.stop()).code, 0);
  const again = await startPulso(['--no-generator'], { dataDir });
  await untilCounted(again.url, 500);
  assert.equal((await ledgerTotal(again.url)).counted, 500);
  await until('three lanes run', 60_000, async () => {
    const lanes = [...(await actors(again.url)).keys()].filter((id) => id.startsWith('aggregator-'));
    return { done: lanes.length === 3, state: lanes };
  });
});

test('command takes signals that come at once for one, and ends in order', async (t) => {
  const running = await startPulso(['--no-generator'], { dataDir: folderFor(t, 'command') });
  // It finds both when it goes on, however long it takes to send them.
  for (const signal of ['SIGSTOP', 'SIGINT', 'SIGTERM', 'SIGCONT'] as const) running.signal(signal);
  assert.deepEqual(await running.ended, { code: 0, signal: null });
});

test('doctor says what is configured and what is wrong', async (t) => {
  const dataDir = folderFor(t, 'command');
  const fine = await runPulso(['doctor', '--port', '0'], { dataDir, env: { PULSO_TOKEN: 'a-secret-token' } });
  assert.match(fine.output, /PULSO_LATENESS\s+3600000/);
  assert.match(fine.output, /PULSO_TOKEN\s+\*\*\*/);
  assert.match(fine.output, /ok {4}runtime/);
  const running = await startPulso(['--no-generator'], { dataDir: folderFor(t, 'command') });
  const taken = await runPulso(['doctor', '--port', new URL(running.url).port], { dataDir });
  assert.equal(taken.code, 1);
  assert.match(taken.output, /FAIL {2}port: Cannot listen .* another program listens there.*fix: /);
  const second = await runPulso(['start', '--port', new URL(running.url).port], { dataDir });
  assert.equal(second.code, 2);
  assert.match(second.output, /another program listens there; choose another port/);
});

test('a child that is spawned with a broken configuration file ends with 2 and names the key', async (t) => {
  const dataDir = folderFor(t, 'command');
  const child = spawnPulso(['start', '--no-generator'], { dataDir, env: { PULSO_HOT_BYTES: '1' } });
  let text = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    text += chunk.toString();
  });
  const code = await new Promise((resolve) => child.on('close', resolve));
  assert.equal(code, 2);
  assert.match(text, /PULSO_HOT_BYTES.*at least 1 MB.*"1"/);
});

test('what npm started ends in order when npm is killed', {
  skip: process.platform === 'win32' ? 'no POSIX signals' : false,
}, async (t) => {
  const dataDir = folderFor(t, 'command');
  // npm puts a shell between itself and the script, and the shell dies of a signal without passing it on.
  const script = `node supervisor/launcher.mjs start --no-generator --port 0 --data ${dataDir}; true`;
  const shell = spawn('sh', ['-c', script], {
    env: { ...process.env, npm_lifecycle_event: 'start' },
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  endBeforeFolder(dataDir, () => shell.kill('SIGKILL'));
  await once(shell.stdout, 'data');
  const { pid } = findRunning(dataDir) ?? assert.fail('it is not running');
  shell.kill('SIGTERM');
  await until('the data folder is free', 60_000, async () => ({
    done: findRunning(dataDir) === undefined,
    state: pid,
  }));
});
