import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { StaticFiles } from '../../../actors/gateway/http/static-files.ts';
import { call } from './calls.ts';
import { serve } from './served.ts';

test('gateway says so when the page is not built, and finds it once it is', async (t) => {
  const { pageDir } = await serve(t);
  let now = 0;
  const files = new StaticFiles(pageDir, () => now);
  const ask = async () => files.answer({ path: '/', acceptEncoding: '', ifNoneMatch: undefined });
  const missing = await ask();
  assert.deepEqual([missing?.status, /not built/.test(String(missing?.body))], [503, true]);
  writeFileSync(join(pageDir, 'index.html'), '<!doctype html>');
  assert.equal((await ask())?.status, 503, 'looked just now');
  now += 1_000;
  assert.equal((await ask())?.status, 200);
});

test('gateway serves the page safely', async (t) => {
  const served = await serve(t);
  mkdirSync(join(served.pageDir, 'assets'));
  writeFileSync(
    join(served.pageDir, 'index.html'),
    '<!doctype html><script>1</script><script src="/assets/a.js"></script>',
  );
  writeFileSync(join(served.pageDir, 'assets', 'a.js'), 'x'.repeat(5_000));
  const page = await call(served, '/system');
  assert.equal(page.status, 200);
  assert.equal(page.headers['cache-control'], 'no-cache');
  assert.match(page.headers['content-security-policy'] ?? '', /script-src 'self' 'sha256-[A-Za-z0-9+/=]+';/);
  assert.equal(page.headers['x-content-type-options'], 'nosniff');
  const script = await call(served, '/assets/a.js', { headers: { 'accept-encoding': 'gzip' } });
  assert.equal(script.headers['cache-control'], 'public, max-age=31536000, immutable');
  assert.equal(script.headers['content-encoding'], 'gzip');
  const etag = script.headers.etag as string;
  assert.equal((await call(served, '/assets/a.js', { headers: { 'if-none-match': etag } })).status, 304);
  for (const path of [
    '/assets/../index.html/',
    '/..%2f..%2fetc/passwd',
    '/assets/%2e%2e/%2e%2e/etc/passwd',
    '//etc/passwd',
    '/assets/b.js',
  ]) {
    assert.equal((await call(served, path)).status, 404, path);
  }
});
