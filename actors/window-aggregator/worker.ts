/**
 * aggregator-k: applies the batches of its partitions, commits, and tells its followers (gateway, bus) what changed.
 * Whoever it was before is fenced by the epochs it takes on opening its partitions.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { MessagePort } from 'node:worker_threads';
import { zstdDecompressSync } from 'node:zlib';
import { AppError, toWireError } from '../../protocol/errors.ts';
import { partitionKey, type TopicPartition } from '../../protocol/event.ts';
import type {
  BatchMessage,
  ConsumerRequest,
  LetGo,
  LettingGo,
  Offset,
  PartialsMessage,
  PartialsRequest,
} from '../../protocol/message.ts';
import { PoisonedRecords } from '../../protocol/poison.ts';
import { PoisonedOrders } from '../../protocol/poison-fault.ts';
import { numberSetting, runChild } from '../../supervisor/child.ts';
import { type BackendConfig, chooseArchiveManifest, choosePartitionStore } from '../backends/choose.ts';
import { windowBorder } from '../history/window-border.ts';
import { Lane } from './lane.ts';
import { commitDelay } from './pace.ts';

export type AggregatorInput = {
  readonly backend: BackendConfig;
  readonly latenessMs: number;
  readonly dedup: number;
  readonly commitMs: number;
};

/** From the owner of the tree: own exactly these. Answered with `assigned`. */
export type Assign = { readonly type: 'assign'; readonly partitions: readonly TopicPartition[] };

/** Who is told what is committed, while it wants to hear. */
type Follower = { readonly port: MessagePort; wants: boolean };

/** From the owner of the tree: go on from here, as the records below are lost. Answered with `gap-accepted`. */
export type AcceptGap = Offset & { readonly type: 'accept-gap'; readonly id: number };

/** Batches on their way at any time: enough to keep the lane busy over a commit. */
const CREDITS = 8;

runChild<AggregatorInput>(async (child) => {
  const { backend, latenessMs, dedup } = child.input;
  let { commitMs } = child.input;
  let stopping = false;
  const watch = {
    waiting: (what: string, deadlineMs: number) => child.meter.waiting(what, deadlineMs),
    waited: () => child.meter.waited(),
    progressed: () => child.meter.progressed(),
    // What is not committed then is read again.
    givesUp: () => stopping,
  };
  const store = await choosePartitionStore(backend, watch);
  const manifest = await chooseArchiveManifest(backend, watch);
  const poisoned = new PoisonedRecords(child.suspects, backend.topics);
  const care = { meter: child.meter, poisoned, unpack: zstdDecompressSync, check: dieOfPoison };
  const lane = new Lane(store, { latenessMs, dedup }, nextTurn, care);
  let consumer: MessagePort | undefined;
  /** By the name of their link. */
  const followers = new Map<string, Follower>();
  let archiver: MessagePort | undefined;
  let lastCommitAt = 0;
  let timer: NodeJS.Timeout | undefined;
  let announced = false;

  /** The fault `poison`: as if this record could not be handled. */
  async function dieOfPoison(batch: BatchMessage): Promise<void> {
    const found = new PoisonedOrders(child.note).first(batch);
    if (found === undefined) return;
    child.meter.working(found.offset, poisoned.slotOf(batch));
    await child.die(found.death);
  }

  // Everything that touches the lane's state goes through one queue: no two of them are ever half done at once.
  let tail: Promise<unknown> = Promise.resolve();
  const arrivals: number[] = [];
  function showMailbox(): void {
    child.meter.mailbox(arrivals.length, performance.now() - (arrivals[0] ?? 0));
  }
  function inTurn(work: () => Promise<void>, type?: string, bytes?: number): Promise<void> {
    arrivals.push(performance.now());
    showMailbox();
    // A failure is nobody's to handle here: it ends the thread, and the supervisor decides.
    const done = tail
      .then(() => child.handle(work, type, bytes))
      .then(() => {
        arrivals.shift();
        child.meter.handled(0);
        showMailbox();
      });
    tail = done;
    return done;
  }

  function sendPositions(): void {
    const session = lane.newSession();
    const request: ConsumerRequest = { type: 'positions', session, positions: lane.positions(), credits: CREDITS };
    consumer?.postMessage(request);
  }

  function sendLaneState(link: string, follower: Follower): void {
    follower.wants = false;
    lane.follow(link);
    const state: PartialsMessage = { type: 'lane-state', lane: child.id, partitions: lane.states() };
    follower.port.postMessage(state);
  }

  function sendPartials(link: string, follower: Follower): void {
    if (!follower.wants || followers.get(link) !== follower) return;
    const { updates, appendedAt } = lane.takePartials(link);
    if (updates.length === 0) return;
    follower.wants = false;
    follower.port.postMessage({ type: 'partials', lane: child.id, updates, appendedAt } satisfies PartialsMessage);
  }

  function sendAllPartials(): void {
    for (const [link, follower] of followers) sendPartials(link, follower);
  }

  /** Each follower is told at its own pace: none waits for another. */
  function letFollow(link: string): void {
    const laid = (port: MessagePort) => {
      const follower: Follower = { port, wants: false };
      followers.set(link, follower);
      port.on('message', (_: PartialsRequest) => {
        follower.wants = true;
        sendPartials(link, follower);
      });
      void inTurn(async () => sendLaneState(link, follower), 'follow');
    };
    const lost = () => {
      followers.delete(link);
      void inTurn(async () => lane.unfollow(link), 'unfollow');
    };
    child.onLink(link, laid, lost);
  }

  async function commit(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    lastCommitAt = performance.now();
    const positions = await lane.commit();
    if (positions.length > 0) consumer?.postMessage({ type: 'committed', positions } satisfies ConsumerRequest);
    tellFenced();
    if (positions.length > 0) sendAllPartials();
  }

  /** Another owner has them now: nothing of them may be read or told here any more. */
  function tellFenced(): void {
    const partitions = lane.takeFenced();
    if (partitions.length === 0) return;
    child.meter.fenced(partitions.length);
    sendPositions();
    sendOwned();
    for (const [link, follower] of followers) sendLaneState(link, follower);
    child.tell({ type: 'fenced', partitions });
  }

  function commitSoon(): void {
    timer ??= setTimeout(() => void inTurn(commit), commitDelay(performance.now(), lastCommitAt, commitMs));
  }

  async function onBatch(batch: BatchMessage): Promise<void> {
    const applied = await lane.apply(batch);
    if (!applied) return;
    child.meter.handled(batch.events);
    consumer?.postMessage({ type: 'applied', session: batch.session, batches: 1 } satisfies ConsumerRequest);
    if (lane.full) await commit();
    else commitSoon();
    // Batches that wait in the port would else follow one another without the loop ever turning.
    await nextTurn();
  }

  async function assign({ partitions }: Assign): Promise<void> {
    lane.keepFrom(await windowBorder(manifest, { now: Number.POSITIVE_INFINITY, graceMs: 0 }));
    await lane.assign(partitions);
    lane.takeFenced();
    sendPositions();
    sendOwned();
    for (const [link, follower] of followers) sendLaneState(link, follower);
    child.tell({ type: 'assigned', partitions });
    if (!announced) child.ready();
    announced = true;
  }

  async function acceptGap({ id, topic, partition, offset }: AcceptGap): Promise<void> {
    const accepted = await lane.skipTo({ topic, partition, offset });
    tellFenced();
    sendPositions();
    sendAllPartials();
    child.tell({ type: 'gap-accepted', id, accepted });
  }

  function sendOwned(): void {
    const partitions = lane.states().map(({ topic, partition }) => ({ topic, partition }));
    archiver?.postMessage({ type: 'owns', partitions } satisfies LettingGo);
  }

  /** A slice, then to the end of the queue: batches and commits go on in between. */
  async function letGo(port: MessagePort, request: LetGo): Promise<void> {
    const { id, topic, partition, what, before } = request;
    const owner = lane.states().find((state) => state.topic === topic && state.partition === partition);
    try {
      if (owner === undefined)
        throw new AppError('fenced', `Cannot let go of ${partitionKey(request)} as it is not mine`);
      if (what === 'windows') lane.keepFrom(before);
      const gone = await (what === 'raw' ? store.dropRaw(owner, before) : store.dropWindows(owner, before));
      if (gone) port.postMessage({ type: 'let-gone', id, error: null } satisfies LettingGo);
      else void inTurn(() => letGo(port, request), request.type);
    } catch (thrown) {
      port.postMessage({ type: 'let-gone', id, error: toWireError(thrown) } satisfies LettingGo);
    }
    await nextTurn();
  }

  child.onLink('letting-go', (port) => {
    archiver = port;
    port.on('message', (request: LetGo) => void inTurn(() => letGo(port, request), request.type));
    void inTurn(async () => sendOwned(), 'owned');
  });
  child.onLink('batches', (port) => {
    consumer = port;
    port.on('message', (batch: BatchMessage) => void inTurn(() => onBatch(batch), batch.type, bytesOf(batch)));
    // Committed before it is told: the consumer takes positions for what the log may let go of.
    void inTurn(async () => {
      await commit();
      sendPositions();
    }, 'consumer');
  });
  letFollow('partials');
  letFollow('publish');
  child.onControl({
    inspect: () => ({
      session: lane.session,
      queue: arrivals.length,
      uncommitted: lane.dirty,
      partitions: lane.states(),
      positions: lane.positions(),
      followers: [...followers].map(([link, { wants }]) => ({ link, wants })),
    }),
    settings: {
      commit_ms: numberSetting({
        from: 1,
        to: 1_000,
        read: () => commitMs,
        write: (ms) => {
          commitMs = ms;
        },
      }),
    },
  });
  child.onTell((message) => {
    const told = message as Assign | AcceptGap;
    void inTurn(() => (told.type === 'assign' ? assign(told) : acceptGap(told)), told.type);
  });
  child.onStop(() => {
    stopping = true;
    return inTurn(async () => {
      clearTimeout(timer);
      await lane.commit();
      sendAllPartials();
    }, 'drain');
  });
  child.tell({ type: 'assignment-wanted' });
});

function bytesOf({ buffer, frames }: BatchMessage): number {
  return buffer.byteLength + frames.byteLength;
}
