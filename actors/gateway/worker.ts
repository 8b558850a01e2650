/**
 * gateway: the page, the HTTP API and the sockets. It holds no truth of its own: after a restart it reads a snapshot of
 * the store and follows the lanes from there.
 */
import { setTimeout as wait } from 'node:timers/promises';
import type { MessagePort } from 'node:worker_threads';
import { AppError } from '../../protocol/errors.ts';
import type { PartitionCounts } from '../../protocol/event.ts';
import type { IngestPause } from '../../protocol/ingest.ts';
import type {
  Answer,
  AppendReply,
  ArchiveChanged,
  Ask,
  FiguresQuery,
  Finding,
  JobsChanged,
  Offset,
  PartialsMessage,
} from '../../protocol/message.ts';
import { numberSetting, runChild } from '../../supervisor/child.ts';
import type { SupervisorEvent } from '../../supervisor/events.ts';
import type { Incident } from '../../supervisor/incidents.ts';
import type { TreeStatus } from '../../supervisor/status.ts';
import type { AuditEntry, ControlDone } from './control.ts';
import { Gateway } from './gateway.ts';
import { MOST_CLIENTS } from './socket/sockets.ts';
import type { GroupStatus } from './status.ts';

export type GatewayInput = {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  readonly token: string;
  readonly origins: readonly string[];
  readonly pageDir: string;
  readonly topics: readonly string[];
  readonly partitions: PartitionCounts;
  readonly zone: string;
  readonly currency: string;
};

/** From the owner of the tree. */
export type ToldGateway =
  | {
      readonly type: 'status';
      readonly tree: TreeStatus;
      readonly lanes: number;
      readonly ends: readonly Offset[];
      readonly group?: GroupStatus;
    }
  | { readonly type: 'events'; readonly events: readonly SupervisorEvent[] }
  | { readonly type: 'incidents'; readonly incidents: readonly Incident[] }
  /** Whether an operator has paused ingest. */
  | { readonly type: 'ingest'; readonly paused: IngestPause | null }
  /** The audit list as an earlier incarnation left it, and whatever changes in it. */
  | { readonly type: 'audit'; readonly entries: readonly AuditEntry[] }
  | ControlDone;

/** The former incarnation's socket may take a moment to go. */
const PORT_RETRIES = 40;
const PORT_RETRY_MS = 50;

runChild<GatewayInput>(async (child) => {
  const { input } = child;
  const gateway = new Gateway({
    ...input,
    self: child.id,
    epoch: child.epoch,
    channelEpoch: `${Date.now().toString(36)}-${child.epoch}`,
    tell: (body) => child.tell(body),
    now: Date.now,
    onFailure: (thrown) => {
      // A reader that is away is asked again; anything else is a fault of this actor, and ends it.
      if (!(thrown instanceof AppError)) throw thrown;
    },
    onRequestFailure: (thrown) => {
      const text = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
      process.stderr.write(
        `${JSON.stringify({ at: new Date().toISOString(), level: 'error', actor: child.id, text })}\n`,
      );
    },
  });
  const { state } = gateway;
  const listen = <Message extends { readonly type: string }>(port: MessagePort, receive: (message: Message) => void) =>
    port.on('message', (message: Message) => child.handle(() => receive(message), message.type));

  child.onLink(
    'partials',
    (port, { id }) => {
      gateway.laneConnected(id, port);
      listen(port, (message: PartialsMessage) => {
        gateway.partials(id, message);
        child.meter.handled();
      });
    },
    ({ id }) => gateway.laneLost(id),
  );
  child.onLink(
    'queries',
    (port) => {
      listen(port, (message: Answer) => state.reader.receive(message));
      gateway.readerConnected(port);
    },
    () => gateway.readerConnected(undefined),
  );
  child.onLink(
    'appends',
    (port) => {
      listen(port, (message: AppendReply) => state.log.receive(message));
      state.log.connect(port);
    },
    () => state.log.connect(undefined),
  );
  child.onLink('findings', (port) => listen(port, (finding: Finding) => state.status.addFinding(finding, Date.now())));
  child.onLink('figures', (port) => {
    listen(port, ({ id, body }: Ask<FiguresQuery>) => {
      port.postMessage({ type: 'answer', id, value: gateway.figures(body) } satisfies Answer);
      child.meter.handled();
    });
  });
  child.onLink(
    'jobs',
    (port) => {
      listen(port, (message: Answer | JobsChanged) => state.jobs.receive(message));
      state.jobs.connect(port);
    },
    () => state.jobs.connect(undefined),
  );
  child.onLink(
    'archive',
    (port) => {
      listen(port, (message: Answer | ArchiveChanged) => state.archive.receive(message));
      state.archive.connect(port);
    },
    () => state.archive.connect(undefined),
  );
  child.onTell((body) => {
    const told = body as ToldGateway;
    switch (told.type) {
      case 'status':
        return state.status.told(told.tree, told.lanes, told.ends, told.group);
      case 'events':
        return state.status.addEvents(told.events);
      case 'incidents':
        return state.status.addIncidents(told.incidents);
      case 'ingest':
        return state.status.toldIngest(told.paused, Date.now());
      case 'audit':
        return state.control.remember(told.entries);
      case 'control-done':
        return state.control.done(told);
    }
  });
  child.onControl({
    inspect: () => ({
      clients: gateway.sockets.size,
      unsent_bytes: gateway.sockets.unsent,
      stale: state.view.stale,
      watermark: state.view.watermark,
      partitions: state.view.partitions().length,
      reader: state.reader.connected,
    }),
    settings: {
      most_clients: numberSetting({
        from: 0,
        to: MOST_CLIENTS,
        read: () => gateway.sockets.mostClients,
        write: (count) => {
          gateway.sockets.mostClients = count;
        },
      }),
    },
  });
  child.onStop(() => gateway.close());

  const port = await serve(gateway, input.port);
  child.tell({ type: 'listening', port, url: urlOf(input.host, port) });
  child.ready();
});

async function serve(gateway: Gateway, port: number): Promise<number> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await gateway.listen(port);
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code !== 'EADDRINUSE' || attempt === PORT_RETRIES) throw thrown;
      await wait(PORT_RETRY_MS);
    }
  }
}

/** A wildcard address is reached by the loopback name. */
function urlOf(host: string, port: number): string {
  const name = host === '0.0.0.0' || host === '::' ? 'localhost' : host;
  return `http://${name.includes(':') ? `[${name}]` : name}:${port}`;
}
