/** The gateway whole: view, channels, HTTP and sockets around one state. Links and clocks are handed in, so it needs no thread. */
import type { FiguresQuery, PartialsMessage } from '../../protocol/message.ts';
import type { Port } from '../requests.ts';
import { ArchiveProjection } from './channels/archive.ts';
import { projectJobs } from './channels/jobs.ts';
import { Projector } from './channels/projector.ts';
import { FindingsProjection, projectPipeline, SystemProjection } from './channels/system.ts';
import { figuresOf } from './figures.ts';
import { AccessRules } from './http/access.ts';
import { archiveRoutes } from './http/archive-routes.ts';
import { jobRoutes } from './http/job-routes.ts';
import { kpiRoutes } from './http/kpi-routes.ts';
import { letterRoutes } from './http/letter-routes.ts';
import { StaticFiles } from './http/static-files.ts';
import { systemRoutes } from './http/system-routes.ts';
import { WebServer } from './http/web-server.ts';
import { Feed, type Snapshot } from './links/feed.ts';
import { pipelineOf } from './metrics.ts';
import { TICK_MS } from './socket/session.ts';
import { Sockets } from './socket/sockets.ts';
import { GatewayState, type StateOptions } from './state.ts';

export type GatewayOptions = StateOptions & {
  readonly host: string;
  readonly token: string;
  readonly origins: readonly string[];
  readonly pageDir: string;
  /** What the feed cannot go on after. */
  readonly onFailure: (thrown: unknown) => void;
  /** A request that failed by a fault of ours: answered with 500, and reported. */
  readonly onRequestFailure: (thrown: unknown) => void;
  /** Milliseconds that never go back; the process's own where nothing is said. */
  readonly clock?: () => number;
};

/** Figures of the pipeline and the size of the store: once a second is as often as anybody can read them. */
const SLOW_MS = 1_000;
const HOT_BYTES_MS = 2_000;
/** Clients come back spread over about this long, so that a restart is no storm. */
const RETRY_MS = 500;
const CLOSE_GRACE_MS = 1_000;

export class Gateway {
  readonly state: GatewayState;
  readonly sockets: Sockets;
  #options: GatewayOptions;
  #clock: () => number;
  #web: WebServer;
  #feed: Feed;
  #projector: Projector;
  #system = new SystemProjection();
  #quality = new FindingsProjection();
  #alerts = new FindingsProjection();
  #statusVersion = 0;
  #findingsVersion = 0;
  #jobsVersion = 0;
  #archive = new ArchiveProjection();
  #slowAt = Number.NEGATIVE_INFINITY;
  #hotAt = Number.NEGATIVE_INFINITY;
  /** Append times behind what the view holds and no frame shows yet. */
  #unshown: number[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(options: GatewayOptions) {
    this.#options = options;
    this.state = new GatewayState(options);
    const clock = options.clock ?? (() => performance.now());
    this.#clock = clock;
    const { zone, currency } = options;
    this.sockets = new Sockets({ hub: this.state.hub, clock, facts: { zone, currency } });
    this.#projector = new Projector(this.state.view, this.state.hub);
    this.#feed = new Feed({
      view: this.state.view,
      readSnapshot: (from, to) => this.state.reader.ask<Snapshot>({ kind: 'snapshot', from, to }),
      onLoaded: () => this.state.loaded(),
      onApplied: (appendedAt) => this.#unshown.push(...appendedAt),
      onFailure: options.onFailure,
      clock: Date.now,
    });
    const clients = () => this.sockets.size;
    this.#web = new WebServer({
      routes: [
        ...kpiRoutes(this.state),
        ...systemRoutes(this.state, { clients, clock }),
        ...letterRoutes(this.state),
        ...jobRoutes(this.state),
        ...archiveRoutes(this.state),
      ],
      files: new StaticFiles(options.pageDir),
      rules: new AccessRules(options),
      onSocket: (request, socket, head) => this.sockets.accept(request, socket, head),
      socketsFull: () => this.sockets.full,
      onTimed: (route, ms) => this.state.timeRoute(route, ms, clock()),
      onFailure: options.onRequestFailure,
    });
  }

  /** Serves from now on; answers the port. */
  async listen(port: number): Promise<number> {
    const taken = await this.#web.listen(port, this.#options.host);
    this.#timer = setInterval(() => this.tick(), TICK_MS);
    return taken;
  }

  laneConnected(lane: string, port: Port): void {
    this.#feed.connect(lane, port);
  }

  laneLost(lane: string): void {
    this.#feed.disconnect(lane);
  }

  partials(lane: string, message: PartialsMessage): void {
    if (message.type === 'partials') for (const end of message.ends ?? []) this.state.status.sawEnd(end);
    else this.state.status.owned.set(lane, message.partitions);
    this.#feed.receive(lane, message);
    this.state.latest.follow(Date.now());
  }

  readerConnected(port: Port | undefined): void {
    this.state.reader.connect(port);
    if (port !== undefined) this.#feed.readerReady();
  }

  figures(query: FiguresQuery): unknown {
    return figuresOf(this.state, query, { now: Date.now(), clock: this.#clock() });
  }

  /** Puts what is new into the channels and sends each client what it lacks. */
  tick(): void {
    const began = this.#clock();
    const { hub, view } = this.state;
    this.#projector.project(began);
    this.#projectSystem(began);
    const watermark = view.watermark < 0 ? null : view.watermark;
    const changed = hub.tick(began, { asOf: Date.now(), watermark });
    this.sockets.tick();
    if (!view.stale) this.#noteShown();
    if (!changed) return;
    this.state.ticks.count++;
    this.state.ticks.ms += this.#clock() - began;
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    this.#feed.close();
    this.tick();
    await Promise.all([this.sockets.close(RETRY_MS, CLOSE_GRACE_MS), this.#web.close()]);
  }

  #projectSystem(now: number): void {
    const { hub, status } = this.state;
    const channel = hub.channel('system');
    if (status.tree !== undefined && status.version !== this.#statusVersion) {
      this.#statusVersion = status.version;
      this.#system.projectActors(status.tree, channel);
    }
    if (status.findingsVersion !== this.#findingsVersion) {
      this.#findingsVersion = status.findingsVersion;
      this.#quality.project(status.findings.values(), hub.channel('quality'));
      this.#alerts.project(status.alerts(), hub.channel('alerts'));
    }
    if (this.state.jobs.version !== this.#jobsVersion) {
      this.#jobsVersion = this.state.jobs.version;
      projectJobs(this.state.jobs.jobs, hub.channel('jobs'));
    }
    this.#archive.project(this.state.archive, hub.channel('archive'));
    this.#askHotBytes(now);
    if (now - this.#slowAt < SLOW_MS) return;
    this.#slowAt = now;
    projectPipeline(pipelineOf(this.state, this.sockets.size, now), channel);
  }

  #askHotBytes(now: number): void {
    const { state } = this;
    if (now - this.#hotAt < HOT_BYTES_MS || !state.reader.connected) return;
    this.#hotAt = now;
    state.reader.ask<number>({ kind: 'hot-bytes' }).then(
      (bytes) => {
        state.hotBytes = bytes;
      },
      () => undefined,
    );
  }

  #noteShown(): void {
    if (this.#unshown.length === 0) return;
    const now = Date.now();
    const clock = this.#clock();
    for (const appendedAt of this.#unshown) this.state.latency.add(now - appendedAt, clock);
    this.#unshown = [];
  }
}
