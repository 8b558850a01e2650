/** What the page weighs: gzip size of everything the build made, and a failure when the scripts are over budget. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';

/** Every script together, chunks that are fetched later included, gzipped. */
export const SCRIPT_BUDGET_BYTES = 90 * 1024;

export type Weight = { readonly file: string; readonly bytes: number; readonly gzip: number };

export function weighPage(dist = join(import.meta.dirname, '../../ui/dist')): Weight[] {
  return readdirSync(dist, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => {
      const path = join(entry.parentPath, entry.name);
      const content = readFileSync(path);
      return { file: path.slice(dist.length + 1), bytes: content.length, gzip: gzipSync(content, { level: 9 }).length };
    })
    .sort((a, b) => b.gzip - a.gzip);
}

export function scriptBytes(weights: readonly Weight[]): number {
  return weights.filter(({ file }) => file.endsWith('.js')).reduce((sum, { gzip }) => sum + gzip, 0);
}

function report(): string {
  const weights = weighPage();
  const lines = weights.map(({ file, bytes, gzip }) => `${file.padEnd(44)} ${kilo(bytes)} ${kilo(gzip)} gzip`);
  const scripts = scriptBytes(weights);
  const over = scripts > SCRIPT_BUDGET_BYTES;
  if (over) process.exitCode = 1;
  const verdict = over ? 'over budget' : 'within budget';
  return [...lines, `scripts ${kilo(scripts)} gzip of ${kilo(SCRIPT_BUDGET_BYTES)}: ${verdict}`].join('\n');
}

function kilo(bytes: number): string {
  return `${(bytes / 1024).toFixed(1)} KB`.padStart(9);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) process.stdout.write(`${report()}\n`);
