/**
 * Questions to HDFS over WebHDFS, each with a deadline and an answer that was checked. The package `webhdfs` has none of
 * them: no checksum, no part of a file, no telling "not there" from other errors.
 */
import { once } from 'node:events';
import { get, type IncomingMessage } from 'node:http';
import { get as secureGet } from 'node:https';
import { HdfsFailure, hdfsError, insist } from './archive-webhdfs-errors.ts';

export type WebhdfsConfig = {
  /** Of the REST interface, its path included: `http://namenode:9870/webhdfs/v1`. */
  readonly url: string;
  readonly user: string;
  /** As Hadoop's own clients name the same file system: `hdfs://namenode:8020`. */
  readonly hdfsUrl: string;
  /** Folder of all files, `/pulso`. */
  readonly root: string;
  /** Longest time of a question or a rename; of a transfer, beside a second for every 500 KB. */
  readonly callMs: number;
  readonly transferMs: number;
};

export type FileStatus = {
  readonly type: 'FILE' | 'DIRECTORY' | 'SYMLINK';
  readonly length: number;
  readonly blockSize: number;
  /** The name below the folder asked for; empty for the path itself. */
  readonly pathSuffix: string;
};

type Parameters = Readonly<Record<string, string | number>>;
type Remote = { readonly exception: string; readonly message: string };

const REDIRECT = 307;
const MOST_HOPS = 3;

export class WebhdfsReader {
  #config: WebhdfsConfig;
  #closing = new AbortController();

  constructor(config: WebhdfsConfig) {
    this.#config = config;
  }

  /** What is under way fails at once. */
  close(): void {
    this.#closing.abort();
  }

  async status(path: string): Promise<FileStatus | undefined> {
    const answer = await this.#askJson('GETFILESTATUS', path);
    return answer === undefined ? undefined : fileStatus(record(answer, 'FileStatus'));
  }

  async children(path: string): Promise<readonly FileStatus[] | undefined> {
    const answer = await this.#askJson('LISTSTATUS', path);
    if (answer === undefined) return undefined;
    const list = record(answer, 'FileStatuses').FileStatus;
    if (!Array.isArray(list)) throw malformed('LISTSTATUS', answer);
    return list.map(fileStatus);
  }

  async checksum(path: string): Promise<{ algorithm: string; bytes: string } | undefined> {
    const answer = await this.#askJson('GETFILECHECKSUM', path);
    if (answer === undefined) return undefined;
    const { algorithm, bytes } = record(answer, 'FileChecksum');
    if (typeof algorithm !== 'string' || typeof bytes !== 'string') throw malformed('GETFILECHECKSUM', answer);
    return { algorithm, bytes };
  }

  /** Exactly `length` bytes from `offset`, which the file must have; undefined where there is no file. */
  async open(path: string, offset: number, length: number, limitMs: number): Promise<Uint8Array | undefined> {
    const bytes = await this.#ask('OPEN', path, { offset, length }, limitMs);
    if (bytes !== undefined && bytes.length !== length) {
      throw hdfsError(`read ${path}`, new HdfsFailure(`${bytes.length} bytes came instead of ${length}`));
    }
    return bytes;
  }

  async #askJson(op: string, path: string): Promise<unknown> {
    const bytes = await this.#ask(op, path, {}, this.#config.callMs);
    if (bytes === undefined) return undefined;
    try {
      return JSON.parse(new TextDecoder().decode(bytes));
    } catch (cause) {
      throw hdfsError(`ask ${op} of ${path}`, new HdfsFailure('the answer is no JSON', { cause }));
    }
  }

  #ask(op: string, path: string, parameters: Parameters, limitMs: number): Promise<Uint8Array | undefined> {
    const url = new URL(`${this.#config.url}${path}`);
    for (const [name, value] of Object.entries({ op, ...parameters, 'user.name': this.#config.user })) {
      url.searchParams.set(name, String(value));
    }
    return insist(`ask ${op} of ${path}`, limitMs, (leftMs) => fetchWhole(url, leftMs, this.#closing.signal));
  }
}

/** The body of a 200; undefined where HDFS itself says that there is no such file. */
async function fetchWhole(url: URL, limitMs: number, closing: AbortSignal): Promise<Uint8Array | undefined> {
  const late = AbortSignal.timeout(Math.ceil(limitMs));
  try {
    return believed(await exchange(url, AbortSignal.any([late, closing])));
  } catch (cause) {
    if (cause instanceof HdfsFailure) throw cause;
    if (closing.aborted) throw new HdfsFailure('the archive was closed');
    if (late.aborted) throw new HdfsFailure(`no answer within ${Math.round(limitMs)} ms`);
    throw new HdfsFailure('the connection failed', { cause });
  }
}

type Answer = { readonly status: number; readonly bytes: Uint8Array };

/**
 * By `node:http`, as Deno's `fetch` goes through the proxy of the environment. A connection is used once: one kept alive
 * over a restart of the NameNode would fail at its next use. The NameNode sends readers on to a DataNode.
 */
async function exchange(url: URL, signal: AbortSignal, hops = 0): Promise<Answer> {
  const request = (url.protocol === 'https:' ? secureGet : get)(url, { signal, agent: false });
  // What comes after the answer, such as the deadline, is told by the reading of its body.
  request.on('error', () => {});
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  const parts: Buffer[] = [];
  for await (const part of response) parts.push(part as Buffer);
  const { location } = response.headers;
  if (response.statusCode === REDIRECT && location !== undefined && hops < MOST_HOPS) {
    return exchange(new URL(location, url), signal, hops + 1);
  }
  return { status: response.statusCode as number, bytes: Buffer.concat(parts) };
}

function believed({ status, bytes }: Answer): Uint8Array | undefined {
  if (status === 200) return bytes;
  const remote = remoteException(bytes);
  // Any server can answer 404; that a file is missing is believed of HDFS alone.
  if (status === 404 && remote?.exception === 'FileNotFoundException') return undefined;
  throw new HdfsFailure(remote ? `${remote.exception}: ${remote.message}` : `status ${status}`);
}

function remoteException(bytes: Uint8Array): Remote | undefined {
  try {
    const { exception, message } = JSON.parse(new TextDecoder().decode(bytes)).RemoteException;
    return { exception: String(exception), message: String(message) };
  } catch {
    return undefined;
  }
}

function record(answer: unknown, name: string): Record<string, unknown> {
  const value = (answer as Record<string, unknown> | null)?.[name];
  if (typeof value !== 'object' || value === null) throw malformed(name, answer);
  return value as Record<string, unknown>;
}

function fileStatus(value: unknown): FileStatus {
  const { type, length, blockSize, pathSuffix } = (value ?? {}) as FileStatus;
  if (!['FILE', 'DIRECTORY', 'SYMLINK'].includes(type) || typeof length !== 'number' || typeof blockSize !== 'number') {
    throw malformed('FileStatus', value);
  }
  return { type, length, blockSize, pathSuffix: String(pathSuffix ?? '') };
}

function malformed(what: string, answer: unknown) {
  return hdfsError(`read ${what}`, new HdfsFailure(`the answer is ${JSON.stringify(answer)?.slice(0, 200)}`));
}
