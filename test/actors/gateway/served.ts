/** A gateway served on a free port, with links whose other ends are made by the test. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { Gateway, type GatewayOptions } from '../../../actors/gateway/gateway.ts';
import type { AppendReply, AppendRequest, Ask, ReaderQuery } from '../../../protocol/message.ts';
import type { NodeStatus, TreeStatus } from '../../../supervisor/status.ts';
import { TestShop } from './lanes.ts';

export const TOKEN = 'secret-token';

export type Served = {
  readonly gateway: Gateway;
  readonly shop: TestShop;
  readonly url: string;
  readonly pageDir: string;
  readonly told: unknown[];
  readonly queries: ReaderQuery[];
  readonly appends: AppendRequest[];
  /** What the reader answers; throws to refuse. */
  answer: (query: ReaderQuery) => unknown;
  /** What the log-writer does; undefined leaves the request hanging. */
  append: (request: AppendRequest) => AppendReply | undefined;
  readonly failures: unknown[];
  /** Tells the gateway all that the lanes have committed. */
  tellLanes(): void;
};

export async function serve(
  t: TestContext,
  options: Partial<GatewayOptions> & { readonly withoutReader?: true } = {},
): Promise<Served> {
  const pageDir = mkdtempSync(join(tmpdir(), 'pulso-page-'));
  const told: unknown[] = [];
  const failures: unknown[] = [];
  const shop = new TestShop(1);
  const gateway = new Gateway({
    host: '127.0.0.1',
    token: TOKEN,
    origins: ['https://shop.example'],
    pageDir,
    topics: ['orders', 'clicks'],
    partitions: 2,
    zone: 'America/Sao_Paulo',
    currency: 'BRL',
    channelEpoch: 'e1',
    self: 'gateway',
    epoch: 1,
    tell: (body) => told.push(body),
    now: Date.now,
    onFailure: (thrown) => failures.push(thrown),
    onRequestFailure: (thrown) => failures.push(thrown),
    ...options,
  });
  const port = await gateway.listen(0);
  const served: Served = {
    gateway,
    shop,
    url: `http://127.0.0.1:${port}`,
    pageDir,
    told,
    failures,
    queries: [],
    appends: [],
    answer: (query) => {
      if (query.kind === 'snapshot') return shop.snapshot(query.from, query.to);
      if (query.kind === 'hot-bytes') return 12_345;
      throw new Error(`nobody answers ${query.kind}`);
    },
    append: ({ id, appends }) => ({ type: 'appended', id, offsets: appends.map(() => 0) }),
    tellLanes() {
      const updates = shop.partitions.flatMap((partition) => partition.take() ?? []);
      gateway.partials('aggregator-0', { type: 'partials', lane: 'lane-0', updates, appendedAt: [Date.now()] });
    },
  };
  if (options.withoutReader !== true) connectReader(served);
  connectLog(served);
  t.after(async () => {
    await gateway.close();
    rmSync(pageDir, { recursive: true, force: true });
  });
  return served;
}

/** The lane says where it stands; resolves once it may send, so the view holds everything until then. */
export function connectLane(served: Served): Promise<void> {
  const { gateway, shop } = served;
  for (const partition of shop.partitions) partition.take();
  return new Promise((resolve) => {
    gateway.laneConnected('aggregator-0', { postMessage: () => resolve() });
    gateway.partials('aggregator-0', {
      type: 'lane-state',
      lane: 'lane-0',
      partitions: shop.partitions.map(({ topic, partition, epoch, seq }) => ({ topic, partition, epoch, seq })),
    });
  });
}

export function tellStatus(
  served: Served,
  children: readonly NodeStatus[],
  lanes = 1,
  counts: Partial<Pick<TreeStatus, 'zombies' | 'fenced'>> = {},
): void {
  const ends = served.shop.partitions.map(({ topic, partition, nextOffset }) => ({
    topic,
    partition,
    offset: nextOffset,
  }));
  const root: TreeStatus = {
    ...node('root', 'running', children),
    at: 5,
    zombies: 0,
    zombiesEver: 0,
    fenced: 0,
    dropped: 0,
    ...counts,
  };
  served.gateway.state.status.told(root, lanes, ends);
}

export function runningTree(): NodeStatus[] {
  const lane = node('lane-0', 'running', [node('aggregator-0'), node('consumer-0')]);
  return [node('gateway'), node('lanes', 'running', [lane])];
}

export function node(
  id: string,
  state: NodeStatus['state'] = 'running',
  children: readonly NodeStatus[] = [],
): NodeStatus {
  const supervises = children.length > 0;
  return {
    id,
    type: supervises ? 'supervisor' : 'worker',
    strategy: supervises ? 'one_for_one' : null,
    state,
    epoch: 3,
    restarts: 2,
    budget: supervises ? { max: 10, periodMs: 60_000, used: 2 } : null,
    depth: 1,
    bytes: 10,
    oldestMs: 4,
    handled: 5,
    rate: 1.25,
    busy: 0.5,
    heapBytes: 1_000,
    externalBytes: 0,
    handlingMs: 0,
    handleP99Ms: null,
    waiting: null,
    limits: supervises ? null : { heartbeatMs: 500, progressMs: 5_000 },
    lastExit: { reason: 'crashed', detail: 'boom', at: 1, failure: null, work: null },
    nextRetryAt: null,
    startedAt: 2,
    restart: 'permanent',
    commandable: !supervises || /^lane-\d+$/.test(id),
    children,
  };
}

export function connectReader(served: Served): void {
  const { gateway, queries } = served;
  gateway.readerConnected({
    postMessage: (message) => {
      const { id, body } = message as Ask<ReaderQuery>;
      queries.push(body);
      queueMicrotask(() => {
        try {
          gateway.state.reader.receive({ type: 'answer', id, value: served.answer(body) });
        } catch (thrown) {
          const {
            code = 'internal',
            message: text,
            field,
          } = thrown as { code?: 'bad-parameter'; message: string; field?: string };
          gateway.state.reader.receive({
            type: 'refusal',
            id,
            error: { code, message: text, ...(field ? { field } : {}) },
          });
        }
      });
    },
  });
}

function connectLog(served: Served): void {
  const { gateway, appends } = served;
  gateway.state.log.connect({
    postMessage: (message) => {
      appends.push(message as AppendRequest);
      const reply = served.append(message as AppendRequest);
      if (reply !== undefined) queueMicrotask(() => gateway.state.log.receive(reply));
    },
  });
}
