/** Minutes of archived days, read like those of the hot store. */
import type { ArchiveBatch, ArchiveFiles } from '../ports/archive.ts';
import type { StoredWindow } from '../ports/hot-store.ts';
import { ByteCache } from './byte-cache.ts';
import type { Minutes } from './walk.ts';
import { readWindowsFile } from './windows-file.ts';

const CACHE_BYTES = 48 * 1024 * 1024;

export class ArchivedMinutes {
  readonly #files: ArchiveFiles;
  readonly #cache = new ByteCache(CACHE_BYTES);

  constructor(files: ArchiveFiles) {
    this.#files = files;
  }

  /** Of these days and no others. */
  of(days: readonly ArchiveBatch[]): Minutes {
    const inOrder = [...days].sort((a, b) => a.fromOffset - b.fromOffset);
    const read = async (from: number, to: number) => {
      const found: StoredWindow[] = [];
      for (const day of inOrder)
        if (day.fromOffset < to && day.toOffset > from) found.push(...(await this.#windowsOf(day)));
      return found.filter(({ start }) => start >= from && start < to);
    };
    return {
      windows: read,
      nextWindow: async (from) => {
        for (const day of inOrder) {
          if (day.to === null || day.to < from) continue;
          const [first] = await read(from, day.toOffset);
          if (first !== undefined) return first.start;
        }
        return undefined;
      },
    };
  }

  async #windowsOf(day: ArchiveBatch): Promise<readonly StoredWindow[]> {
    const file = day.files.find(({ table }) => table === 'windows');
    if (file === undefined) return [];
    return this.#cache.get(file.checksum, async () => {
      const value = await readWindowsFile(await this.#files.read(file.path));
      return { value, bytes: value.reduce((sum, { packed }) => sum + packed.length + 100, 0) };
    });
  }
}

/** Each minute from one place: those of these days from the archive, all others from the hot store. */
export function minutesOfBoth(hot: Minutes, archived: Minutes, days: readonly ArchiveBatch[]): Minutes {
  const ranges = days.map(({ fromOffset, toOffset }) => ({ from: fromOffset, to: toOffset }));
  const isArchived = (start: number) => ranges.some(({ from, to }) => start >= from && start < to);
  return {
    windows: async (from, to) => {
      const ofHot = (await hot.windows(from, to)).filter(({ start }) => !isArchived(start));
      return [...ofHot, ...(await archived.windows(from, to))];
    },
    nextWindow: async (from) => {
      const next = [await hot.nextWindow(from), await archived.nextWindow(from)].filter((each) => each !== undefined);
      return next.length === 0 ? undefined : Math.min(...next);
    },
  };
}
