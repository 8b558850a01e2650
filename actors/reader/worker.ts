/** reader: answers the gateway's questions that touch the disk, so that the gateway itself never waits for one. */
import type { MessagePort } from 'node:worker_threads';
import { AppError, toWireError } from '../../protocol/errors.ts';
import type { Answer, Ask, ReaderQuery } from '../../protocol/message.ts';
import { PoisonedOrders } from '../../protocol/poison-fault.ts';
import { messageName, PoisonedMessages } from '../../protocol/poison-message.ts';
import { numberSetting, runChild } from '../../supervisor/child.ts';
import {
  type BackendConfig,
  chooseArchiveFiles,
  chooseArchiveManifest,
  chooseFactStore,
  chooseRawReader,
  chooseRollupReader,
  chooseStoreReader,
} from '../backends/choose.ts';
import { turns } from '../history/turns.ts';
import { ReaderCore } from './core.ts';

export type ReaderInput = { readonly backend: BackendConfig; readonly zone: string };

/** More questions than this at a time only make all of them late. */
const STANDARD_OPEN = 64;

runChild<ReaderInput>(async (child) => {
  const { backend, zone } = child.input;
  const stores = {
    store: await chooseStoreReader(backend),
    rollups: await chooseRollupReader(backend),
    facts: await chooseFactStore(backend),
    raw: await chooseRawReader(backend),
    manifest: await chooseArchiveManifest(backend),
    files: await chooseArchiveFiles(backend),
  };
  const turn = turns(() => performance.now());
  const core = new ReaderCore(stores, { zone, mainTopic: backend.topics[0] as string, now: Date.now, turn });
  const poisoned = new PoisonedMessages(child.suspects);
  let open = 0;
  let mostOpen = STANDARD_OPEN;

  async function onAsk(port: MessagePort, { id, body }: Ask<ReaderQuery>): Promise<void> {
    if (open >= mostOpen) {
      const busy = new AppError(
        'too-many-requests',
        `Cannot answer as ${mostOpen} questions are being answered already`,
      );
      port.postMessage({ type: 'refusal', id, error: toWireError(busy) } satisfies Answer);
      return;
    }
    const name = messageName([new TextEncoder().encode(JSON.stringify(body))]);
    const poison = poisoned.refusalOf(name);
    if (poison !== undefined) {
      port.postMessage({ type: 'refusal', id, error: toWireError(poison) } satisfies Answer);
      return;
    }
    // Several at a time take turns: which of them is at work then, nobody can say.
    child.meter.working(open === 0 ? name : -1);
    child.meter.mailbox(++open, 0);
    await dieOfPoison(body, name);
    try {
      const value = await core.answer(body);
      port.postMessage({ type: 'answer', id, value } satisfies Answer, transfersOf(body, value));
    } catch (thrown) {
      port.postMessage({ type: 'refusal', id, error: toWireError(thrown) } satisfies Answer);
    }
    child.meter.mailbox(--open, 0);
    child.meter.working(-1);
    child.meter.handled();
  }

  /** The fault `poison`: as if this order could not be read. */
  async function dieOfPoison(body: ReaderQuery, name: number): Promise<void> {
    const death = body.kind === 'order' ? new PoisonedOrders(child.note).of(body.id) : undefined;
    if (death === undefined) return;
    child.meter.working(name);
    await child.die(death);
  }

  child.onLink('queries', (port) =>
    port.on('message', (ask: Ask<ReaderQuery>) => void child.handle(() => onAsk(port, ask), `ask ${ask.body.kind}`)),
  );
  child.onControl({
    inspect: () => ({ open }),
    settings: {
      most_open: numberSetting({
        from: 1,
        to: 1_000,
        read: () => mostOpen,
        write: (count) => {
          mostOpen = count;
        },
      }),
    },
  });
  child.onStop(async () => {
    for (const part of Object.values(stores)) await part.close();
  });
  child.ready();
});

/** All windows of a snapshot are views of one buffer. */
function transfersOf({ kind }: ReaderQuery, value: unknown): ArrayBuffer[] {
  if (kind !== 'snapshot') return [];
  const first = (value as { windows: readonly { packed: Uint8Array<ArrayBuffer> }[] }).windows[0];
  return first === undefined ? [] : [first.packed.buffer];
}
