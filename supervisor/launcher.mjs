#!/usr/bin/env node
// Starts a TypeScript file on a Node that is new enough: this one, or the one that npm brought along.
// Plain JavaScript on purpose: it must run on Node 20. With no file it runs the pulso command.
import { spawn, spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

const MINIMUM = [24, 0];
const UNUSABLE_RUNTIME = 69; // sysexits EX_UNAVAILABLE
const LOOK_FOR_PARENT_MS = 200;
const QUIET = '--disable-warning=TimeoutNegativeWarning';
const given = process.argv.slice(2);
const root = resolve(dirname(fileURLToPath(import.meta.url)), '..');
const command = join(root, 'actors/main.ts');
const args = given[0]?.endsWith('.ts') || given[0] === '--test' ? given : [command, ...given];

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
const newEnough = major > MINIMUM[0] || (major === MINIMUM[0] && minor >= MINIMUM[1]);

function packagedNode() {
  const os = process.platform === 'win32' ? 'win' : process.platform;
  const name = `${os === 'darwin' && process.arch === 'arm64' ? 'node-bin' : 'node'}-${os}-${process.arch}`;
  try {
    const home = dirname(createRequire(import.meta.url).resolve(`${name}/package.json`));
    return join(home, 'bin', os === 'win' ? 'node.exe' : 'node');
  } catch {
    return undefined;
  }
}

/**
 * npm runs scripts through a shell that dies of a signal without passing it on. What npm started ends with npm:
 * in order, as if it had got the signal itself.
 */
function whenAbandoned(end) {
  if (process.env.npm_lifecycle_event === undefined) return;
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (process.ppid === parent) return;
    clearInterval(timer);
    end();
  }, LOOK_FOR_PARENT_MS);
  timer.unref();
}

/** A driver sets timers that are due already; other threads are started with QUIET, this one runs already. */
function withoutTimerWarnings() {
  const print = process.listeners('warning');
  process.removeAllListeners('warning');
  process.on('warning', (warning) => {
    if (warning.name !== 'TimeoutNegativeWarning') for (const show of print) show(warning);
  });
}

// A fresh clone, started by `npx pulso`: npm's own scripts have made it ready before they come here.
if (!existsSync(join(root, 'node_modules'))) {
  const { status } = spawnSync(process.execPath, [join(root, 'supervisor/setup.mjs')], { stdio: ['ignore', 2, 2] });
  if (status !== 0) process.exit(status ?? 1);
}
const executable = newEnough ? process.execPath : packagedNode();
if (!executable) {
  console.error(
    `Node ${MINIMUM.join('.')} or newer is needed (this is ${process.version}): run "npm ci" without --omit=optional, or install Node 24.`,
  );
  process.exitCode = UNUSABLE_RUNTIME;
} else if (newEnough && args[0] !== '--test') {
  whenAbandoned(() => process.kill(process.pid, 'SIGTERM'));
  withoutTimerWarnings();
  process.argv.splice(1, process.argv.length, resolve(args[0]), ...args.slice(1));
  await import(pathToFileURL(resolve(args[0])).href);
} else {
  const child = spawn(executable, [QUIET, ...args], {
    stdio: 'inherit',
    env: {
      // Compiled code is kept where Node keeps it by default: the second start is twice as fast.
      NODE_COMPILE_CACHE: join(tmpdir(), 'node-compile-cache'),
      // glibc gives every thread a heap of its own and rarely takes one back: with two, full load takes a third less memory.
      MALLOC_ARENA_MAX: '2',
      ...process.env,
      PATH: dirname(executable) + delimiter + process.env.PATH,
    },
  });
  whenAbandoned(() => child.kill('SIGTERM'));
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => {
    if (signal) {
      process.removeAllListeners(signal);
      process.kill(process.pid, signal);
    } else process.exit(code ?? 1);
  });
}
