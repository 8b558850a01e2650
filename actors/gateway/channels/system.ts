/** The `system` and `quality` channels: actors as they stand, figures of the way from log to frame, what monitors found. */

import { pathOf } from '../../../protocol/channel.ts';
import type { Finding } from '../../../protocol/message.ts';
import type { NodeStatus } from '../../../supervisor/status.ts';
import type { Channel, Value } from './channel.ts';

const FIELDS = [
  'kind',
  'parent',
  'state',
  'epoch',
  'restarts',
  'depth',
  'oldest_ms',
  'rate',
  'busy',
  'last_exit',
  'last_exit_at',
  'next_retry_at',
  'started_at',
] as const;
type ActorRow = Readonly<Record<(typeof FIELDS)[number], Value | null>>;

function rowOf(node: NodeStatus, parent: string | null): ActorRow {
  return {
    kind: node.type,
    parent,
    state: node.state,
    epoch: node.epoch,
    restarts: node.restarts,
    depth: node.depth,
    oldest_ms: Math.round(node.oldestMs),
    rate: Math.round(node.rate * 10) / 10,
    busy: Math.round(node.busy * 1_000) / 1_000,
    last_exit: node.lastExit === null ? null : exitText(node.lastExit),
    last_exit_at: node.lastExit?.at ?? null,
    next_retry_at: node.nextRetryAt,
    started_at: node.startedAt,
  };
}

export function exitText({ reason, detail }: { readonly reason: string; readonly detail: string }): string {
  return detail === '' || detail === reason ? reason : `${reason}: ${detail}`;
}

export class SystemProjection {
  #shown = new Set<string>();

  projectActors(tree: NodeStatus, channel: Channel): void {
    const actors = new Map(flatten(tree, null).map(([node, parent]) => [node.id, rowOf(node, parent)] as const));
    for (const id of this.#shown) {
      if (!actors.has(id)) for (const field of FIELDS) channel.put(pathOf(id, field), null);
    }
    for (const [id, row] of actors) for (const field of FIELDS) channel.put(pathOf(id, field), row[field]);
    this.#shown = new Set(actors.keys());
  }
}

/** `pipeline/<name>`: no actor has that id. */
export function projectPipeline(figures: Readonly<Record<string, number | null>>, channel: Channel): void {
  for (const [name, value] of Object.entries(figures)) channel.put(pathOf('pipeline', name), value);
}

/** Findings by their id; one that is no longer among them goes. */
export class FindingsProjection {
  #shown = new Map<string, readonly string[]>();

  project(findings: Iterable<Finding>, channel: Channel): void {
    const gone = new Set(this.#shown.keys());
    for (const finding of findings) {
      gone.delete(finding.id);
      const values = new Map<string, Value | null>([
        [pathOf(finding.id, 'severity'), finding.severity],
        [pathOf(finding.id, 'text'), finding.text],
        [pathOf(finding.id, 'since'), finding.since],
        ...Object.entries(finding.evidence).map(
          ([name, value]) => [pathOf(finding.id, 'evidence', name), value] as const,
        ),
      ]);
      for (const key of this.#shown.get(finding.id) ?? []) if (!values.has(key)) channel.put(key, null);
      for (const [key, value] of values) channel.put(key, value);
      this.#shown.set(finding.id, [...values.keys()]);
    }
    for (const id of gone) {
      for (const key of this.#shown.get(id) ?? []) channel.put(key, null);
      this.#shown.delete(id);
    }
  }
}

function flatten(node: NodeStatus, parent: string | null): (readonly [NodeStatus, string | null])[] {
  return [[node, parent] as const, ...node.children.flatMap((child) => flatten(child, node.id))];
}
