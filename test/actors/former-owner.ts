/** Owns a partition of the store and the log's writing, and goes on writing to both whatever becomes of it. */

import { EmbeddedLogWriter } from '../../actors/backends/event-log-embedded.ts';
import { EmbeddedPartitionStore } from '../../actors/backends/store-embedded.ts';
import { AppError } from '../../protocol/errors.ts';
import { FrameWriter } from '../../protocol/frames.ts';
import { runChild } from '../../supervisor/child.ts';
import { commitAfter } from '../contracts/commits.ts';

export type FormerOwnerInput = {
  readonly dataDir: string;
  readonly partitions: number;
  readonly topics: readonly string[];
  readonly logBytes: number;
};

const PLACE = { topic: 'orders', partition: 0 };

runChild<FormerOwnerInput>(async (child) => {
  const store = new EmbeddedPartitionStore(child.input);
  const log = new EmbeddedLogWriter(child.input);
  let state = await store.open(PLACE);
  let writes = 0;

  /** Answers what became of it: done, or the code of the refusal. */
  async function attempt(write: () => Promise<void>): Promise<string> {
    try {
      await write();
      return 'done';
    } catch (thrown) {
      if (!(thrown instanceof AppError) || thrown.code !== 'fenced') throw thrown;
      child.meter.fenced();
      return thrown.code;
    }
  }

  async function commit(): Promise<void> {
    const next = commitAfter(state);
    await store.commit([next]);
    state = next;
  }

  async function append(): Promise<void> {
    const frames = new FrameWriter();
    frames.add(new TextEncoder().encode(`{"by":${child.epoch}}`), Date.now());
    await log.append([{ ...PLACE, frames: frames.take(), count: 1 }]);
  }

  setInterval(async () => {
    child.tell({ write: ++writes, commit: await attempt(commit), append: await attempt(append) });
  }, 20);
  child.ready();
});
