/** A client as the protocol describes one: applies frames to its own map, notes every breach. */

export type Frame = Readonly<Record<string, unknown>> & { readonly t: string };

type Held = { seq: number; values: Map<string, unknown> };

export class ModelClient {
  readonly channels = new Map<string, Held>();
  readonly frames: Frame[] = [];
  epoch: string | undefined;
  /** Hashes compared so far. */
  compared = 0;

  receive(text: string): void {
    const frame = JSON.parse(text) as Frame;
    this.frames.push(frame);
    switch (frame.t) {
      case 'hello':
        this.epoch = frame.epoch as string;
        return;
      case 'snap':
        this.#set(frame.ch as string, frame.seq as number, new Map(), frame.d as unknown[]);
        return;
      case 'd':
        this.#delta(frame);
        return;
      case 'hb':
        this.#compare(frame.channels as Record<string, { seq: number; hash?: string }>);
    }
  }

  /** What a subscription says that goes on where this client stands. */
  resume(ch: string): Record<string, unknown> {
    const held = this.channels.get(ch);
    return { t: 'sub', ch, ...(held === undefined ? {} : { epoch: this.epoch, seq: held.seq }) };
  }

  of(kind: string): Frame[] {
    return this.frames.filter(({ t }) => t === kind);
  }

  #delta(frame: Frame): void {
    const ch = frame.ch as string;
    const [from, to] = [frame.from as number, frame.to as number];
    const held = this.channels.get(ch);
    if (held === undefined) throw new Error(`delta of ${ch} without a snapshot`);
    if (to < held.seq) return;
    if (from > held.seq) throw new Error(`gap in ${ch}: held ${held.seq}, delta from ${from}`);
    this.#set(ch, to, held.values, frame.d as unknown[]);
  }

  #set(ch: string, seq: number, values: Map<string, unknown>, d: readonly unknown[]): void {
    for (let at = 0; at < d.length; at += 2) {
      if (d[at + 1] === null) values.delete(d[at] as string);
      else values.set(d[at] as string, d[at + 1]);
    }
    this.channels.set(ch, { seq, values });
  }

  #compare(channels: Record<string, { seq: number; hash?: string }>): void {
    for (const [ch, { seq, hash }] of Object.entries(channels)) {
      const held = this.channels.get(ch);
      if (hash === undefined || held?.seq !== seq) continue;
      this.compared++;
      if (plainHash(held.values) !== hash) throw new Error(`hash of ${ch} differs at ${seq}`);
    }
  }
}

/** The hash as the contract words it, written apart from the product's. */
export function plainHash(values: ReadonlyMap<string, unknown>): string {
  const lines = [...values].map(([key, value]) => Buffer.from(`${key}\t${JSON.stringify(value)}\n`));
  const sorted = [...values.keys()]
    .map((key, at) => ({ key: Buffer.from(key), line: lines[at] as Buffer }))
    .sort((a, b) => Buffer.compare(a.key, b.key));
  let hash = 0x811c9dc5n;
  for (const byte of Buffer.concat(sorted.map(({ line }) => line)))
    hash = ((hash ^ BigInt(byte)) * 0x01000193n) & 0xffffffffn;
  return hash.toString(16).padStart(8, '0');
}
