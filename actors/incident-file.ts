/**
 * Incidents on disk, a line of JSON each; a later line of the same incident goes before an earlier one. What is lost
 * with the process is at most what the last second brought. A disk that takes nothing is reported, and what could not
 * be written is tried again: nobody waits for it.
 */
import { type FileHandle, open, readFile, rename, rm } from 'node:fs/promises';
import type { Incident } from '../supervisor/incidents.ts';
import type { Log } from './log.ts';

/** How long a change may wait for others to be written with it. */
const GATHER_MS = 200;
/** A disk that is full is tried again so often, and reported every so many times. */
const RETRY_MS = 1_000;
const REPORT_EVERY = 60;
/** Past this, and twice what it then held, the file is written anew with what is kept. */
const MOST_BYTES = 4 * 1024 * 1024;
const STOPPED = '{"stopped":true}\n';

export type KeptIncidents = {
  readonly incidents: readonly Incident[];
  /** Whether the process before this one ended in order; undefined without any. */
  readonly stopped: boolean | undefined;
};

export type IncidentFileOptions = {
  readonly path: string;
  readonly log: Log;
  /** What is kept now, oldest first: what the file is written anew from. */
  readonly list: () => readonly Incident[];
  readonly mostBytes?: number;
  readonly retryMs?: number;
};

/** What a file holds. A torn line, or one that is no incident, is passed over; without a file there are none. */
export async function readIncidents(path: string, log: Log): Promise<KeptIncidents> {
  let text: string;
  try {
    text = await readFile(path, 'utf8');
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT')
      log('warn', 'Cannot read former incidents', { path, thrown: String(thrown) });
    return { incidents: [], stopped: undefined };
  }
  const incidents = new Map<number, Incident>();
  let stopped = false;
  for (const line of text.split('\n')) {
    const value = parsed(line);
    if (isIncident(value)) incidents.set(value.id, value);
    if (value !== undefined) stopped = isStopped(value);
  }
  return { incidents: [...incidents.values()], stopped: text === '' ? undefined : stopped };
}

export class IncidentFile {
  readonly #options: IncidentFileOptions;
  #pending = new Map<number, Incident>();
  #handle: FileHandle | undefined;
  #bytes = 0;
  #limit: number;
  #failures = 0;
  #timer: NodeJS.Timeout | undefined;
  #writing: Promise<void> = Promise.resolve();
  #closed = false;
  /** The last write may have left a torn line behind. */
  #torn = true;

  constructor(options: IncidentFileOptions) {
    this.#options = options;
    this.#limit = options.mostBytes ?? MOST_BYTES;
  }

  write(incident: Incident): void {
    this.#pending.set(incident.id, incident);
    this.#soon(GATHER_MS);
  }

  /** Writes what is left and that the process has ended in order; never rejects. */
  async close(): Promise<void> {
    clearTimeout(this.#timer);
    this.#closed = true;
    await this.#writing;
    await this.#flush(STOPPED);
    await this.#handle?.close().catch(() => undefined);
  }

  #soon(ms: number): void {
    if (this.#closed) return;
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#writing = this.#writing.then(() => this.#flush());
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
    const { path } = this.#options;
    this.#options.log('warn', `Cannot keep incidents: ${(thrown as Error).message}; it is tried again`, { path });
  }
}

function lineOf(incident: Incident): string {
  return `${JSON.stringify(incident)}\n`;
}

function parsed(line: string): unknown {
  if (line === '') return undefined;
  try {
    return JSON.parse(line);
  } catch {
    return null;
  }
}

function isStopped(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'stopped' in value;
}

/** As much as whoever reads it takes for granted. */
function isIncident(value: unknown): value is Incident {
  if (typeof value !== 'object' || value === null) return false;
  const { id, at, actor, what, why, state, events } = value as Partial<Record<keyof Incident, unknown>>;
  const texts = [actor, what, why, state].every((text) => typeof text === 'string');
  return Number.isSafeInteger(id) && typeof at === 'number' && texts && Array.isArray(events) && events.every(isEvent);
}

function isEvent(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Number.isSafeInteger((value as { id?: unknown }).id);
}
