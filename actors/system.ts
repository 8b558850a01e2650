/**
 * The running system seen from the main thread: the tree, who owns which partitions, what the gateway is told and
 * what it asks for. It routes no data.
 */
import { AppError, assertNever, toWireError } from '../protocol/errors.ts';
import type { TopicPartition } from '../protocol/event.ts';
import { partitionKey } from '../protocol/event.ts';
import type { Offset } from '../protocol/message.ts';
import type { SupervisorTree } from '../supervisor/tree.ts';
import { AuditKeeper } from './audit.ts';
import type { AuditEntry, Command as ControlCommand } from './gateway/control.ts';
import { partitionsKept, partitionsOfLane } from './lanes.ts';
import { laneSpec, type TreeSettings } from './tree.ts';

/** What actors tell the main thread. */
export type Told =
  | { readonly type: 'listening'; readonly port: number; readonly url: string }
  | { readonly type: 'assignment-wanted' }
  | { readonly type: 'assigned'; readonly partitions: readonly TopicPartition[] }
  | { readonly type: 'following'; readonly partitions: number }
  | { readonly type: 'lag'; readonly lag: number; readonly session: number; readonly ends: readonly Offset[] }
  | { readonly type: 'control'; readonly id: number; readonly command: ControlCommand; readonly entry: AuditEntry }
  | { readonly type: 'generator-done'; readonly total: number };

export type SystemOptions = {
  readonly tree: SupervisorTree;
  readonly settings: TreeSettings;
  readonly onListening: (url: string, port: number) => void;
  readonly rememberLanes: (lanes: number) => Promise<void>;
};

const STATUS_MS = 250;
/** A lane that gives partitions up commits first; more than this and something is wrong. */
const MOVE_DEADLINE_MS = 10_000;

export class RunningSystem {
  #options: SystemOptions;
  #lanes: number;
  #wanted = new Map<number, readonly TopicPartition[]>();
  #moved = new Map<number, () => void>();
  #lag = new Map<number, number>();
  #ends = new Map<string, Offset>();
  #generatorDone: boolean;
  #scaling = false;
  #audit = new AuditKeeper();
  #gateway: string | undefined;
  #statusTimer: NodeJS.Timeout;
  #statusSoon: NodeJS.Immediate | undefined;

  constructor(options: SystemOptions) {
    this.#options = options;
    this.#lanes = options.settings.lanes;
    this.#generatorDone = options.settings.generator === undefined;
    for (let lane = 0; lane < this.#lanes; lane++) this.#wanted.set(lane, this.#partitionsOf(lane, this.#lanes));
    const { tree } = options;
    tree.onTell((id, _epoch, body) => this.#told(id, body as Told));
    tree.onEvent((event) => {
      this.#tellGateway({ type: 'events', events: [event] });
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
  }

  /** Changes the number of lanes while everything runs: first all give up what they lose, then all take what they gain. */
  async scale(to: number): Promise<{ lanes: number }> {
    const { partitions } = this.#options.settings.config;
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
    this.#scaling = true;
    try {
      await this.#move(this.#lanes, to);
      await this.#options.rememberLanes(to);
      return { lanes: to };
    } finally {
      this.#scaling = false;
    }
  }

  async #move(from: number, to: number): Promise<void> {
    const { tree, settings } = this.#options;
    const { topics, partitions } = settings.config;
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

  async #removeLane(lane: number): Promise<void> {
    const { tree } = this.#options;
    await tree.stopChild(`lane-${lane}`);
    await tree.deleteChild(`lane-${lane}`);
    this.#wanted.delete(lane);
    this.#lag.delete(lane);
  }

  #partitionsOf(lane: number, lanes: number): TopicPartition[] {
    const { topics, partitions } = this.#options.settings.config;
    return partitionsOfLane(lane, lanes, topics, partitions);
  }

  /** An aggregator that restarts meanwhile asks for its partitions and gets these: the move goes on all the same. */
  #assign(lane: number, partitions: readonly TopicPartition[]): Promise<void> {
    this.#wanted.set(lane, partitions);
    this.#lag.delete(lane);
    return new Promise((resolve, reject) => {
      const deadline = setTimeout(() => {
        this.#moved.delete(lane);
        reject(
          new AppError(
            'deadline-exceeded',
            `Cannot move partitions as lane-${lane} did not answer within ${MOVE_DEADLINE_MS} ms`,
          ),
        );
      }, MOVE_DEADLINE_MS);
      this.#moved.set(lane, () => {
        clearTimeout(deadline);
        this.#moved.delete(lane);
        resolve();
      });
      this.#tellAssignment(lane);
    });
  }

  #tellAssignment(lane: number): void {
    this.#options.tree.tell(`aggregator-${lane}`, { type: 'assign', partitions: this.#wanted.get(lane) ?? [] });
  }

  #told(actor: string, told: Told): void {
    const lane = Number(/-(\d+)$/.exec(actor)?.[1]);
    switch (told.type) {
      case 'listening':
        this.#gateway = actor;
        this.#options.onListening(told.url, told.port);
        this.#tellGateway({ type: 'events', events: this.#options.tree.events() });
        this.#tellGateway({ type: 'audit', entries: this.#audit.entries() });
        this.#sendStatus();
        break;
      case 'assignment-wanted':
        this.#tellAssignment(lane);
        break;
      case 'assigned':
        if (sameKeys(told.partitions, this.#wanted.get(lane) ?? [])) this.#moved.get(lane)?.();
        break;
      case 'following':
        this.#lag.delete(lane);
        break;
      case 'lag':
        for (const end of told.ends) this.#ends.set(partitionKey(end), end);
        if (told.session > 0 && this.#wanted.has(lane)) this.#lag.set(lane, told.lag);
        break;
      case 'generator-done':
        this.#generatorDone = true;
        break;
      case 'control':
        void this.#control(actor, told);
        break;
      default:
        assertNever(told);
    }
  }

  async #control(asker: string, { id, command, entry }: Extract<Told, { type: 'control' }>): Promise<void> {
    const { tree } = this.#options;
    try {
      const value =
        'lanes' in command ? await this.scale(command.lanes) : await tree.command(command.actor, command.command);
      this.#audit.note(entry, null);
      tree.tell(asker, { type: 'control-done', id, value });
    } catch (thrown) {
      const error = toWireError(thrown);
      this.#audit.note(entry, error);
      tree.tell(asker, { type: 'control-done', id, error });
    }
  }

  /** Before the first gateway listens there is nobody to tell; it gets all events then. */
  #tellGateway(body: unknown): void {
    if (this.#gateway !== undefined) this.#options.tree.tell(this.#gateway, body);
  }

  /** What happens shows at once; figures that only drift are told a few times a second. */
  #sendStatus(): void {
    const { tree } = this.#options;
    this.#statusSoon = undefined;
    this.#tellGateway({ type: 'status', tree: tree.status(), lanes: this.#lanes, ends: [...this.#ends.values()] });
  }
}

function sameKeys(a: readonly TopicPartition[], b: readonly TopicPartition[]): boolean {
  const keys = new Set(a.map(partitionKey));
  return keys.size === b.length && b.every((partition) => keys.has(partitionKey(partition)));
}
