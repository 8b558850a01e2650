/** Everything a gateway holds, in one place: what its routes read and its links write. */
import { AppError } from '../../protocol/errors.ts';
import type { PartitionCounts } from '../../protocol/event.ts';
import { Hub } from './channels/hub.ts';
import { Control, type ControlOptions } from './control.ts';
import { entryOf } from './entry.ts';
import { EventIntake } from './http/event-intake.ts';
import { Latency } from './latency.ts';
import { ArchiveLink } from './links/archive.ts';
import { JobsLink } from './links/jobs.ts';
import { LogLink } from './links/log.ts';
import { ReaderLink } from './links/reader.ts';
import { SystemStatus } from './status.ts';
import { LatestKpis } from './view/latest.ts';
import { LiveView } from './view/view.ts';

/** Reading two hours of a busy shop takes about a second. */
const LOAD_MS = 3_000;

export type StateOptions = ControlOptions & {
  readonly topics: readonly string[];
  readonly partitions: PartitionCounts;
  readonly currency: string;
  readonly zone: string;
  readonly channelEpoch: string;
};

export class GatewayState {
  readonly options: StateOptions;
  readonly view: LiveView;
  readonly latest: LatestKpis;
  readonly hub: Hub;
  readonly status = new SystemStatus();
  readonly reader = new ReaderLink();
  readonly log = new LogLink();
  readonly jobs = new JobsLink();
  readonly archive = new ArchiveLink();
  readonly intake: EventIntake;
  readonly control: Control;
  /** Append of the newest record behind an update to the frame that shows it. */
  readonly latency = new Latency();
  /** Time in the server of each route's answers. */
  readonly routeTimes = new Map<string, Latency>();
  hotBytes: number | null = null;
  ticks = { count: 0, ms: 0 };

  #waiting = new Set<() => void>();

  constructor(options: StateOptions) {
    this.options = options;
    this.view = new LiveView(options);
    this.latest = new LatestKpis(this.view);
    this.hub = new Hub(options.channelEpoch);
    this.control = new Control(options);
    this.intake = new EventIntake({
      topics: options.topics,
      partitions: options.partitions,
      append: (appends) => this.log.append(appends),
      onEnds: (ends) => {
        for (const end of ends) this.status.sawEnd(end);
      },
    });
  }

  /** Resolves once the view can answer; a client that asks during a restart waits that long. */
  async whenLoaded(): Promise<void> {
    if (!this.view.stale) return;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const late = new AppError('unavailable', 'Cannot answer as the state of the KPIs is still being read: try again');
    const timer = setTimeout(() => reject(late), LOAD_MS);
    this.#waiting.add(resolve);
    await promise.finally(() => {
      clearTimeout(timer);
      this.#waiting.delete(resolve);
    });
  }

  loaded(): void {
    if (this.view.stale) return;
    for (const resolve of this.#waiting) resolve();
  }

  timeRoute(route: string, ms: number, now: number): void {
    entryOf(this.routeTimes, route, () => new Latency()).add(ms, now);
  }
}
