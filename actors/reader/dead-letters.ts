/**
 * Dead letters as people see them, and their way back into the log. A letter is claimed before its record is handed
 * out, once for all: who dies between claim and append leaves it claimed without a place, and it is not replayed again
 * unless somebody says so.
 */
import { zstdDecompressSync } from 'node:zlib';
import { type DeadLetter, letterId, type TopicPartition } from '../../protocol/event.ts';
import { readFrames } from '../../protocol/frames.ts';
import type { Replay, ReplayFilter, SeenLetter } from '../../protocol/message.ts';
import type { DeadLetterFilter, FactStore, Page, RawChunk, RawReader, StoreReader } from '../ports/hot-store.ts';

export type LetterStores = {
  readonly store: Pick<StoreReader, 'deadLetters'>;
  readonly raw: Pick<RawReader, 'raw' | 'deadLettersIn'>;
  readonly facts: Pick<FactStore, 'claim' | 'find' | 'put' | 'remove'>;
};

/** What a claim says; `to` is the offset of the record that was appended, null as long as nobody has said so. */
type Claim = { readonly at: number; readonly to: number | null };

type Open = {
  readonly topic: string;
  readonly partition: number;
  readonly chunk: RawChunk;
  readonly records: Uint8Array[];
};

const PAGE = 1_000;
/** Of the records of one replay together: they cross threads in one message. */
const MOST_BYTES = 16 * 1024 * 1024;

const keyOf = (id: string) => `replayed:${id}`;

export class DeadLetters {
  readonly #stores: LetterStores;
  readonly #now: () => number;
  /** Letters often stand close together. */
  #open: Open | undefined;

  constructor(stores: LetterStores, now: () => number) {
    this.#stores = stores;
    this.#now = now;
  }

  async page(filter: DeadLetterFilter): Promise<Page<SeenLetter>> {
    const { items, next } = await this.#stores.store.deadLetters(filter);
    return { items: await this.#seen(items), next };
  }

  /** Claims what the filter names, and hands out its records, oldest first. */
  async take(filter: ReplayFilter): Promise<Replay> {
    const { letters, more } = filter.ids === undefined ? await this.#matching(filter) : await this.#named(filter.ids);
    const taken: Replay = { records: [], refused: [], more };
    let bytes = 0;
    for (const letter of letters.sort((a, b) => a.at - b.at || a.offset - b.offset || a.element - b.element)) {
      if (bytes > MOST_BYTES) return { ...taken, more: true };
      const found = await this.#takeOne(letter, filter.again);
      if (typeof found === 'string') taken.refused.push({ id: letter.id, why: found });
      else {
        bytes += found.length;
        taken.records.push({ id: letter.id, topic: letter.topic, partition: letter.partition, bytes: found });
      }
    }
    const known = new Set(letters.map(({ id }) => id));
    for (const id of filter.ids ?? [])
      if (!known.has(id)) taken.refused.push({ id, why: 'there is no such dead letter' });
    return taken;
  }

  /** The records stand in the log at these offsets; without offsets they do not, and may be taken again. */
  async ended(ids: readonly string[], offsets: readonly number[] | null): Promise<void> {
    for (const [place, id] of ids.entries()) {
      if (offsets === null) await this.#stores.facts.remove(keyOf(id));
      else await this.#stores.facts.put(keyOf(id), { at: this.#now(), to: offsets[place] ?? null } satisfies Claim);
    }
  }

  async #seen(letters: readonly DeadLetter[]): Promise<SeenLetter[]> {
    const ids = letters.map(letterId);
    const claims = await this.#stores.facts.find(ids.map(keyOf));
    return letters.map((letter, place) => {
      const id = ids[place] as string;
      const claim = claims.get(keyOf(id)) as Claim | undefined;
      return { ...letter, id, replayedAt: claim?.at ?? null, replayedTo: claim?.to ?? null };
    });
  }

  async #matching({ reason, from = -Infinity, to = Infinity, limit }: ReplayFilter) {
    const letters: SeenLetter[] = [];
    let cursor: string | undefined;
    for (;;) {
      const page = await this.page({ reason, limit: PAGE, cursor });
      for (const letter of page.items) {
        if (letter.replayedAt !== null || letter.at < from || letter.at >= to) continue;
        if (letters.length === limit) return { letters, more: true };
        letters.push(letter);
      }
      if (page.next === null) return { letters, more: false };
      cursor = page.next;
    }
  }

  async #named(ids: readonly string[]) {
    const letters: DeadLetter[] = [];
    for (const id of new Set(ids)) {
      const [topic = '', partition = '', offset = ''] = id.split(':');
      const at = Number(offset);
      const place = { topic, partition: Number(partition) };
      const there = await this.#stores.raw.deadLettersIn(place, at, at + 1);
      letters.push(...there.filter((letter) => letterId(letter) === id));
    }
    return { letters: await this.#seen(letters), more: false };
  }

  /** The record, or why it cannot be had. */
  async #takeOne(letter: SeenLetter, again: boolean): Promise<Uint8Array | string> {
    const { id, replayedAt, replayedTo } = letter;
    if (replayedTo !== null) return `it was replayed to offset ${replayedTo} already`;
    if (replayedAt !== null && !again)
      return 'it was replayed, and nobody knows whether that succeeded: say "again" for it';
    const record = await this.#recordOf(letter);
    if (record === undefined) return 'its record stands in the archive, where this cannot take it from';
    const claim: Claim = { at: this.#now(), to: null };
    if (replayedAt !== null) await this.#stores.facts.put(keyOf(id), claim);
    else if (!(await this.#stores.facts.claim(keyOf(id), claim))) return 'it is being replayed by somebody else';
    return record;
  }

  /** Of an array only the element: its neighbours have counted. */
  async #recordOf({ topic, partition, offset, element }: DeadLetter): Promise<Uint8Array | undefined> {
    const open = await this.#chunkOf({ topic, partition }, offset);
    const record = open?.records[offset - open.chunk.base];
    if (record === undefined || element < 0) return record;
    const elements = JSON.parse(new TextDecoder().decode(record)) as unknown[];
    return new TextEncoder().encode(JSON.stringify(elements[element]));
  }

  async #chunkOf({ topic, partition }: TopicPartition, offset: number): Promise<Open | undefined> {
    const held = this.#open;
    const isHeld = held?.topic === topic && held.partition === partition;
    if (isHeld && offset >= held.chunk.base && offset < held.chunk.next) return held;
    const [chunk] = await this.#stores.raw.raw({ topic, partition }, offset, 1);
    if (chunk === undefined || offset < chunk.base || offset >= chunk.next) return undefined;
    const frames = chunk.zstd ? zstdDecompressSync(chunk.frames) : chunk.frames;
    const records = [...readFrames(frames)].map(({ start, end }) => frames.slice(start, end));
    this.#open = { topic, partition, chunk, records };
    return this.#open;
  }
}
