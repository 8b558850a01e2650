/** What the gateway knows of the system around it, told by the owner of the tree: actors, lanes, ends of the log, events. */
import { emptyLedger, type Ledger, partitionKey, type TopicPartition } from '../../protocol/event.ts';
import type { IngestPause } from '../../protocol/ingest.ts';
import type { Finding, HeardFinding, Offset } from '../../protocol/message.ts';
import type { SupervisorEvent } from '../../supervisor/events.ts';
import type { Incident } from '../../supervisor/incidents.ts';
import type { NodeStatus, TreeStatus } from '../../supervisor/status.ts';
import { Outages } from './outages.ts';
import type { LiveView } from './view/view.ts';

/** Of lanes that share the log with other processes: their partitions, and what keeps them from being ready. */
export type GroupStatus = {
  readonly own: readonly TopicPartition[];
  readonly missing: readonly string[];
  readonly findings: readonly Finding[];
};

/** Those of this process, and before them what is left of former ones. */
const KEPT_EVENTS = 2_000;
const KEPT_INCIDENTS = 1_000;
/** Monitors name a few findings each; a thousand is a bound, not a plan. */
const MOST_FINDINGS = 1_000;

export type PartitionLedger = TopicPartition &
  Ledger & {
    /** Offsets skipped, as the log no longer had them. */
    readonly gap: number;
    readonly offset: number;
    readonly end_offset: number;
    readonly lag: number;
    readonly watermark: number | null;
  };

export class SystemStatus {
  tree: TreeStatus | undefined;
  lanes = 0;
  /** Set while an operator keeps consumers from reading. */
  paused: IngestPause | null = null;
  /** Grows whenever the tree was told. */
  version = 0;
  /** The partitions of each aggregator, as it told them last. */
  readonly owned = new Map<string, readonly TopicPartition[]>();
  readonly findings = new Map<string, Finding>();
  /** Grows with every finding. */
  findingsVersion = 0;
  #group: GroupStatus | undefined;
  #heardAt = new Map<string, number>();
  readonly #outages = new Outages();
  #ends = new Map<string, number>();
  /** Where each partition's log ended when this gateway first heard of it: what "caught up once" is measured by. */
  #firstEnds = new Map<string, number>();
  #caughtUp = new Set<string>();
  #events: SupervisorEvent[] = [];
  #incidents = new Map<number, Incident>();

  told(tree: TreeStatus, lanes: number, ends: readonly Offset[], group?: GroupStatus): void {
    this.tree = tree;
    this.#group = group;
    for (const finding of group?.findings ?? []) {
      const held = this.findings.get(finding.id);
      if (held?.since !== finding.since || held.severity !== finding.severity) this.addFinding(finding, tree.at);
    }
    this.lanes = lanes;
    this.version++;
    this.#outages.look(tree, (finding) => this.addFinding(finding, tree.at));
    for (const end of ends) {
      this.sawEnd(end);
      const key = partitionKey(end);
      if (!this.#firstEnds.has(key)) this.#firstEnds.set(key, end.offset);
    }
  }

  toldIngest(paused: IngestPause | null, now: number): void {
    const before = this.paused;
    this.paused = paused;
    this.version++;
    if (paused !== null) this.addFinding(pausedFinding(paused, 'warning', pausedSentence(paused)), now);
    else if (before !== null) this.addFinding(pausedFinding(before, 'ok', 'ingest is resumed'), now);
  }

  /** Where the log is shared with other processes: the partitions that this one owns now. */
  get own(): ReadonlySet<string> | undefined {
    return this.#group && new Set(this.#group.own.map(partitionKey));
  }

  /** The log of a partition reaches at least this far. */
  sawEnd(end: Offset): void {
    const key = partitionKey(end);
    this.#ends.set(key, Math.max(end.offset, this.#ends.get(key) ?? 0));
  }

  /** Events may be told twice, when the gateway comes up: each is kept once, in order. */
  addEvents(events: readonly SupervisorEvent[]): void {
    const known = new Map([...this.#events, ...events].map((event) => [event.id, event]));
    this.#events = [...known.values()].sort((a, b) => a.id - b.id).slice(-KEPT_EVENTS);
  }

  /** Oldest first, those after the given one. */
  eventsSince(id: number): readonly SupervisorEvent[] {
    return this.#events.filter((event) => event.id > id);
  }

  /** New ones, and such as have changed. */
  addIncidents(incidents: readonly Incident[]): void {
    for (const incident of incidents) this.#incidents.set(incident.id, incident);
    const [oldest] = this.#incidents.keys();
    if (this.#incidents.size > KEPT_INCIDENTS) this.#incidents.delete(oldest as number);
  }

  /** Newest first. */
  incidents(): readonly Incident[] {
    return [...this.#incidents.values()].sort((a, b) => b.id - a.id);
  }

  addFinding(finding: Finding, now: number): void {
    if (this.findings.size >= MOST_FINDINGS && !this.findings.has(finding.id)) return;
    this.#heardAt.set(finding.id, now);
    this.findings.set(finding.id, finding);
    this.findingsVersion++;
  }

  heard(id: string, now: number): HeardFinding | null {
    const finding = this.findings.get(id);
    return finding === undefined ? null : { finding, ageMs: now - (this.#heardAt.get(id) as number) };
  }

  /** Those that somebody should know of. */
  alerts(): Finding[] {
    return [...this.findings.values()].filter(({ severity }) => severity !== 'ok');
  }

  ledgers(view: LiveView): PartitionLedger[] {
    return view.partitions().map((partition) => {
      const { topic, partition: index, ledger, nextOffset, watermark, gap } = partition;
      // The ends are told a few times a second: what was read since then is there as well.
      const end = Math.max(nextOffset, this.#ends.get(partitionKey(partition)) ?? 0);
      return {
        topic,
        partition: index,
        ...ledger,
        offset: nextOffset,
        end_offset: end,
        lag: end - nextOffset,
        gap,
        watermark: watermark < 0 ? null : watermark,
      };
    });
  }

  lag(view: LiveView): number {
    return this.ledgers(view).reduce((sum, { lag }) => sum + lag, 0);
  }

  /** What keeps the system from being ready, in words; nothing when it is. */
  missing(view: LiveView): string[] {
    if (this.tree === undefined) return ['no word of the actors yet'];
    const missing = [...this.#outages.sentences(), ...this.#missingActors(), ...(this.#group?.missing ?? [])];
    if (this.paused !== null) missing.push(pausedSentence(this.paused));
    if (view.stale) missing.push('the state of the KPIs is still being read');
    missing.push(...this.#unowned(view).map((key) => `no lane reads ${key}`));
    const { own } = this;
    for (const partition of view.partitions()) {
      if (own?.has(partitionKey(partition)) === false) continue;
      const behind = this.#behind(partition);
      if (behind === undefined) missing.push(`the end of ${partitionKey(partition)} is not known yet`);
      else if (behind > 0) missing.push(`${partitionKey(partition)} is ${behind} records behind`);
    }
    return missing;
  }

  #missingActors(): string[] {
    const lanes = find(this.tree as NodeStatus, 'lanes')?.children ?? [];
    const workers = lanes.flatMap((lane) => (lane.children.length > 0 ? lane.children : [lane]));
    const missing = workers.filter(({ state }) => !isUp(state)).map(({ id, state }) => `${id} is ${state}`);
    if (lanes.length < Math.max(1, this.lanes)) missing.push(`${lanes.length} of ${this.lanes} lanes are there`);
    return missing;
  }

  /** Where this process alone reads the log: what no lane that is there has said to own. */
  #unowned(view: LiveView): string[] {
    if (this.#group !== undefined) return [];
    const told = [...this.owned].filter(([actor]) => find(this.tree as NodeStatus, actor) !== undefined);
    const owned = new Set(told.flatMap(([, partitions]) => partitions.map(partitionKey)));
    const keys = view.partitions().map(partitionKey);
    return keys.filter((key) => !owned.has(key));
  }

  #behind(partition: TopicPartition & { readonly nextOffset: number }): number | undefined {
    const key = partitionKey(partition);
    if (this.#caughtUp.has(key)) return 0;
    const first = this.#firstEnds.get(key);
    if (first === undefined) return undefined;
    if (partition.nextOffset >= first) this.#caughtUp.add(key);
    return Math.max(0, first - partition.nextOffset);
  }
}

export function sumLedgers(partitions: readonly PartitionLedger[]): Ledger & { lag: number; gap: number } {
  const total = { ...emptyLedger(), lag: 0, gap: 0 };
  for (const partition of partitions) {
    for (const name of Object.keys(total) as (keyof typeof total)[]) total[name] += partition[name];
  }
  return total;
}

export function find(node: NodeStatus, id: string): NodeStatus | undefined {
  if (node.id === id) return node;
  for (const child of node.children) {
    const found = find(child, id);
    if (found !== undefined) return found;
  }
  return undefined;
}

export function parentOf(node: NodeStatus, id: string): NodeStatus | undefined {
  if (node.children.some((child) => child.id === id)) return node;
  for (const child of node.children) {
    const found = parentOf(child, id);
    if (found !== undefined) return found;
  }
  return undefined;
}

function pausedSentence({ at, reason }: IngestPause): string {
  const why = reason === '' ? '' : ` (${reason})`;
  return `ingest is paused since ${new Date(at).toISOString()}${why}: what comes in waits in the log until it is resumed`;
}

function pausedFinding({ at, reason }: IngestPause, severity: Finding['severity'], text: string): Finding {
  return { type: 'finding', id: 'ingest-paused', severity, text, since: at, evidence: { reason } };
}

function isUp(state: NodeStatus['state']): boolean {
  return state === 'running' || state === 'waiting';
}
