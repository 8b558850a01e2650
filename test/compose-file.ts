/** Reads docker-compose.yml as far as its tests need: what is written of a service, what it merges in included. */
import { readFileSync } from 'node:fs';

/** Service -> its lines, and those of the anchors that it merges. */
export function composeServices(path = 'docker-compose.yml'): Map<string, string> {
  const text = readFileSync(path, 'utf8');
  const anchors = new Map<string, string>();
  for (const [, name = '', body = ''] of text.matchAll(/^x-[\w-]+: &([\w-]+)\n((?: .*\n|\n)*)/gm))
    anchors.set(name, body);
  const merged = (body: string): string =>
    body + [...body.matchAll(/\*([\w-]+)/g)].map(([, name = '']) => merged(anchors.get(name) ?? '')).join('');
  const all = /^services:\n((?: .*\n|\n)*)/m.exec(text)?.[1] ?? '';
  const found = [...all.matchAll(/^ {2}([\w-]+):\n((?: {3,}.*\n|\n)*)/gm)];
  return new Map(found.map(([, name = '', body = '']) => [name, merged(body)]));
}

/** What `bash -c` is given as the health check of a service, as the shell gets it. */
export function healthCommand(service: string): string {
  const block = /healthcheck:\n\s+test:\n\s+- CMD\n\s+- bash\n\s+- -c\n\s+- >-\n((?: {10}.*\n)+)/.exec(service)?.[1];
  if (block === undefined) throw new Error('No health check by bash');
  return block.replaceAll(/\n? +/g, ' ').replaceAll('$$', '$').trim();
}

/** Bytes of a limit such as 640m. */
export function memoryLimit(service: string): number {
  return Number(/^ +mem_limit: (\d+)m$/m.exec(service)?.[1]) * 2 ** 20;
}
