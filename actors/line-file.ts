/**
 * What is kept on disk, a line of JSON each; a later line of the same id goes before an earlier one. What is lost with
 * the process is at most what the last second brought. A disk that takes nothing is reported, and what could not be
 * written is tried again: nobody waits for it.
 */
import { type FileHandle, open, readFile, rename, rm } from 'node:fs/promises';
import type { Log } from './log.ts';

/** How long a change may wait for others to be written with it. */
const GATHER_MS = 200;
/** A disk that is full is tried again so often, and reported every so many times. */
const RETRY_MS = 1_000;
const REPORT_EVERY = 60;
/** Past this, and twice what it then held, the file is written anew with what is kept. */
const MOST_BYTES = 4 * 1024 * 1024;

export type LineFileOptions<Kept> = {
  readonly path: string;
  /** In words. */
  readonly what: string;
  readonly log: Log;
  /** What is kept now, oldest first: what the file is written anew from. */
  readonly list: () => readonly Kept[];
  readonly mostBytes?: number;
  readonly retryMs?: number;
};

/** What the lines of a file hold; null for a torn one. Without a file there are none. */
export async function readLines(path: string, what: string, log: Log): Promise<unknown[]> {
  try {
    const text = await readFile(path, 'utf8');
    return text.split('\n').filter(Boolean).map(parsed);
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT')
      log('warn', `Cannot read former ${what}`, { path, thrown: String(thrown) });
    return [];
  }
}

export class LineFile<Kept extends { readonly id: number }> {
  readonly #options: LineFileOptions<Kept>;
  #pending = new Map<number, Kept>();
  #handle: FileHandle | undefined;
  #bytes = 0;
  #limit: number;
  #failures = 0;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();
  #closed = false;
  /** The last write may have left a torn line behind. */
  #torn = true;

  constructor(options: LineFileOptions<Kept>) {
    this.#options = options;
    this.#limit = options.mostBytes ?? MOST_BYTES;
  }

  write(kept: Kept): void {
    this.#pending.set(kept.id, kept);
    this.#soon(GATHER_MS);
  }

  /** Writes now what there is; resolves when that was tried. */
  flush(): Promise<void> {
    if (!this.#closed) this.#writing = this.#writing.then(() => this.#flush());
    return this.#writing;
  }

  /** Writes what is left, and `last`; never rejects. */
  async close(last = ''): Promise<void> {
    clearTimeout(this.#timer);
    this.#closed = true;
    await this.#writing;
    await this.#flush(last);
    await this.#handle?.close().catch(() => undefined);
  }

  #soon(ms: number): void {
    if (this.#closed) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void this.flush();
    }, ms).unref();
  }

  async #flush(last = ''): Promise<void> {
    const batch = this.#pending;
    if (batch.size === 0 && last === '') return;
    this.#pending = new Map();
    try {
      await this.#append([...batch.values()].map(lineOf).join('') + last);
      this.#failures = 0;
    } catch (thrown) {
      this.#failed(thrown);
      // What came meanwhile is newer.
      this.#pending = new Map([...batch, ...this.#pending]);
      this.#soon(this.#options.retryMs ?? RETRY_MS);
    }
  }

  async #append(text: string): Promise<void> {
    const { path } = this.#options;
    if (this.#bytes > this.#limit) await this.#writeAnew();
    if (this.#handle === undefined) {
      this.#handle = await open(path, 'a');
      this.#bytes = (await this.#handle.stat()).size;
    }
    const whole = this.#torn && this.#bytes > 0 ? `\n${text}` : text;
    this.#torn = true;
    await this.#handle.appendFile(whole);
    this.#torn = false;
    this.#bytes += Buffer.byteLength(whole);
  }

  /** Under another name first: at any moment there is a whole file. */
  async #writeAnew(): Promise<void> {
    const { path, list } = this.#options;
    const temporary = `${path}.tmp`;
    const handle = await open(temporary, 'w');
    try {
      await handle.appendFile(list().map(lineOf).join(''));
      await handle.sync();
    } catch (thrown) {
      await rm(temporary, { force: true });
      throw thrown;
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
    const former = this.#handle;
    this.#handle = await open(path, 'a');
    this.#bytes = (await this.#handle.stat()).size;
    this.#limit = Math.max(this.#limit, 2 * this.#bytes);
    this.#torn = false;
    await former?.close();
  }

  #failed(thrown: unknown): void {
    if (this.#failures++ % REPORT_EVERY > 0) return;
    const { path, what, log } = this.#options;
    log('warn', `Cannot keep ${what}: ${(thrown as Error).message}; it is tried again`, { path });
  }
}

function lineOf(kept: unknown): string {
  return `${JSON.stringify(kept)}\n`;
}

function parsed(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}
