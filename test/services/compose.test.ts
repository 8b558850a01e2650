/** What docker-compose.yml makes containers run, run here: health checks on servers that are well and on none, the demo. */
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { test } from 'node:test';
import { composeServices, environmentOf, healthCommand, shellCommand } from '../compose-file.ts';
import type { LogRecord } from '../model/log.ts';
import { until } from '../system/exactness.ts';
import { place } from './pulso.ts';
import { address, needs, type ServerName } from './servers.ts';

const LIMIT_MS = 60_000;
const services = composeServices();

type Case = { service: string; server: ServerName; replace: (command: string) => string };

/** `host/port`, as bash opens it. */
function socketOf(server: ServerName): string {
  const first = address(server).split(',')[0] as string;
  const { hostname, port } = new URL(first.replace(/^(\w+:\/\/)?/, 'http://'));
  return `${hostname}/${port}`;
}

const CASES: readonly Case[] = [
  {
    service: 'kafka',
    server: 'KAFKA_BROKERS',
    replace: (command) => command.replace('127.0.0.1/19092', socketOf('KAFKA_BROKERS')),
  },
  {
    service: 'namenode',
    server: 'WEBHDFS_URL',
    replace: (command) => command.replace('127.0.0.1/9870', socketOf('WEBHDFS_URL')),
  },
  {
    // The test does not know where the DataNode listens: that the port is open is not what is asked here.
    service: 'datanode',
    server: 'WEBHDFS_URL',
    replace: (command) =>
      command.replace('127.0.0.1/9864', socketOf('WEBHDFS_URL')).replace('namenode/9870', socketOf('WEBHDFS_URL')),
  },
  {
    service: 'hive-metastore',
    server: 'HIVE_METASTORE',
    replace: (command) => command.replace('127.0.0.1/9083', socketOf('HIVE_METASTORE')),
  },
];

async function exitCode(command: string): Promise<number | null> {
  const child = spawn('bash', ['-c', command], { stdio: 'ignore', timeout: LIMIT_MS });
  const [code] = (await once(child, 'exit')) as [number | null];
  return code;
}

for (const { service, server, replace } of CASES) {
  const command = healthCommand(services.get(service) as string);

  test(`the health check of ${service} says that a healthy server is healthy`, needs(server), async () => {
    assert.equal(await exitCode(replace(command)), 0);
  });

  test(`the health check of ${service} fails where nothing listens or something else answers`, async (t) => {
    const other = createServer((socket) => {
      // The check is gone as soon as it has seen enough.
      socket.on('error', () => undefined);
      socket.end('HTTP/1.1 503 Service Unavailable\r\n\r\n');
    });
    other.listen(0, '127.0.0.1');
    await once(other, 'listening');
    t.after(() => other.close());
    const { port } = other.address() as { port: number };
    const to = (socket: string) => command.replaceAll(/\/dev\/tcp\/[\w.-]+\/\d+/g, `/dev/tcp/${socket}`);
    assert.notEqual(await exitCode(to(`127.0.0.1/${port}`)), 0);
    assert.notEqual(await exitCode(to('127.0.0.1/1')), 0);
  });
}

test('the demo writes events of now into Kafka', needs('KAFKA_BROKERS'), async (t) => {
  let child: ChildProcess | undefined;
  // Before its topics go.
  t.after(() => child?.kill('SIGKILL'));
  const here = await place(t, { who: 'ops', on: ['KAFKA_BROKERS'] });
  const generator = services.get('generator') as string;
  const fromImage = Object.fromEntries(
    [...readFileSync('Dockerfile', 'utf8').matchAll(/\b(PULSO_\w+)=(\S+)/g)].map(([, name, value]) => [name, value]),
  );
  assert.equal(fromImage.PULSO_HOST, '0.0.0.0');
  const began = Date.now();
  child = spawn('sh', ['-c', shellCommand(generator)], {
    env: { PATH: process.env.PATH, ...fromImage, ...environmentOf(generator), ...here.env },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  let said = '';
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    said += text;
  });
  let records: LogRecord[] = [];
  await until('events of the demo in Kafka', 60_000, async () => {
    assert.equal(child?.exitCode, null, said);
    records = await here.readLog();
    return { done: records.length > 100, state: said };
  });
  for (const { at, bytes } of records) {
    const { timestamp } = JSON.parse(Buffer.from(bytes).toString()) as { timestamp: number };
    assert.ok(timestamp >= began - 1000 && timestamp <= at + 60_000, `an event of ${timestamp} at ${at}`);
  }
});
