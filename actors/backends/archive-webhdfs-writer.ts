/**
 * The package `webhdfs` does what changes HDFS: upload, folders, rename, removal. What it says of the outcome is only a
 * hint, as it calls a rename done that never was, an upload that a DataNode refused, and sometimes it says nothing at
 * all. So each call here ends in time, once, and the caller looks at HDFS itself to see what became of it.
 */
import { Agent } from 'node:http';
import { Agent as SecureAgent } from 'node:https';
import { Readable } from 'node:stream';
import WebHDFS, { type Callback, type Client, type Request } from 'webhdfs';
import { HdfsFailure, insist } from './archive-webhdfs-errors.ts';
import type { WebhdfsConfig } from './archive-webhdfs-reader.ts';

const PIECE_BYTES = 256 * 1024;
const FILE_MODE = '0644';
const FOLDER_MODE = '0755';

export class WebhdfsWriter {
  #client: Client;
  #agent: Agent;
  #callMs: number;
  #transferMs: number;
  #closing = new AbortController();

  constructor({ url, user, callMs, transferMs }: WebhdfsConfig) {
    const { protocol, hostname, port, pathname } = new URL(url);
    const secure = protocol === 'https:';
    // A connection is used once: one kept alive over a restart of the NameNode would fail at its next use.
    this.#agent = new (secure ? SecureAgent : Agent)({ keepAlive: false });
    this.#callMs = callMs;
    this.#transferMs = transferMs;
    this.#client = WebHDFS.createClient(
      {
        protocol: secure ? 'https' : 'http',
        host: hostname.replace(/^\[|\]$/g, ''),
        port: Number(port || (secure ? 443 : 80)),
        path: pathname,
        user,
      },
      // No proxy of the environment, and no upload that outlives its deadline on a socket nobody reads.
      { timeout: transferMs, proxy: null, agent: this.#agent },
    );
  }

  /** Sends a new file; fails where one of the name is there. */
  upload(path: string, bytes: Uint8Array, limitMs: number): Promise<void> {
    return insist(`upload ${path}`, limitMs, (leftMs) =>
      settled(leftMs, this.#closing.signal, (done) => {
        const request = this.#client.createWriteStream(path, false, { overwrite: false, permission: FILE_MODE });
        const source = Readable.from(pieces(bytes), { objectMode: false });
        // An error comes with a `finish` behind it, or with a second error: the first event counts.
        request.on('error', done);
        request.once('finish', () => done());
        source.pipe(request);
        return {
          abort: () => {
            source.destroy();
            request.abort();
          },
        };
      }),
    );
  }

  makeFolder(path: string): Promise<void> {
    return this.#call(`make the folder ${path}`, (done) => this.#client.mkdir(path, FOLDER_MODE, done));
  }

  rename(from: string, to: string): Promise<void> {
    return this.#call(`rename ${from} to ${to}`, (done) => this.#client.rename(from, to, done));
  }

  remove(path: string): Promise<void> {
    return this.#call(`remove ${path}`, (done) => this.#client.unlink(path, false, done));
  }

  /** What is under way fails at once. */
  close(): void {
    this.#closing.abort();
    this.#agent.destroy();
  }

  #call(action: string, begin: (done: Callback) => Request): Promise<void> {
    return insist(action, Math.min(this.#callMs, this.#transferMs), (leftMs) =>
      settled(leftMs, this.#closing.signal, begin),
    );
  }
}

/** Settles once: at the first answer, when the time is up, or when the archive is closed. */
async function settled(limitMs: number, closing: AbortSignal, begin: (done: Callback) => Request): Promise<void> {
  if (closing.aborted) throw new HdfsFailure('the archive was closed');
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const giveUp = (why: string): void => {
    reject(new HdfsFailure(why));
    request.abort();
  };
  const onClosing = (): void => giveUp('the archive was closed');
  closing.addEventListener('abort', onClosing);
  const timer = setTimeout(() => giveUp(`no answer within ${Math.round(limitMs)} ms`), limitMs);
  const request = begin((error) => {
    if (error) reject(new HdfsFailure(error.message, { cause: error.cause }));
    else resolve();
  });
  try {
    await promise;
  } finally {
    clearTimeout(timer);
    closing.removeEventListener('abort', onClosing);
  }
}

function* pieces(bytes: Uint8Array): Generator<Buffer> {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < view.length; at += PIECE_BYTES) yield view.subarray(at, at + PIECE_BYTES);
}
