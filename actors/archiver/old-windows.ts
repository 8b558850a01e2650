/** Has owners let go of minutes that are read from the archive alone: each of this process's topic-partitions once a border. */
import { partitionKey, type TopicPartition } from '../../protocol/event.ts';
import { windowBorder } from '../history/window-border.ts';
import type { ArchiveManifest } from '../ports/archive.ts';

/** A question that was being answered from the hot store when its day went over to the archive is answered by then. */
const GRACE_MS = 60_000;
const LOOK_MS = 60_000;

export type OldWindowsPorts = {
  readonly manifest: Pick<ArchiveManifest, 'inState'>;
  readonly now: () => number;
  /** Answers whether all is gone; false where the owner is away or another. */
  readonly drop: (place: TopicPartition, before: number) => Promise<boolean>;
};

export class OldWindows {
  readonly #ports: OldWindowsPorts;
  readonly #gone = new Map<string, number>();
  #lookAt = Number.NEGATIVE_INFINITY;

  constructor(ports: OldWindowsPorts) {
    this.#ports = ports;
  }

  /** Looks now and then; what does not go now is tried again at the next look. */
  async look(own: Iterable<TopicPartition>): Promise<void> {
    const { manifest, now, drop } = this.#ports;
    if (now() < this.#lookAt) return;
    this.#lookAt = now() + LOOK_MS;
    const border = await windowBorder(manifest, { now: now(), graceMs: GRACE_MS });
    for (const place of own) {
      const key = partitionKey(place);
      if ((this.#gone.get(key) ?? Number.NEGATIVE_INFINITY) >= border) continue;
      if (await drop(place, border)) this.#gone.set(key, border);
    }
  }
}
