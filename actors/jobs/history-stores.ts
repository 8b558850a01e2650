/**
 * The stores of what is rolled up and archived, opened when that first runs here: in a process that runs no jobs they
 * stay closed.
 */
import { randomBytes } from 'node:crypto';
import {
  type BackendConfig,
  chooseArchiveFiles,
  chooseArchiveManifest,
  chooseCatalog,
  chooseFactStore,
  chooseRollupReader,
  chooseRollupWriter,
  chooseStoreReader,
} from '../backends/choose.ts';
import { KpiArchive, type KpiArchiveResult } from '../history/kpi-archive.ts';
import { RollUp, type RollUpResult } from '../history/roll-up.ts';
import { turns } from '../history/turns.ts';

export type HistorySettings = { readonly zone: string; readonly latenessMs: number; readonly retentionMs: number };

type Open = {
  readonly rollUp: RollUp;
  readonly kpiArchive: KpiArchive;
  readonly parts: readonly ({ close(): Promise<void> } | undefined)[];
};

export class HistoryStores {
  #backend: BackendConfig;
  #settings: HistorySettings;
  #open: Promise<Open> | undefined;

  constructor(backend: BackendConfig, settings: HistorySettings) {
    this.#backend = backend;
    this.#settings = settings;
  }

  async rollUp(signal: AbortSignal): Promise<RollUpResult> {
    return (await this.#opened()).rollUp.run(signal);
  }

  async archiveKpis(signal: AbortSignal): Promise<KpiArchiveResult> {
    return (await this.#opened()).kpiArchive.run(signal);
  }

  async close(): Promise<void> {
    const open = await this.#open?.catch(() => undefined);
    for (const part of open?.parts ?? []) await part?.close();
  }

  #opened(): Promise<Open> {
    this.#open ??= this.#openAll();
    return this.#open.catch((thrown: unknown) => {
      // The next run tries again.
      this.#open = undefined;
      throw thrown;
    });
  }

  async #openAll(): Promise<Open> {
    const stores = {
      store: await chooseStoreReader(this.#backend),
      rollups: await chooseRollupReader(this.#backend),
      writer: await chooseRollupWriter(this.#backend),
      facts: await chooseFactStore(this.#backend),
      manifest: await chooseArchiveManifest(this.#backend),
      files: await chooseArchiveFiles(this.#backend),
      catalog: await chooseCatalog(this.#backend),
    };
    const nonce = () => randomBytes(6).toString('hex');
    const settings = { ...this.#settings, now: Date.now, turn: turns(() => performance.now()), nonce };
    return {
      rollUp: new RollUp(stores, settings),
      kpiArchive: new KpiArchive(stores, settings),
      parts: Object.values(stores),
    };
  }
}
