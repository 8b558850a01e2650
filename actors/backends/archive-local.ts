/**
 * The archive in a local folder. A file is durable under its temporary name before it is renamed, and each change of a
 * folder is synced too, so that a power cut leaves either name whole.
 */
import { mkdir, open, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { AppError } from '../../protocol/errors.ts';
import type { ArchivedFile, ArchiveFiles } from '../ports/archive.ts';
import { checkArchivePath } from './archive-path.ts';

/** Two files are compared in pieces of this size. */
const PIECE_BYTES = 1024 * 1024;

export class LocalArchiveFiles implements ArchiveFiles {
  #root: string;

  constructor(root: string) {
    this.#root = resolve(root);
  }

  uri(path: string): string {
    return pathToFileURL(this.#at(path)).href;
  }

  async write(path: string, bytes: Uint8Array): Promise<void> {
    const at = this.#at(path);
    await this.#makeFolder(dirname(at));
    const file = await open(at, 'w');
    try {
      await file.writeFile(bytes);
      await file.sync();
    } finally {
      await file.close();
    }
    await syncFolder(dirname(at));
  }

  async publish(temporary: string, path: string): Promise<void> {
    const [from, to] = [this.#at(temporary), this.#at(path)];
    const [source, target] = await Promise.all([statOf(from), statOf(to)]);
    if (source === undefined) {
      if (target !== undefined) return;
      throw new AppError('not-found', `Cannot publish ${temporary} as ${path} as neither of the two is there`);
    }
    if (target !== undefined && !(await sameContent(from, to))) {
      throw new AppError('conflict', `Cannot publish ${temporary} as ${path} as another file has that name already`);
    }
    await this.#makeFolder(dirname(to));
    await rename(from, to);
    // The old name may come back after a power cut: nobody claims it then.
    await syncFolder(dirname(to));
  }

  async stat(path: string): Promise<ArchivedFile | undefined> {
    const found = await statOf(this.#at(path));
    return found === undefined ? undefined : { path, bytes: found.size };
  }

  async read(path: string, from = 0, to = Number.POSITIVE_INFINITY): Promise<Uint8Array> {
    const file = await open(this.#at(path), 'r').catch((cause: unknown) => {
      if (isMissing(cause)) throw new AppError('not-found', `Cannot read ${path} of the archive as it is not there`);
      throw cause;
    });
    try {
      const { size } = await file.stat();
      const length = Math.max(0, Math.min(to, size) - from);
      const bytes = new Uint8Array(length);
      for (let at = 0; at < length; ) {
        const { bytesRead } = await file.read(bytes, at, length - at, from + at);
        if (bytesRead === 0) throw new AppError('unavailable', `Cannot read ${path} as it ends at ${from + at}`);
        at += bytesRead;
      }
      return bytes;
    } finally {
      await file.close();
    }
  }

  async list(folder: string): Promise<readonly ArchivedFile[]> {
    const entries = await readdir(this.#at(folder), { withFileTypes: true }).catch((cause: unknown) => {
      if (isMissing(cause)) return [];
      throw cause;
    });
    const found = await Promise.all(
      entries.map(async (entry) => {
        const path = `${folder}/${entry.name}`;
        if (entry.isDirectory()) return this.list(path);
        return (await this.stat(path)) ?? [];
      }),
    );
    return found.flat();
  }

  async remove(path: string): Promise<void> {
    await rm(this.#at(path), { force: true });
  }

  async close(): Promise<void> {}

  #at(path: string): string {
    checkArchivePath(path);
    return join(this.#root, path);
  }

  /** A new folder is an entry of its parent, which must be as durable as the file that comes into it. */
  async #makeFolder(folder: string): Promise<void> {
    let made = await mkdir(folder, { recursive: true });
    for (let at = folder; made !== undefined; at = dirname(at)) {
      await syncFolder(dirname(at));
      if (at === made) made = undefined;
    }
  }
}

async function syncFolder(folder: string): Promise<void> {
  // Windows cannot open a folder to sync it, and needs no such thing.
  if (process.platform === 'win32') return;
  const handle = await open(folder, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function statOf(path: string) {
  try {
    return await stat(path);
  } catch (cause) {
    if (isMissing(cause)) return undefined;
    throw cause;
  }
}

function isMissing(cause: unknown): boolean {
  const { code } = cause as NodeJS.ErrnoException;
  return code === 'ENOENT' || code === 'ENOTDIR';
}

async function sameContent(a: string, b: string): Promise<boolean> {
  const [first, second] = [await open(a, 'r'), await open(b, 'r')];
  try {
    const { size } = await first.stat();
    if (size !== (await second.stat()).size) return false;
    const pieces = [Buffer.alloc(PIECE_BYTES), Buffer.alloc(PIECE_BYTES)] as const;
    for (let at = 0; at < size; at += PIECE_BYTES) {
      const length = Math.min(PIECE_BYTES, size - at);
      await first.read(pieces[0], 0, length, at);
      await second.read(pieces[1], 0, length, at);
      if (!pieces[0].subarray(0, length).equals(pieces[1].subarray(0, length))) return false;
    }
    return true;
  } finally {
    await Promise.all([first.close(), second.close()]);
  }
}
