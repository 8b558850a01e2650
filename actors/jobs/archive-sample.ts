/**
 * Reads some batches of the archive again and compares every file with the manifest: what was right when it was
 * committed must be right for ever. The stores are opened when it first runs here.
 */
import { checksumOf } from '../archive/write-batch.ts';
import { type BackendConfig, chooseArchiveFiles, chooseArchiveManifest } from '../backends/choose.ts';
import { turns } from '../history/turns.ts';
import type { ArchiveBatch, ArchiveFiles, ArchiveManifest } from '../ports/archive.ts';
import type { Judgement } from './findings.ts';

export type SampleStores = {
  readonly manifest: Pick<ArchiveManifest, 'inState' | 'close'>;
  readonly files: Pick<ArchiveFiles, 'read' | 'close'>;
};

export type SampleResult = { readonly batches: number; readonly files: number; readonly wrong: readonly string[] };

/** The newest batch, and others by chance: in time all are looked at, and a run stays short. */
const SAMPLED = 3;

export class ArchiveSample {
  #open: () => Promise<SampleStores>;
  #random: () => number;
  #stores: SampleStores | undefined;

  constructor(open: () => Promise<SampleStores>, random: () => number) {
    this.#open = open;
    this.#random = random;
  }

  static of(backend: BackendConfig): ArchiveSample {
    const open = async () => ({
      manifest: await chooseArchiveManifest(backend),
      files: await chooseArchiveFiles(backend),
    });
    return new ArchiveSample(open, Math.random);
  }

  async run(signal: AbortSignal): Promise<SampleResult> {
    this.#stores ??= await this.#open();
    const { manifest, files } = this.#stores;
    const batches = pick(await manifest.inState(['COMMITTED', 'DELETED']), this.#random);
    const turn = turns(() => performance.now());
    const wrong: string[] = [];
    let looked = 0;
    for (const batch of batches) {
      for (const file of batch.files) {
        signal.throwIfAborted();
        const why = await compare(file, files);
        if (why !== undefined) wrong.push(`${batch.id}: ${file.path} ${why}`);
        looked++;
        await turn();
      }
    }
    return { batches: batches.length, files: looked, wrong };
  }

  async close(): Promise<void> {
    await this.#stores?.manifest.close();
    await this.#stores?.files.close();
  }
}

async function compare(file: ArchiveBatch['files'][number], files: SampleStores['files']): Promise<string | undefined> {
  let bytes: Uint8Array;
  try {
    bytes = await files.read(file.path);
  } catch (thrown) {
    // Anything else says nothing of the file: the run is tried again.
    if ((thrown as { code?: unknown }).code === 'not-found') return 'is gone';
    throw thrown;
  }
  if (bytes.length !== file.bytes) return `has ${bytes.length} bytes, not ${file.bytes}`;
  return checksumOf(bytes) === file.checksum ? undefined : 'has another checksum';
}

function pick(batches: readonly ArchiveBatch[], random: () => number): ArchiveBatch[] {
  const left = [...batches].sort((a, b) => (a.committedAt ?? 0) - (b.committedAt ?? 0));
  const picked: ArchiveBatch[] = left.splice(-1);
  while (picked.length < SAMPLED && left.length > 0) picked.push(...left.splice(Math.floor(random() * left.length), 1));
  return picked;
}

export function judgeSample({ batches, files, wrong }: SampleResult): Judgement {
  return {
    id: 'archive-sample',
    severity: wrong.length === 0 ? 'ok' : 'critical',
    text:
      wrong.length === 0
        ? `${files} files of ${batches} archived batches are as they were committed`
        : `The archive differs from its manifest: ${wrong.slice(0, 3).join('; ')}`,
    evidence: { batches, files, wrong: wrong.length },
  };
}
