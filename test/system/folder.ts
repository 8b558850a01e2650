/**
 * The folder of a test, and who works in it. Hooks after a test run in the order in which they were registered, so the
 * folder, made first, would go before those who write to it: it ends them itself, and goes when they are gone.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, sep } from 'node:path';
import type { TestContext } from 'node:test';

type End = () => unknown;

const ends = new Map<string, End[]>();

export function folderFor(t: TestContext, name: string): string {
  const folder = mkdtempSync(join(tmpdir(), `pulso-${name}-`));
  const own: End[] = [];
  ends.set(folder, own);
  t.after(async () => {
    ends.delete(folder);
    await Promise.all(own.map((end) => end()));
    rmSync(folder, { recursive: true, force: true });
  });
  return folder;
}

/** Before the folder that `path` is in goes. Paths in other folders are their makers' own affair. */
export function endBeforeFolder(path: string, end: End): void {
  for (const [folder, own] of ends) if (`${path}${sep}`.startsWith(`${folder}${sep}`)) own.push(end);
}
