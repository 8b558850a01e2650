/**
 * Runs the tests and ends with the line `N passed, N failed, N skipped`.
 * Unit and contract tests run side by side, then those of pages by twos; tests that measure time run one file at a time,
 * so that what they measure is not each other. `--deno` runs them under Deno; `--services` runs those of `test/services`, which
 * speak to the servers that the environment names and are run by nothing else. Other arguments name files or folders.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { globSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { createInterface } from 'node:readline';
import { run } from 'node:test';
import { spec } from 'node:test/reporters';
import { inspect } from 'node:util';
import { SERVERS } from './services/servers.ts';

const args = process.argv.slice(2);
const deno = args.includes('--deno');
const services = args.includes('--services');
const wanted = args.filter((arg) => !arg.startsWith('--'));
/** Tests that own the machine while they run: they measure time. */
const ALONE =
  /^test\/(supervisor\/(threads|zombies|memory|soak|faults|control|poison-threads|fencing)|system\/faults)\./;
/** Pages, and what measures CPU time or by a limit that follows the load: one thing beside them does not matter. */
const IN_PAIRS = /^test\/(ui\/|system\/exactness\.)/;
/** Of those on servers: what stops servers under everybody, or measures how soon another process goes on. */
const STRIKING =
  /^test\/services\/(acceptance|archive-hdfs|archive-hdfs-faults|faults|kafka-faults|kafka-two|mongodb-system|two-processes)\./;
const IN_BROWSER = /^test\/(ui\/|system\/(console|page)\.)/;
/** What Deno does not run: the browser tests test the page, not the runtime. */
const NOT_ON_DENO = /^test\/ui\//;
const ON_SERVERS = /^test\/services\//;
/** A file's own limit: what a machine that has ten times as much to do needs. Whoever asks for more events has the time for them. */
const FILE_LIMIT_MS = process.env.TEST_EVENTS === undefined ? 900_000 : 2_700_000;

const MAX_REASON_CHARS = 2_000;
const LINES_OF_A_FAILURE = 40;
const FILES_OF_A_GROUP = 4;

const all = globSync('test/**/*.test.ts')
  .sort()
  .map((file) => file.replaceAll('\\', '/'))
  .filter((file) => ON_SERVERS.test(file) === services)
  .filter((file) => wanted.length === 0 || wanted.some((name) => file.startsWith(name)));
const count = { passed: 0, failed: 0, skipped: 0 };
const reasons: string[] = [];

if (services) await runOnServers();
else if (deno) await runOnDeno(all.filter((file) => !NOT_ON_DENO.test(file)));
else {
  const [alone, others] = parted(all, ALONE);
  const [pairs, units] = parted(others, IN_PAIRS);
  // The first call unpacks the browser: two at once would find half of it.
  if (all.some((file) => IN_BROWSER.test(file))) await (await import('@sparticuz/chromium')).default.executablePath();
  // Many of them wait for most of their time: one more than there are cores keeps these busy.
  await runOnNode(units, availableParallelism() + 1);
  await runOnNode(pairs, 2);
  await runOnNode(alone, 1);
}
for (const reason of reasons) console.log(reason);
const nothing = count.passed + count.failed === 0 || (services && !serversNamed());
if (nothing) console.log(nothingRan());
console.log(`${count.passed} passed, ${count.failed} failed, ${count.skipped} skipped`);
process.exit(count.failed === 0 && !nothing ? 0 : 1);

/** Most of them wait for servers most of the time. */
async function runOnServers(): Promise<void> {
  for (const [name, { what }] of Object.entries(SERVERS)) {
    const named = process.env[name]?.replace(/\/\/[^@/]*@/, '//***@');
    console.log(`${what}: ${named || `${name} is unset`}`);
  }
  const [striking, others] = parted(all, STRIKING);
  await runOnNode(others, 2);
  await runOnNode(striking, 1);
}

function parted(files: readonly string[], by: RegExp): [fitting: string[], others: string[]] {
  return [files.filter((file) => by.test(file)), files.filter((file) => !by.test(file))];
}

function serversNamed(): boolean {
  return Object.keys(SERVERS).some((name) => process.env[name]);
}

function nothingRan(): string {
  if (!services || serversNamed())
    return count.skipped > 0
      ? 'Nothing ran: all was skipped'
      : 'Nothing ran: no file of tests has a name that begins so';
  return `Nothing ran on a server: name the servers to test on with ${Object.keys(SERVERS).join(', ')}`;
}

async function runOnNode(files: string[], concurrency: number): Promise<void> {
  if (files.length === 0) return;
  const events = run({ files, concurrency, timeout: FILE_LIMIT_MS });
  events.on('test:pass', ({ name, skip, details }) => {
    if (details.type === 'suite') return;
    if (skip === undefined || skip === false) count.passed++;
    else {
      count.skipped++;
      reasons.push(`skipped: ${name}${typeof skip === 'string' ? `: ${skip}` : ''}`);
    }
  });
  events.on('test:fail', ({ name, details }) => {
    if (details.type === 'suite' && details.error.message.includes('subtest')) return;
    count.failed++;
    // Its report stands among thousands of lines; what failed must be understood from the last ones.
    reasons.push(`failed: ${name}: ${inspect(details.error.cause ?? details.error).slice(0, MAX_REASON_CHARS)}`);
  });
  const report = events.compose(new spec());
  for await (const text of report) process.stdout.write(String(text));
}

/** Groups of files side by side, each in a process of its own, then those that measure time. */
async function runOnDeno(files: string[]): Promise<void> {
  const [alone, others] = parted(files, ALONE);
  const groups: string[][] = [];
  while (others.length > 0) groups.push(others.splice(0, FILES_OF_A_GROUP));
  const worker = async () => {
    for (let group = groups.shift(); group !== undefined; group = groups.shift()) await denoTest(group);
  };
  await Promise.all(Array.from({ length: availableParallelism() }, worker));
  if (alone.length > 0) await denoTest(alone);
}

/** Deno's own runner; its lines are counted, as it has no interface to ask. They are shown when all are there. */
async function denoTest(files: readonly string[]): Promise<void> {
  const child = spawn('node_modules/.bin/deno', ['test', '-A', '--no-check', ...files], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...process.env, NO_COLOR: '1' },
  });
  const ended = once(child, 'close') as Promise<[number | null]>;
  let failures = 0;
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr])
    createInterface({ input: stream }).on('line', (line) => lines.push(line));
  const [code] = await ended;
  console.log(lines.join('\n'));
  for (const line of lines) {
    const [, passed, failed, ignored] = /(\d+) passed.*?\| (\d+) failed(?:.*?\| (\d+) ignored)?/.exec(line) ?? [];
    if (passed === undefined) continue;
    count.passed += Number(passed);
    failures += Number(failed);
    count.skipped += Number(ignored ?? 0);
  }
  if (code === 0 && failures === 0) return;
  count.failed += Math.max(1, failures);
  reasons.push(`failed under Deno, among ${files.join(' ')}:`, ...failuresIn(lines));
}

/** What Deno says of failures at the end of its report. */
function failuresIn(lines: readonly string[]): readonly string[] {
  const from = lines.findIndex((line) => /^\s*ERRORS\s*$/.test(line));
  return lines.slice(from < 0 ? -LINES_OF_A_FAILURE : from).slice(0, LINES_OF_A_FAILURE);
}
