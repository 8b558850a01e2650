/** What outside the process is not there: told by the actors that wait for it, with since when. */
import type { Finding } from '../../protocol/message.ts';
import type { NodeStatus, TreeStatus } from '../../supervisor/status.ts';

type Outage = { readonly since: number; readonly actors: readonly string[] };

export class Outages {
  #found = new Map<string, Outage>();

  /** A finding for each outage, new or over; the tree says who waits for what. */
  look(tree: TreeStatus, tell: (finding: Finding) => void): void {
    const waiting = Map.groupBy(waitingActors(tree, tree.at), ({ what }) => what);
    for (const [what, actors] of waiting) {
      const since = this.#found.get(what)?.since ?? tree.at;
      const outage = { since, actors: actors.map(({ id }) => id) };
      if (this.#found.get(what)?.actors.join() !== outage.actors.join()) tell(findingOf(what, outage, 'critical'));
      this.#found.set(what, outage);
    }
    for (const [what, outage] of this.#found) {
      if (waiting.has(what)) continue;
      this.#found.delete(what);
      tell(findingOf(what, { since: tree.at, actors: outage.actors }, 'ok'));
    }
  }

  /** One a thing that is waited for. */
  sentences(): string[] {
    return [...this.#found].map(([what, { since, actors }]) => sentence(what, since, actors));
  }
}

function findingOf(what: string, { since, actors }: Outage, severity: Finding['severity']): Finding {
  const text = severity === 'ok' ? `${what} answers again` : sentence(what, since, actors);
  const evidence = { actors: actors.join(', ') };
  return { type: 'finding', id: `outage:${what}`, severity, text, since, evidence };
}

function sentence(what: string, since: number, actors: readonly string[]): string {
  return `${what} does not answer since ${new Date(since).toISOString()}: ${actors.join(', ')} waits, and goes on by itself`;
}

function waitingActors(node: NodeStatus, now: number): { id: string; what: string }[] {
  const own = node.waiting !== null && node.waiting.deadline > now ? [{ id: node.id, what: node.waiting.what }] : [];
  return [...own, ...node.children.flatMap((child) => waitingActors(child, now))];
}
