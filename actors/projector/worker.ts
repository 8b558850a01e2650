/** projector: keeps what the store shows to people up with what is committed. In the tree only where a store has such. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { MessagePort } from 'node:worker_threads';
import type { Finding } from '../../protocol/message.ts';
import { runChild } from '../../supervisor/child.ts';
import { type BackendConfig, chooseProjector } from '../backends/choose.ts';
import type { Projection } from '../ports/projection.ts';
import { foldMinute, lags, pauseAfter } from './core.ts';

export type ProjectorInput = { readonly backend: BackendConfig; readonly latenessMs: number };

const REPORT_MS = 2_000;
const FINDING = 'store-lag';

runChild<ProjectorInput>(async (child) => {
  const { backend, latenessMs } = child.input;
  const projector = await chooseProjector(backend, { fold: foldMinute, latenessMs, nextTurn }, child.meter);
  const stop = new AbortController();
  let gateway: MessagePort | undefined;
  let since = 0;

  async function pause(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      stop.signal.addEventListener('abort', () => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  async function run(projection: Projection): Promise<void> {
    while (!stop.signal.aborted) {
      const began = performance.now();
      const { written, more } = await child.handle(() => projection.step(), 'project');
      child.meter.handled(written);
      await pause(pauseAfter({ tookMs: performance.now() - began, more, restMs: projection.restMs }));
    }
  }

  async function report(): Promise<void> {
    while (!stop.signal.aborted) {
      const backlog = await child.handle(() => projector.backlog(), 'backlog');
      const { commits, bytes, oldestMs } = backlog;
      child.meter.mailbox(commits, oldestMs, bytes);
      const lagging = lags(backlog);
      if (lagging && since === 0) since = Date.now();
      if (!lagging) since = 0;
      gateway?.postMessage({
        type: 'finding',
        id: FINDING,
        severity: lagging ? 'warning' : 'ok',
        text: lagging
          ? `What the store shows to other tools is ${Math.round(oldestMs / 1000)} s behind what is committed`
          : 'What the store shows to other tools keeps up with what is committed',
        since,
        evidence: { commits, bytes, oldest_ms: oldestMs },
      } satisfies Finding);
      await pause(REPORT_MS);
    }
  }

  child.onLink('findings', (port) => {
    gateway = port;
  });
  const running = Promise.all([...projector.projections.map(run), report()]);
  child.onControl({ inspect: async () => ({ backlog: await projector.backlog(), lagging_since: since || null }) });
  child.onStop(async () => {
    stop.abort();
    // What is under way can be done again; nobody waits for a store that does not answer.
    await projector.close();
  });
  child.ready();
  await running.catch((thrown: unknown) => {
    if (!stop.signal.aborted) throw thrown;
  });
});
