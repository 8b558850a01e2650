/** docker-compose.yml and Dockerfile, as far as can be said of them without an engine. */
import assert from 'node:assert/strict';
import { type SpawnSyncReturns, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, sep } from 'node:path';
import { test } from 'node:test';
import { FIELDS } from '../actors/config/fields.ts';
import { composeServices, memoryLimit } from './compose-file.ts';

const services = composeServices();
const dockerfile = readFileSync('Dockerfile', 'utf8');
const GB = 1e9;
/** Of tags and of what follows FROM: a version down to the patch. */
const PINNED = /:v?\d+\.\d+\.\d+(-[\w.-]+)?$/;

function sum(names: Iterable<string>): number {
  return [...names].reduce((bytes, name) => bytes + memoryLimit(services.get(name) as string), 0);
}

test('compose has the services of the whole system', () => {
  const wanted = ['kafka', 'mongodb', 'namenode', 'datanode', 'hive-metastore', 'pulso', 'generator'];
  assert.deepEqual([...services.keys()], wanted);
});

test('every image is pinned to a version', () => {
  const images = [...services].map(([name, text]) => [name, /^ +image: (\S+)$/m.exec(text)?.[1] ?? '']);
  const bases = [...dockerfile.matchAll(/^FROM (\S+)/gm)].map(([, image = '']) => ['Dockerfile', image]);
  assert.ok(bases.length > 0);
  for (const [where, image] of [...images, ...bases]) assert.match(image as string, PINNED, where);
  const { version } = JSON.parse(readFileSync('package.json', 'utf8')) as { version: string };
  assert.ok(
    (services.get('pulso') as string).includes(`image: pulso:${version}\n`),
    'the image has the version of pulso',
  );
});

test('every service is limited, watched, restarted, and logs within bounds', () => {
  for (const [name, text] of services) {
    assert.ok(memoryLimit(text) > 0, `${name} has no memory limit`);
    assert.match(text, /^ +restart: unless-stopped$/m, name);
    assert.match(text, /max-size: \d+m, max-file: /, name);
    assert.match(text, /^ +init: true$/m, name);
    const watched = /^ +healthcheck:/m.test(text) || (/^ +build: \.$/m.test(text) && /^HEALTHCHECK /m.test(dockerfile));
    assert.ok(watched, `${name} has no health check`);
  }
});

test('Java heaps leave a third of their container to the rest of the process', () => {
  for (const [name, text] of services) {
    const heap = /-Xmx(\d+)m|HEAPSIZE_MAX: (\d+)m/.exec(text);
    if (heap) assert.ok(Number(heap[1] ?? heap[2]) * 2 ** 20 <= (memoryLimit(text) * 2) / 3, name);
  }
});

test('Kafka, MongoDB and pulso stay under 3 GB, everything under 6 GB', () => {
  assert.ok(sum(['kafka', 'mongodb', 'pulso']) < 3 * GB);
  assert.ok(sum(services.keys()) < 6 * GB);
});

test('pulso is given settings that exist, waits for its servers, and has room for several on a range of ports', () => {
  const known = new Set<string>(Object.values(FIELDS).map(({ env }) => env));
  const pulso = services.get('pulso') as string;
  const given = [...pulso.matchAll(/^ {6}([A-Z_]+):/gm)].map(([, name = '']) => name);
  assert.ok(given.length > 5);
  for (const name of given) assert.ok(known.has(name), name);
  for (const [, name = ''] of dockerfile.matchAll(/\b(PULSO_\w+)=/g)) assert.ok(known.has(name), name);
  for (const server of ['kafka', 'mongodb', 'datanode', 'hive-metastore'])
    assert.ok(pulso.includes(`${server}: { condition: service_healthy }`), server);
  assert.match(pulso, /:8080-8089:8080"/);
  assert.match(pulso, /^ +read_only: true$/m);
  assert.doesNotMatch(pulso, /^ +volumes:/m, 'processes of one image must not share a data folder');
});

test('the image runs as another user than root and looks at its own health', () => {
  const last = dockerfile.slice(dockerfile.lastIndexOf('\nFROM '));
  assert.match(last, /^USER node$/m);
  assert.match(last, /^HEALTHCHECK [\s\S]*\/healthz/m);
  assert.ok(last.indexOf('\nUSER ') < last.indexOf('\nENTRYPOINT '));
});

test('what the image copies is let through, builds the page, and starts', (t) => {
  if ('Deno' in globalThis) return t.skip('the image runs on Node');
  const admitted = readFileSync('.dockerignore', 'utf8').split('\n');
  const folder = mkdtempSync(join(tmpdir(), 'pulso-image-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const [, ...stages] = dockerfile.split(/^FROM /m);
  for (const [index, stage] of stages.entries()) {
    const root = join(folder, String(index));
    mkdirSync(root);
    for (const [, from, names = ''] of stage.matchAll(/^COPY (--from=\S+ )?(.*)$/gm)) {
      const paths = names.split(' ');
      const target = paths.pop() as string;
      for (const path of paths) {
        if (from === undefined) assert.ok(admitted.includes(`!${path}`), `${path} is not let through`);
        const source = from === undefined ? path : join(folder, '0', path.replace(/^\/build\//, ''));
        cpSync(source, join(root, target === './' ? path : target), {
          recursive: true,
          filter: (name) => from !== undefined || !name.endsWith(`${sep}dist`),
        });
      }
    }
    symlinkSync(join(process.cwd(), 'node_modules'), join(root, 'node_modules'), 'junction');
    const args =
      index === 0 ? ['node_modules/vite/bin/vite.js', 'build', 'ui'] : ['supervisor/launcher.mjs', '--version'];
    const { status, stderr } = spawnSync(process.execPath, args, { cwd: root, encoding: 'utf8' });
    assert.equal(status, 0, stderr);
  }
  assert.ok(existsSync(join(folder, '1', 'ui/dist/index.html')));
});

test('compose accepts the file, with the demo too, and refuses it without a token', (t) => {
  const compose = findCompose();
  if (compose === undefined) return t.skip('neither "docker compose" nor "docker-compose" is here');
  const config = (args: readonly string[], token?: string): SpawnSyncReturns<string> => {
    const { PULSO_TOKEN: _, ...env } = process.env;
    const [command = '', ...first] = compose;
    return spawnSync(command, [...first, '--env-file', '/dev/null', ...args, 'config'], {
      encoding: 'utf8',
      env: token === undefined ? env : { ...env, PULSO_TOKEN: token },
    });
  };
  const plain = config([], 'a-token-of-its-own');
  assert.equal(plain.status, 0, plain.stderr);
  assert.match(plain.stdout, /8080-8089/);
  assert.doesNotMatch(plain.stdout, /launcher\.mjs generate/);
  const demo = config(['--profile', 'demo'], 'a-token-of-its-own');
  assert.equal(demo.status, 0, demo.stderr);
  assert.match(demo.stdout, /launcher\.mjs generate/);
  const refused = config([]);
  assert.notEqual(refused.status, 0);
  assert.match(refused.stderr, /PULSO_TOKEN[\s\S]*set it to 8 to 200 letters and digits/);
});

function findCompose(): readonly string[] | undefined {
  const candidates = [['docker', 'compose'], ['docker-compose']] as const;
  return candidates.find(([command, ...args]) => spawnSync(command, [...args, 'version']).status === 0);
}
