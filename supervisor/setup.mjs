// Makes a fresh clone ready, and costs nothing afterwards: installs when the lock file is newer than what is
// installed, and with --page builds the page when a source of it is newer than the build.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const installed = join(root, 'node_modules/.package-lock.json');
const lock = join(root, 'package-lock.json');
const page = join(root, 'ui/dist/index.html');
const modified = (path) => (existsSync(path) ? statSync(path).mtimeMs : 0);

/** npm's own output goes to stderr, so that stdout carries nothing but what the command itself prints. */
function run(command, args, what) {
  console.error(`pulso: ${what}`);
  const { status } = spawnSync(command, args, {
    cwd: root,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  });
  if (status !== 0) {
    console.error(`pulso: cannot go on: "${command} ${args.join(' ')}" failed`);
    process.exit(1);
  }
}

function newest(folder) {
  let time = 0;
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.name === 'dist' || entry.name.endsWith('.test.ts')) continue;
    const path = join(folder, entry.name);
    time = Math.max(time, entry.isDirectory() ? newest(path) : modified(path));
  }
  return time;
}

if (modified(lock) > modified(installed)) {
  run('npm', ['ci', '--no-audit', '--no-fund', '--loglevel=error'], 'installing what package-lock.json names');
  if (!existsSync(installed)) writeFileSync(installed, '{}');
}
if (process.argv.includes('--page')) {
  const sources = Math.max(newest(join(root, 'ui')), newest(join(root, 'protocol')), modified(lock));
  if (sources > modified(page)) {
    run(process.execPath, ['node_modules/vite/bin/vite.js', 'build', 'ui', '--logLevel', 'warn'], 'building the page');
  }
}
