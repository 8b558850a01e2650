/** The stores that rolling up needs, opened when it first runs here: in a process that runs no jobs they stay closed. */
import {
  type BackendConfig,
  chooseFactStore,
  chooseRollupReader,
  chooseRollupWriter,
  chooseStoreReader,
} from '../backends/choose.ts';
import { RollUp, type RollUpResult } from '../history/roll-up.ts';
import { turns } from '../history/turns.ts';

type Open = { readonly rollUp: RollUp; readonly parts: readonly { close(): Promise<void> }[] };

export class RollUpStores {
  #backend: BackendConfig;
  #zone: string;
  #open: Promise<Open> | undefined;

  constructor(backend: BackendConfig, zone: string) {
    this.#backend = backend;
    this.#zone = zone;
  }

  async run(signal: AbortSignal): Promise<RollUpResult> {
    this.#open ??= this.#openAll();
    const { rollUp } = await this.#open.catch((thrown: unknown) => {
      // The next run tries again.
      this.#open = undefined;
      throw thrown;
    });
    return rollUp.run(signal);
  }

  async close(): Promise<void> {
    const open = await this.#open?.catch(() => undefined);
    for (const part of open?.parts ?? []) await part.close();
  }

  async #openAll(): Promise<Open> {
    const store = await chooseStoreReader(this.#backend);
    const rollups = await chooseRollupReader(this.#backend);
    const writer = await chooseRollupWriter(this.#backend);
    const facts = await chooseFactStore(this.#backend);
    const turn = turns(() => performance.now());
    const rollUp = new RollUp({ store, rollups, writer, facts }, { zone: this.#zone, now: Date.now, turn });
    return { rollUp, parts: [store, rollups, writer, facts] };
  }
}
