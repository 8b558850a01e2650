/**
 * The running system seen from the main thread: the tree, who owns which partitions, what the gateway is told and
 * what it asks for. It routes no data.
 */
import { AppError, assertNever, type WireError } from '../protocol/errors.ts';
import type { TopicPartition } from '../protocol/event.ts';
import { partitionKey } from '../protocol/event.ts';
import type { LogGap, Offset } from '../protocol/message.ts';
import type { SupervisorTree } from '../supervisor/tree.ts';
import { Acceptances, acceptable } from './accept-gap.ts';
import type { AuditKeeper } from './audit.ts';
import { isShared, partitionCounts, sharesState } from './backends/choose.ts';
import type { ToldBus } from './bus/worker.ts';
import { type Asked, Desk } from './desk.ts';
import type { AuditEntry } from './gateway/control.ts';
import { GroupLanes } from './group.ts';
import type { IncidentKeeper } from './incidents.ts';
import type { ToldJobs } from './jobs/worker.ts';
import { LaneMoves } from './lane-moves.ts';
import { partitionsKept, partitionsOfLane } from './lanes.ts';
import type { Log } from './log.ts';
import { laneSpec, type TreeSettings } from './tree.ts';

/** What actors tell the main thread. */
export type Told =
  | { readonly type: 'listening'; readonly port: number; readonly url: string }
  | { readonly type: 'assignment-wanted' }
  | { readonly type: 'assigned'; readonly partitions: readonly TopicPartition[] }
  | { readonly type: 'following'; readonly partitions: number }
  | {
      readonly type: 'lag';
      readonly lag: number;
      readonly session: number;
      /** How many partitions it reads. */
      readonly partitions: number;
      readonly ends: readonly Offset[];
    }
  | { readonly type: 'fenced'; readonly partitions: readonly TopicPartition[] }
  /** The consumer group has given these to the lane, and nothing else; null: it is no member. */
  | { readonly type: 'group-assigned'; readonly partitions: readonly TopicPartition[] | null }
  | ({ readonly type: 'gap' } & LogGap)
  | { readonly type: 'gap-accepted'; readonly id: number; readonly accepted: boolean }
  | { readonly type: 'noted'; readonly level: 'info' | 'warn' | 'error'; readonly text: string }
  | Asked
  /** Carried out by somebody else than this thread. */
  | { readonly type: 'audited'; readonly entry: AuditEntry; readonly error: WireError | null }
  | { readonly type: 'jobs-wanted' }
  | { readonly type: 'generator-done'; readonly total: number };

export type SystemOptions = {
  readonly tree: SupervisorTree;
  readonly settings: TreeSettings;
  readonly onListening: (url: string, port: number) => void;
  readonly incidents: IncidentKeeper;
  readonly audit: AuditKeeper;
  readonly rememberLanes: (lanes: number) => Promise<void>;
  readonly log: Log;
};

const STATUS_MS = 250;
/** A fenced partition that is still wanted after this is opened again: until then its new owner is believed. */
const REOPEN_MS = 2_000;

export class RunningSystem {
  #options: SystemOptions;
  #lanes: number;
  #wanted = new Map<number, readonly TopicPartition[]>();
  #moves = new LaneMoves();
  /** Where a consumer group decides who reads what; undefined where this process reads all. */
  #group: GroupLanes | undefined;
  #acceptances = new Acceptances((lane, body) => this.#options.tree.tell(`aggregator-${lane}`, body));
  #lag = new Map<number, number>();
  #ends = new Map<string, Offset>();
  #generatorDone: boolean;
  #scaling = false;
  #desk: Desk;
  #gateway: string | undefined;
  #statusTimer: NodeJS.Timeout;
  #statusSoon: NodeJS.Immediate | undefined;

  constructor(options: SystemOptions) {
    this.#options = options;
    this.#lanes = options.settings.lanes;
    if (isShared(options.settings.backend)) this.#group = new GroupLanes();
    this.#generatorDone = options.settings.generator === undefined;
    for (let lane = 0; lane < this.#lanes; lane++) this.#wanted.set(lane, this.#partitionsOf(lane, this.#lanes));
    const { tree, incidents, audit } = options;
    incidents.onChange((incident) => this.#tellGateway({ type: 'incidents', incidents: [incident] }));
    audit.onChange((entry) => this.#tellGateway({ type: 'audit', entries: [entry] }));
    this.#desk = new Desk({
      tree,
      audit,
      onIngest: (paused) => this.#tellGateway({ type: 'ingest', paused }),
      scale: (lanes) => this.scale(lanes),
      acceptGap: (partition) => this.#acceptGap(partition),
    });
    tree.onTell((id, _epoch, body) => this.#told(id, body as Told));
    tree.onEvent((event) => {
      if (event.kind === 'starting') this.#desk.ingest.starts(event.actor);
      this.#tellGateway({ type: 'events', events: [event] });
      incidents.heard(event, () => tree.status());
      this.#statusSoon ??= setImmediate(() => this.#sendStatus());
    });
    this.#statusTimer = setInterval(() => this.#sendStatus(), STATUS_MS);
  }

  get lanes(): number {
    return this.#lanes;
  }

  /** Everything in the log is counted and committed, and nobody makes more. */
  get drained(): boolean {
    const behind = [...this.#lag.values()].some((lag) => lag > 0);
    return this.#generatorDone && this.#lag.size === this.#lanes && !behind;
  }

  async stop(): Promise<void> {
    clearInterval(this.#statusTimer);
    await this.#options.tree.stop();
    await Promise.all([this.#options.incidents.close(), this.#options.audit.close()]);
  }

  /** Changes the number of lanes while everything runs: first all give up what they lose, then all take what they gain. */
  async scale(to: number): Promise<{ lanes: number }> {
    const { partitions } = this.#options.settings.backend;
    if (!Number.isInteger(to) || to < 1 || to > partitions) {
      throw new AppError(
        'bad-parameter',
        `Cannot scale as "lanes" must be a whole number from 1 to ${partitions}: current value is ${to}`,
        {
          field: 'lanes',
        },
      );
    }
    if (this.#scaling) throw new AppError('conflict', 'Cannot scale as the number of lanes is being changed already');
    const from = this.#lanes;
    this.#refuseStopped(Math.min(from, to));
    this.#scaling = true;
    try {
      await this.#move(from, to);
    } catch (thrown) {
      this.#shareOut(from);
      throw thrown;
    } finally {
      this.#scaling = false;
    }
    await this.#options.rememberLanes(to);
    return { lanes: to };
  }

  /** A lane that a person has stopped cannot give up what it owns: nobody could take it over. */
  #refuseStopped(staying: number): void {
    if (this.#group !== undefined) return;
    const stopped = Array.from({ length: staying }, (_, lane) => lane).find((lane) => this.#isStopped(lane));
    if (stopped === undefined) return;
    throw new AppError('conflict', `Cannot scale as aggregator-${stopped} is stopped: start it first`);
  }

  /** By a person or for good; one that restarts will do as it is told. */
  #isStopped(lane: number): boolean {
    const isDown = (parent: string, id: string) =>
      this.#options.tree.whichChildren(parent).some((child) => child.id === id && child.standing === null);
    return isDown('lanes', `lane-${lane}`) || isDown(`lane-${lane}`, `aggregator-${lane}`);
  }

  /** A move that has failed halfway: the lanes that are there share all partitions, so that none is left to nobody. */
  #shareOut(before: number): void {
    const there = new Set(this.#options.tree.whichChildren('lanes').map(({ id }) => id));
    let lanes = 0;
    while (there.has(`lane-${lanes}`)) lanes++;
    this.#lanes = lanes > 0 ? lanes : before;
    for (const lane of this.#wanted.keys()) if (lane >= this.#lanes) this.#forget(lane);
    for (let lane = 0; lane < this.#lanes; lane++) {
      if (this.#group === undefined) this.#wanted.set(lane, this.#partitionsOf(lane, this.#lanes));
      this.#lag.delete(lane);
      this.#tellAssignment(lane);
    }
    this.#sendStatus();
  }

  async #move(from: number, to: number): Promise<void> {
    const { tree, settings } = this.#options;
    if (this.#group !== undefined) return this.#changeMembers(from, to);
    const { topics } = settings.backend;
    const partitions = partitionCounts(settings.backend);
    const staying = Array.from({ length: Math.min(from, to) }, (_, lane) => lane);
    await Promise.all(
      staying.map((lane) => this.#assign(lane, partitionsKept(lane, { from, to }, topics, partitions))),
    );
    for (let lane = from - 1; lane >= to; lane--) await this.#removeLane(lane);
    this.#lanes = to;
    for (let lane = from; lane < to; lane++) {
      this.#wanted.set(lane, this.#partitionsOf(lane, to));
      await tree.startChild('lanes', laneSpec(lane, settings));
    }
    await Promise.all(staying.map((lane) => this.#assign(lane, this.#partitionsOf(lane, to))));
  }

  /** The group moves the partitions: members that leave or join are all it takes. */
  async #changeMembers(from: number, to: number): Promise<void> {
    const { tree, settings } = this.#options;
    for (let lane = from - 1; lane >= to; lane--) {
      await this.#removeLane(lane);
      this.#lanes = lane;
    }
    for (let lane = from; lane < to; lane++) {
      this.#lanes = lane + 1;
      this.#wanted.set(lane, []);
      await tree.startChild('lanes', laneSpec(lane, settings));
    }
  }

  async #removeLane(lane: number): Promise<void> {
    const { tree } = this.#options;
    await tree.stopChild(`lane-${lane}`);
    await tree.deleteChild(`lane-${lane}`);
    this.#forget(lane);
  }

  #forget(lane: number): void {
    this.#wanted.delete(lane);
    this.#lag.delete(lane);
    this.#group?.removed(lane, Date.now());
  }

  /** What a lane owns where nobody but this process decides; in a group, nothing before the group has spoken. */
  #partitionsOf(lane: number, lanes: number): TopicPartition[] {
    if (this.#group !== undefined) return [];
    const { backend } = this.#options.settings;
    return partitionsOfLane(lane, lanes, backend.topics, partitionCounts(backend));
  }

  /** An aggregator that restarts meanwhile asks for its partitions and gets these: the move goes on all the same. */
  #assign(lane: number, partitions: readonly TopicPartition[]): Promise<void> {
    this.#wanted.set(lane, partitions);
    this.#lag.delete(lane);
    const moved = this.#moves.of(lane);
    this.#tellAssignment(lane);
    return moved;
  }

  #tellAssignment(lane: number): void {
    this.#options.tree.tell(`aggregator-${lane}`, { type: 'assign', partitions: this.#wanted.get(lane) ?? [] });
    this.#tellJobs();
  }

  /** Jobs of a group run in one process: the owner of partition 0 of the first topic. */
  #tellJobs(): void {
    const first = partitionKey({ topic: this.#options.settings.config.topics[0] as string, partition: 0 });
    const here = [...this.#wanted.values()].some((owned) =>
      owned.some((partition) => partitionKey(partition) === first),
    );
    this.#options.tree.tell('jobs', { type: 'jobs-here', here } satisfies ToldJobs);
  }

  #told(actor: string, told: Told): void {
    const lane = Number(/-(\d+)$/.exec(actor)?.[1]);
    switch (told.type) {
      case 'listening':
        this.#gateway = actor;
        this.#options.onListening(told.url, told.port);
        this.#tellHistory();
        this.#tellGateway({ type: 'audit', entries: this.#options.audit.entries() });
        this.#tellGateway({ type: 'ingest', paused: this.#desk.ingest.paused });
        this.#sendStatus();
        break;
      case 'assignment-wanted':
        this.#tellAssignment(lane);
        break;
      case 'assigned':
        if (sameKeys(told.partitions, this.#wanted.get(lane) ?? [])) this.#moves.done(lane);
        break;
      case 'following':
        this.#lag.delete(lane);
        break;
      case 'lag':
        for (const end of told.ends) this.#ends.set(partitionKey(end), end);
        this.#noteLag(lane, told);
        break;
      case 'fenced':
        this.#reopenLater(lane, told.partitions);
        break;
      case 'group-assigned':
        this.#groupAssigned(lane, told.partitions);
        break;
      case 'gap':
        this.#group?.stopped(lane, told, Date.now());
        this.#options.log('error', `The log lacks records of ${partitionKey(told)}`, told);
        this.#sendStatus();
        break;
      case 'gap-accepted':
        this.#acceptances.answered(told.id, told.accepted);
        break;
      case 'noted':
        this.#options.log(told.level, told.text, { actor });
        break;
      case 'generator-done':
        this.#generatorDone = true;
        break;
      case 'jobs-wanted':
        this.#tellJobs();
        break;
      case 'audited':
        void this.#options.audit.note(told.entry, told.error);
        break;
      case 'control':
      case 'inspect':
      case 'messages':
        void this.#desk.answer(actor, told);
        break;
      default:
        assertNever(told);
    }
  }

  #noteLag(lane: number, { lag, session, partitions }: Extract<Told, { type: 'lag' }>): void {
    const wanted = this.#wanted.get(lane);
    const joined = this.#group === undefined || this.#group.isAssigned(lane);
    if (session > 0 && joined && wanted?.length === partitions) this.#lag.set(lane, lag);
    else this.#lag.delete(lane);
  }

  #groupAssigned(lane: number, partitions: readonly TopicPartition[] | null): void {
    if (this.#group === undefined || lane >= this.#lanes) return;
    this.#group.assigned(lane, partitions, Date.now());
    this.#wanted.set(lane, partitions ?? []);
    this.#lag.delete(lane);
    this.#tellAssignment(lane);
    this.#sendStatus();
  }

  /** Its new owner may be a member that the group has dropped meanwhile: then it is ours again. */
  #reopenLater(lane: number, fenced: readonly TopicPartition[]): void {
    const names = fenced.map(partitionKey);
    this.#options.log('info', `lane-${lane} has dropped partitions that another owner has taken over`, { names });
    this.#lag.delete(lane);
    setTimeout(() => {
      const wanted = new Set(this.#wanted.get(lane)?.map(partitionKey));
      if (names.some((name) => wanted.has(name))) this.#tellAssignment(lane);
    }, REOPEN_MS).unref();
  }

  async #acceptGap(partition: TopicPartition): Promise<{ offset: number; skipped: number }> {
    const gap = acceptable(partition, this.#group?.gapOf(partition));
    await this.#acceptances.ask(gap);
    this.#group?.accepted(partition, Date.now());
    this.#sendStatus();
    return { offset: gap.start, skipped: gap.start - gap.offset };
  }

  /** What happened before this process is told as far as it belongs to an incident. */
  #tellHistory(): void {
    const { tree, incidents } = this.#options;
    const former = incidents.list.flatMap(({ events }) => events);
    this.#tellGateway({ type: 'events', events: [...former, ...tree.events()] });
    this.#tellGateway({ type: 'incidents', incidents: incidents.list });
  }

  /** Before the first gateway listens there is nobody to tell; it gets all events then. */
  #tellGateway(body: unknown): void {
    if (this.#gateway !== undefined) this.#options.tree.tell(this.#gateway, body);
  }

  /** What happens shows at once; figures that only drift are told a few times a second. */
  #sendStatus(): void {
    const { tree, settings } = this.#options;
    this.#statusSoon = undefined;
    const group = this.#group?.status(this.#lanes);
    if (group !== undefined && sharesState(settings.backend)) {
      tree.tell('bus', { type: 'ends', ends: endsOf(group.own, this.#ends) } satisfies ToldBus);
    }
    this.#tellGateway({
      type: 'status',
      tree: tree.status(),
      lanes: this.#lanes,
      ends: [...this.#ends.values()],
      ...(group === undefined ? {} : { group }),
    });
  }
}

/** Of what this process owns: what it once owned may have grown since. */
function endsOf(own: readonly TopicPartition[], ends: ReadonlyMap<string, Offset>): Offset[] {
  return own.flatMap((partition) => ends.get(partitionKey(partition)) ?? []);
}

function sameKeys(a: readonly TopicPartition[], b: readonly TopicPartition[]): boolean {
  const keys = new Set(a.map(partitionKey));
  return keys.size === b.length && b.every((partition) => keys.has(partitionKey(partition)));
}
