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

/** What `sh -c` is given to run a service, as the shell gets it. */
export function shellCommand(service: string): string {
  const block = /entrypoint:\n\s+- sh\n\s+- -c\n\s+- >-\n((?: {8}.*\n)+)/.exec(service)?.[1];
  if (block === undefined) throw new Error('No command for a shell');
  return block.replaceAll(/\n? +/g, ' ').replaceAll('$$', '$').trim();
}

/** The environment of a service, without what others merge in and without what is asked of the person's environment. */
export function environmentOf(service: string): Record<string, string> {
  const block = /^ {4}environment:\n((?: {6}.*\n)+)/m.exec(service)?.[1] ?? '';
  const pairs = [...block.matchAll(/^ {6}([A-Z_]+): (.*)$/gm)].map(
    ([, name = '', value = '']) => [name, value] as const,
  );
  return Object.fromEntries(pairs.map(([name, value]) => [name, value.replace(/^\$\{\w+:-(.*)\}$/, '$1')]));
}

/** Bytes of a limit such as 640m. */
export function memoryLimit(service: string): number {
  return Number(/^ +mem_limit: (\d+)m$/m.exec(service)?.[1]) * 2 ** 20;
}
