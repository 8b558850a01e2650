/**
 * Who of a consumer group reads which partition index. Partition i of every topic goes to the same member, all members
 * get as many indices as each other (or one more), and what a member had it keeps as far as that allows. Pure.
 */
export type GroupMember = {
  readonly id: string;
  /** Partition indices that it had, and since when (epoch ms): of two that claim the same, the later one has it. */
  readonly owned: readonly number[];
  readonly since: number;
};

/** Partition indices by member, sorted; `counts` are the partitions of each topic. */
export function assignSticky(members: readonly GroupMember[], counts: readonly number[]): Map<string, number[]> {
  const total = Math.max(0, ...counts);
  const kept = keepClaims(members, total);
  const share = Math.floor(total / members.length);
  let extra = total % members.length;
  // Who holds more than an equal share keeps it first, so that as little as possible moves.
  const order = [...members].sort((a, b) => size(kept, b) - size(kept, a) || compare(a.id, b.id));
  const room = new Map<string, number>();
  for (const { id } of order) {
    const quota = extra-- > 0 ? share + 1 : share;
    const held = kept.get(id)?.slice(0, quota) ?? [];
    kept.set(id, held);
    room.set(id, quota - held.length);
  }
  const taken = new Set([...kept.values()].flat());
  // Low indices are in the most topics, so they are handed out first, each to whoever has the least to do.
  for (let index = 0; index < total; index++) {
    if (taken.has(index)) continue;
    const id = idlest(kept, room, counts);
    kept.get(id)?.push(index);
    room.set(id, (room.get(id) ?? 0) - 1);
  }
  for (const indices of kept.values()) indices.sort((a, b) => a - b);
  return kept;
}

/** Partition indices as topic-partitions. */
export function spread(indices: readonly number[], counts: ReadonlyMap<string, number>): Record<string, number[]> {
  return Object.fromEntries(
    [...counts]
      .map(([topic, count]) => [topic, indices.filter((index) => index < count)] as const)
      .filter(([, partitions]) => partitions.length > 0),
  );
}

function keepClaims(members: readonly GroupMember[], total: number): Map<string, number[]> {
  const kept = new Map<string, number[]>(members.map(({ id }) => [id, []]));
  const taken = new Set<number>();
  for (const { id, owned } of [...members].sort((a, b) => b.since - a.since || compare(a.id, b.id))) {
    for (const index of [...owned].sort((a, b) => a - b)) {
      if (!(Number.isInteger(index) && index >= 0 && index < total) || taken.has(index)) continue;
      taken.add(index);
      kept.get(id)?.push(index);
    }
  }
  return kept;
}

function idlest(
  kept: ReadonlyMap<string, readonly number[]>,
  room: ReadonlyMap<string, number>,
  counts: readonly number[],
): string {
  const load = (id: string) => (kept.get(id) ?? []).reduce((sum, index) => sum + weight(index, counts), 0);
  const free = [...room].filter(([, left]) => left > 0).map(([id]) => id);
  return free.reduce((best, id) => (load(id) < load(best) || (load(id) === load(best) && id < best) ? id : best));
}

/** How many topics have this index. */
function weight(index: number, counts: readonly number[]): number {
  return counts.filter((count) => count > index).length;
}

function size(kept: ReadonlyMap<string, readonly number[]>, { id }: GroupMember): number {
  return kept.get(id)?.length ?? 0;
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
