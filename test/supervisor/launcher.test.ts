/** The launcher on a fresh clone: it makes ready what is not installed yet, and then runs what it was asked to. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';

const onDeno = 'Deno' in globalThis && 'the launcher is for Node';

function clone(t: TestContext, setup: string): () => { code: number | null; output: string } {
  const root = mkdtempSync(join(tmpdir(), 'pulso-clone-'));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  for (const folder of ['supervisor', 'actors']) mkdirSync(join(root, folder));
  copyFileSync('supervisor/launcher.mjs', join(root, 'supervisor/launcher.mjs'));
  writeFileSync(join(root, 'supervisor/setup.mjs'), setup);
  writeFileSync(join(root, 'actors/main.ts'), "console.log('ran', process.argv.slice(2).join());\n");
  return () => {
    const ran = spawnSync(process.execPath, [join(root, 'supervisor/launcher.mjs'), 'status', '--json']);
    return { code: ran.status, output: String(ran.stdout) };
  };
}

test('launcher installs once on a fresh clone, and says nothing of it on stdout', { skip: onDeno }, (t) => {
  const install =
    "import { mkdirSync } from 'node:fs'; mkdirSync(new URL('../node_modules', import.meta.url)); console.log('installs');";
  const run = clone(t, install);
  assert.deepEqual(run(), { code: 0, output: 'ran status,--json\n' });
  assert.deepEqual(run(), { code: 0, output: 'ran status,--json\n' }, 'it would fail where the folder is there');
});

test('launcher ends with the code of an install that failed', { skip: onDeno }, (t) => {
  assert.deepEqual(clone(t, 'process.exit(3);')(), { code: 3, output: '' });
});
