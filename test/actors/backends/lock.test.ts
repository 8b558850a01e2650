import assert from 'node:assert/strict';
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { acquireLock, findRunning } from '../../../actors/backends/lock.ts';
import { AppError } from '../../../protocol/errors.ts';
import { endBeforeFolder, folderFor } from '../../system/folder.ts';
import { lineThat, startChild } from './child-process.ts';

function folderOf(t: TestContext): string {
  return folderFor(t, 'lock');
}

test('lock is refused while it is held, with a sentence that names the folder, and free afterwards', (t) => {
  const folder = folderOf(t);
  const lock = acquireLock(folder);
  assert.throws(
    () => acquireLock(folder),
    (thrown) => {
      assert.ok(thrown instanceof AppError);
      assert.equal(thrown.code, 'data-locked');
      assert.ok(thrown.message.includes(folder) && thrown.message.includes(String(process.pid)));
      return true;
    },
  );
  lock.release();
  lock.release();
  acquireLock(folder).release();
});

test('lock of a killed process is free, and what it announced is believed no more', async (t) => {
  const folder = folderOf(t);
  assert.equal(findRunning(folder), undefined);
  const child = startChild(new URL('./lock-child.ts', import.meta.url), [folder]);
  endBeforeFolder(folder, () => child.kill());
  await lineThat(child, (line) => line === 'locked');
  const running = findRunning(folder);
  assert.equal(running?.url, 'http://127.0.0.1:8080');
  assert.equal(running?.token, 'secret');
  assert.throws(() => acquireLock(folder), { code: 'data-locked', message: /http:\/\/127\.0\.0\.1:8080/ });
  await child.kill();
  assert.equal(findRunning(folder), undefined);
  acquireLock(folder).release();
});

test('lock does not give out a url before the system listens', (t) => {
  const folder = folderOf(t);
  const lock = acquireLock(folder);
  assert.equal(findRunning(folder), undefined);
  lock.announce({ pid: 1, url: 'http://127.0.0.1:1', token: 't' });
  assert.deepEqual(findRunning(folder), { pid: 1, url: 'http://127.0.0.1:1', token: 't' });
  lock.release();
  assert.equal(findRunning(folder), undefined);
});

test('lock keeps the token from other users', { skip: process.platform === 'win32' && 'no such modes' }, (t) => {
  const folder = folderOf(t);
  const lock = acquireLock(folder);
  lock.announce({ pid: 1, url: 'http://127.0.0.1:1', token: 'secret' });
  const path = join(folder, 'running.json');
  assert.ok(readFileSync(path, 'utf8').includes('secret'));
  assert.equal(statSync(path).mode & 0o077, 0);
  lock.release();
});

test('lock on a folder that cannot be made fails with a sentence', () => {
  assert.throws(() => acquireLock('/dev/null/data'), { code: 'bad-config', message: /data folder \/dev\/null\/data/ });
});
