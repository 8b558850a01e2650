/** Runs the example of a folder's README as another project would: a copy of the sources, and the example's files beside it. */

import { execFile } from 'node:child_process';
import { cp, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { execPath } from 'node:process';
import type { TestContext } from 'node:test';
import { promisify } from 'node:util';

const ON_DENO = 'Deno' in globalThis;
/** Blocks whose first line names a file. */
const FILES = /```ts\n\/\/ (\S+\.ts)\n([\s\S]*?)```/g;
const OUTPUT = /```text\n([\s\S]*?)```/;

export type Example = { readonly lines: number; readonly printed: string; readonly promised: string };

export async function runExample(t: TestContext, readme: string, folders: readonly string[]): Promise<Example> {
  const text = await readFile(readme, 'utf8');
  const place = await mkdtemp(join(tmpdir(), 'pulso-example-'));
  t.after(() => rm(place, { recursive: true }));
  for (const folder of folders) await cp(folder, join(place, folder), { recursive: true });
  await symlink(resolve('node_modules'), join(place, 'node_modules'));
  await writeFile(join(place, 'package.json'), '{"type":"module"}');
  const files = [...text.matchAll(FILES)];
  for (const [, name = '', source = ''] of files) await writeFile(join(place, name), source);
  const args = [...(ON_DENO ? ['run', '-A', '--no-check'] : []), 'main.ts'];
  const { stdout } = await promisify(execFile)(execPath, args, { cwd: place, timeout: 120_000 });
  const lines = files.reduce((sum, [, , source = '']) => sum + source.trim().split('\n').length, 0);
  return { lines, printed: stdout, promised: OUTPUT.exec(text)?.[1] ?? '' };
}
