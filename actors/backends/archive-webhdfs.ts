/**
 * The archive on HDFS over WebHDFS. A file is sent under a name of this attempt alone, its length and checksum are
 * compared with the bytes at hand, and only then it is renamed; after every change HDFS is asked what stands there, and
 * that alone counts. So an upload that a frozen DataNode carries out an hour later can reach no file that anyone reads.
 */
import { randomBytes } from 'node:crypto';
import { AppError } from '../../protocol/errors.ts';
import type { ArchivedFile, ArchiveFiles } from '../ports/archive.ts';
import { checkArchivePath } from './archive-path.ts';
import { hdfsChecksum, readChecksum } from './archive-webhdfs-checksum.ts';
import { HdfsFailure, hdfsError } from './archive-webhdfs-errors.ts';
import { type FileStatus, type WebhdfsConfig, WebhdfsReader } from './archive-webhdfs-reader.ts';
import { WebhdfsWriter } from './archive-webhdfs-writer.ts';

/** The slowest transfer that is not given up. */
const BYTES_A_SECOND = 500_000;
const ATTEMPTS_FOLDER = '_tmp';

export class WebhdfsArchiveFiles implements ArchiveFiles {
  #config: WebhdfsConfig;
  #reader: WebhdfsReader;
  #writer: WebhdfsWriter;

  constructor(config: WebhdfsConfig) {
    this.#config = config;
    this.#reader = new WebhdfsReader(config);
    this.#writer = new WebhdfsWriter(config);
  }

  uri(path: string): string {
    return `${this.#config.hdfsUrl}${this.#at(path)}`;
  }

  async write(path: string, bytes: Uint8Array): Promise<void> {
    this.#at(path);
    const attempt = `${ATTEMPTS_FOLDER}/${nameOf(path).slice(-200)}.${randomBytes(8).toString('hex')}`;
    try {
      await this.#writer.upload(this.#at(attempt), bytes, this.#transferMs(bytes.length));
      await this.#check(attempt, bytes);
      await this.#replace(attempt, path, bytes.length);
    } catch (thrown) {
      // What remains of it is a temporary file that no batch claims: whoever starts next removes it.
      await this.#writer.remove(this.#at(attempt)).catch(() => {});
      throw thrown;
    }
  }

  async publish(temporary: string, path: string): Promise<void> {
    const [source, target] = await this.#both(temporary, path);
    if (source === undefined) {
      if (target !== undefined) return;
      throw new AppError('not-found', `Cannot publish ${temporary} as ${path} as neither of the two is there`);
    }
    if (target !== undefined) {
      if (!(await this.#same(temporary, path))) {
        throw new AppError('conflict', `Cannot publish ${temporary} as ${path} as another file has that name already`);
      }
      return this.remove(temporary);
    }
    await this.#rename(temporary, path, source.length);
  }

  async stat(path: string): Promise<ArchivedFile | undefined> {
    const found = await this.#file(path);
    return found === undefined ? undefined : { path, bytes: found.length };
  }

  async read(path: string, from = 0, to = Number.POSITIVE_INFINITY): Promise<Uint8Array> {
    const found = await this.#file(path);
    // HDFS refuses an offset at the end, and there is nothing to ask for.
    const length = Math.min(to, found?.length ?? 0) - from;
    if (found !== undefined && length <= 0) return new Uint8Array(0);
    const bytes = found && (await this.#reader.open(this.#at(path), from, length, this.#transferMs(length)));
    if (bytes === undefined) throw new AppError('not-found', `Cannot read ${path} of the archive as it is not there`);
    return bytes;
  }

  async list(folder: string): Promise<readonly ArchivedFile[]> {
    const files: ArchivedFile[] = [];
    const folders = [folder];
    for (let next = folders.pop(); next !== undefined; next = folders.pop()) {
      for (const { type, length, pathSuffix } of (await this.#reader.children(this.#at(next))) ?? []) {
        const path = `${next}/${pathSuffix}`;
        if (type === 'DIRECTORY') folders.push(path);
        else if (pathSuffix !== '') files.push({ path, bytes: length });
      }
    }
    return files;
  }

  async remove(path: string): Promise<void> {
    const told = await outcome(this.#writer.remove(this.#at(path)));
    if ((await this.#file(path)) === undefined) return;
    throw told ?? hdfsError(`remove ${path}`, new HdfsFailure('the file is still there'));
  }

  async close(): Promise<void> {
    this.#reader.close();
    this.#writer.close();
  }

  /** Length first, which a cut upload betrays; then the checksum that the DataNodes keep. */
  async #check(path: string, bytes: Uint8Array): Promise<void> {
    const found = await this.#file(path);
    if (found?.length !== bytes.length) {
      throw hdfsError(
        `write ${path}`,
        new HdfsFailure(`${found?.length ?? 'none'} of ${bytes.length} bytes are there`),
      );
    }
    if (bytes.length === 0 || (await this.#holds(path, bytes, found.blockSize))) return;
    throw hdfsError(`write ${path}`, new HdfsFailure('other bytes are there than were sent'));
  }

  async #holds(path: string, bytes: Uint8Array, blockBytes: number): Promise<boolean> {
    const answer = await this.#reader.checksum(this.#at(path));
    const known = answer && readChecksum(answer.algorithm, answer.bytes);
    // A checksum of another kind (composite, encrypted, erasure coded) cannot be computed here: the bytes are compared.
    if (known === undefined) return equal(await this.read(path), bytes);
    return known.digest === (await hdfsChecksum(bytes, blockBytes, known.chunkBytes));
  }

  /** What an earlier attempt left under the name goes; it is a temporary one, nobody reads it. */
  async #replace(from: string, path: string, length: number): Promise<void> {
    if ((await this.#file(path)) !== undefined) await this.remove(path);
    await this.#rename(from, path, length);
  }

  async #rename(from: string, to: string, length: number): Promise<void> {
    const folder = folderOf(to);
    if (folder !== ATTEMPTS_FOLDER) await this.#writer.makeFolder(folder === '' ? this.#config.root : this.#at(folder));
    const told = await outcome(this.#writer.rename(this.#at(from), this.#at(to)));
    const [source, target] = await this.#both(from, to);
    if (source === undefined && target?.length === length) return;
    const seen = `${length} bytes, of which the old name has ${source?.length ?? 'none'} and the new ${target?.length ?? 'none'}`;
    throw told ?? hdfsError(`rename ${from} to ${to}`, new HdfsFailure(seen));
  }

  async #both(a: string, b: string): Promise<[FileStatus | undefined, FileStatus | undefined]> {
    return Promise.all([this.#file(a), this.#file(b)]);
  }

  async #file(path: string): Promise<FileStatus | undefined> {
    const found = await this.#reader.status(this.#at(path));
    return found?.type === 'FILE' ? found : undefined;
  }

  async #same(a: string, b: string): Promise<boolean> {
    return equal(await this.read(a), await this.read(b));
  }

  #at(path: string): string {
    checkArchivePath(path);
    return `${this.#config.root}/${path}`;
  }

  #transferMs(bytes: number): number {
    return this.#config.transferMs + (bytes / BYTES_A_SECOND) * 1000;
  }
}

/** What the package says went wrong, to be told in case HDFS shows that something did. */
function outcome(call: Promise<void>): Promise<unknown> {
  return call.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
}

function equal(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}

function nameOf(path: string): string {
  return path.slice(path.lastIndexOf('/') + 1);
}

function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf('/')));
}
