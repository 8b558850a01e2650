/**
 * Where the live actors stand in the picture of the pipeline: columns in the order the data flows, edges between them.
 * Positions are shares of the width and height. Pure.
 */
import { type Actor, isProblem } from './actors.ts';

export type PipeNode = {
  readonly id: string;
  readonly actor: Actor | undefined;
  readonly x: number;
  readonly y: number;
};
export type PipeEdge = {
  readonly from: PipeNode;
  readonly to: PipeNode;
  /** Messages a second that arrive, undefined where nobody counts them. */
  readonly rate: number | undefined;
  readonly kind: 'flow' | 'hot' | 'cut';
};
export type PipelinePlan = {
  readonly nodes: readonly PipeNode[];
  readonly edges: readonly PipeEdge[];
  readonly rows: number;
};

export const CLIENTS = 'clients';
/** An actor whose oldest message has waited longer than this holds up those behind it. */
export const HOT_MS = 1000;

const COLUMNS: readonly RegExp[] = [/^generator$/, /^log-writer$/, /^consumer-\d+$/, /^aggregator-\d+$/, /^gateway$/];

/** `clients`: whether anything is known of them. */
export function planPipeline(actors: readonly Actor[], clients: boolean): PipelinePlan {
  const columns = COLUMNS.map((pattern) => actors.filter(({ id }) => pattern.test(id)).sort(byNumber)).filter(
    (column) => column.length > 0,
  );
  const count = columns.length + (clients ? 1 : 0);
  const placed = columns.map((column, place) =>
    column.map(
      (actor, row): PipeNode => ({ id: actor.id, actor, x: along(place, count), y: (row + 0.5) / column.length }),
    ),
  );
  if (clients) placed.push([{ id: CLIENTS, actor: undefined, x: along(count - 1, count), y: 0.5 }]);
  const edges = placed.slice(1).flatMap((targets, place) => connect(placed[place] ?? [], targets));
  return { nodes: placed.flat(), edges, rows: Math.max(1, ...placed.map((column) => column.length)) };
}

/** Equal numbers of the same lane are joined one to one, else everyone with everyone. */
function connect(sources: readonly PipeNode[], targets: readonly PipeNode[]): PipeEdge[] {
  const lanes = sources.every(({ id }) => /-\d+$/.test(id)) && targets.every(({ id }) => /-\d+$/.test(id));
  return sources.flatMap((from) =>
    targets.filter((to) => !lanes || numberOf(from.id) === numberOf(to.id)).map((to) => edge(from, to, sources.length)),
  );
}

function edge(from: PipeNode, to: PipeNode, sources: number): PipeEdge {
  // A source that was stopped sends nothing; one that is on its way back holds something up, as does a target that is down.
  const cut = (to.actor !== undefined && !isUp(to.actor)) || (from.actor !== undefined && isProblem(from.actor));
  const hot = to.actor !== undefined && to.actor.depth > 0 && to.actor.oldestMs > HOT_MS;
  // What several send into one is told by what each sends.
  const rate = sources > 1 && to.actor !== undefined && !/-\d+$/.test(to.id) ? from.actor?.rate : to.actor?.rate;
  return { from, to, rate, kind: cut ? 'cut' : hot ? 'hot' : 'flow' };
}

export function isUp({ state }: Actor): boolean {
  return state === 'running' || state === 'waiting';
}

function along(place: number, count: number): number {
  const margin = 0.072;
  return count === 1 ? 0.5 : margin + (place * (1 - 2 * margin)) / (count - 1);
}

function byNumber(a: Actor, b: Actor): number {
  return numberOf(a.id) - numberOf(b.id);
}

function numberOf(id: string): number {
  return Number(/-(\d+)$/.exec(id)?.[1] ?? -1);
}
