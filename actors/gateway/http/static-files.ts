/**
 * The page: the files that the build left in one folder, by their exact names, so that no path can lead elsewhere.
 * Hashed assets never change; the index is asked for each time.
 */
import { createHash } from 'node:crypto';
import { readdir, readFile, stat } from 'node:fs/promises';
import { extname, join, sep } from 'node:path';
import { promisify } from 'node:util';
import { gzip as gzipCallback } from 'node:zlib';
import type { Answer } from './answer.ts';

const gzip = promisify(gzipCallback);

/** Paths of the page: they all load the index, which shows what belongs there. */
export const PAGE_PATHS: readonly string[] = ['/', '/system', '/data'];
const INDEX = '/index.html';
/** A page that is built while this runs shows up after this at the latest. */
const RESCAN_MS = 1_000;
const MOST_FILES = 1_000;
const SMALLEST_COMPRESSED = 1_024;

const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.map': 'application/json; charset=utf-8',
  '.webmanifest': 'application/manifest+json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain; charset=utf-8',
};
const COMPRESSED = new Set(['.html', '.js', '.css', '.json', '.map', '.webmanifest', '.svg', '.txt']);

type File = { readonly path: string; readonly modified: number };
type Loaded = {
  readonly modified: number;
  readonly bytes: Buffer;
  readonly gzipped: Buffer | undefined;
  readonly etag: string;
};

export type PageRequest = {
  readonly path: string;
  readonly acceptEncoding: string;
  readonly ifNoneMatch: string | undefined;
};

export class StaticFiles {
  #folder: string;
  #now: () => number;
  #files = new Map<string, File>();
  #loaded = new Map<string, Loaded>();
  #scannedAt = Number.NEGATIVE_INFINITY;

  constructor(folder: string, now: () => number = Date.now) {
    this.#folder = folder;
    this.#now = now;
  }

  /** Undefined for a path that is no file of the page. */
  async answer(request: PageRequest): Promise<Answer | undefined> {
    const isPage = PAGE_PATHS.includes(request.path) || request.path === INDEX;
    const name = isPage ? INDEX : request.path;
    if (isPage || !this.#files.has(name)) await this.#scan();
    const file = this.#files.get(name);
    if (file === undefined) return isPage ? notBuilt() : undefined;
    const loaded = await this.#load(name, file);
    return loaded === undefined ? undefined : this.#present(name, loaded, request);
  }

  #present(name: string, loaded: Loaded, { acceptEncoding, ifNoneMatch }: PageRequest): Answer {
    const headers: Record<string, string> = {
      'content-type': TYPES[extname(name)] ?? 'application/octet-stream',
      'cache-control': name.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
      etag: loaded.etag,
      vary: 'Accept-Encoding',
    };
    if (name === INDEX) headers['content-security-policy'] = pagePolicy(loaded.bytes.toString());
    if (ifNoneMatch === loaded.etag) return { status: 304, headers, body: '' };
    if (loaded.gzipped === undefined || !/\bgzip\b/.test(acceptEncoding))
      return { status: 200, headers, body: loaded.bytes };
    return { status: 200, headers: { ...headers, 'content-encoding': 'gzip' }, body: loaded.gzipped };
  }

  async #load(name: string, file: File): Promise<Loaded | undefined> {
    const held = this.#loaded.get(name);
    if (held?.modified === file.modified) return held;
    const bytes = await readFile(file.path).catch(() => undefined);
    if (bytes === undefined) return undefined;
    const compress = COMPRESSED.has(extname(name)) && bytes.length >= SMALLEST_COMPRESSED;
    const loaded: Loaded = {
      modified: file.modified,
      bytes,
      gzipped: compress ? await gzip(bytes) : undefined,
      etag: `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`,
    };
    this.#loaded.set(name, loaded);
    return loaded;
  }

  async #scan(): Promise<void> {
    if (this.#now() - this.#scannedAt < RESCAN_MS) return;
    this.#scannedAt = this.#now();
    const names = await readdir(this.#folder, { recursive: true }).catch(() => []);
    const files = new Map<string, File>();
    for (const name of names.slice(0, MOST_FILES)) {
      const path = join(this.#folder, name);
      const found = await stat(path).catch(() => undefined);
      if (found?.isFile()) files.set(`/${name.split(sep).join('/')}`, { path, modified: found.mtimeMs });
    }
    this.#files = files;
    for (const name of this.#loaded.keys()) if (!files.has(name)) this.#loaded.delete(name);
  }
}

/** Scripts come from here alone; those inside the index are named by their hashes. */
function pagePolicy(html: string): string {
  const inline = [...html.matchAll(/<script(?![^>]*\bsrc=)[^>]*>([\s\S]*?)<\/script>/gi)].map(
    ([, code]) =>
      ` 'sha256-${createHash('sha256')
        .update(code as string)
        .digest('base64')}'`,
  );
  return [
    "default-src 'self'",
    `script-src 'self'${inline.join('')}`,
    "style-src 'self' 'unsafe-inline'",
    "img-src 'self' data:",
    "worker-src 'self' blob:",
    "connect-src 'self'",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; ');
}

function notBuilt(): Answer {
  const body = `<!doctype html><html lang="en"><meta charset="utf-8"><title>pulso</title>
<style>body{font:16px/1.5 system-ui;max-width:36rem;margin:15vh auto;padding:0 1rem}code{font-family:ui-monospace,monospace}</style>
<h1>pulso runs, but its page is not built</h1>
<p>Build it with <code>npm run build</code> and reload. The API is there already: see <a href="/kpi/latest">/kpi/latest</a> and <a href="/ledger">/ledger</a>.</p></html>`;
  return {
    status: 503,
    headers: { 'content-type': TYPES['.html'] as string, 'cache-control': 'no-store', 'retry-after': '2' },
    body,
  };
}
