/**
 * Dead letters as people see them, and their way back into the log. A letter is claimed before its record is handed
 * out, once for all: who dies between claim and append leaves it claimed without a place, and it is not replayed again
 * unless somebody says so.
 */
import { AppError } from '../../protocol/errors.ts';
import { type DeadLetter, letterId } from '../../protocol/event.ts';
import type { Replay, ReplayFilter, SeenLetter } from '../../protocol/message.ts';
import type { DeadLetterFilter, FactStore, Page, RawReader, StoreReader } from '../ports/hot-store.ts';
import { LetterRecords, type RecordStores } from './letter-records.ts';

export type LetterStores = RecordStores & {
  readonly store: Pick<StoreReader, 'deadLetters'>;
  readonly raw: Pick<RawReader, 'deadLettersIn'>;
  readonly facts: Pick<FactStore, 'claim' | 'find' | 'put' | 'remove'>;
};

export type LetterSettings = { readonly now: () => number; readonly turn: () => Promise<void> };

/** What a claim says; `to` is the offset of the record that was appended, null as long as nobody has said so. */
type Claim = { readonly at: number; readonly to: number | null };

type Read = {
  readonly found: { readonly letter: SeenLetter; readonly bytes: Uint8Array }[];
  readonly refused: { readonly id: string; readonly why: string }[];
};

const PAGE = 1_000;
/** Of the records of one replay together: they cross threads in one message. */
const MOST_BYTES = 16 * 1024 * 1024;
/** Then enough was read: each letter may be in another file of the archive. */
const READ_MS = 8_000;
/** Whoever asked gives up after 20 s: what is claimed later than this would be claimed for nobody. */
const CLAIM_MS = 15_000;

const keyOf = (id: string) => `replayed:${id}`;

export class DeadLetters {
  readonly #stores: LetterStores;
  readonly #settings: LetterSettings;

  constructor(stores: LetterStores, settings: LetterSettings) {
    this.#stores = stores;
    this.#settings = settings;
  }

  async page(filter: DeadLetterFilter): Promise<Page<SeenLetter>> {
    const { items, next } = await this.#stores.store.deadLetters(filter);
    return { items: await this.#seen(items), next };
  }

  /** Claims what the filter names, and hands out its records in the order of their topic-partitions. */
  async take(filter: ReplayFilter): Promise<Replay> {
    const asked = this.#settings.now();
    const { letters, more } = filter.ids === undefined ? await this.#matching(filter) : await this.#named(filter.ids);
    // All are read before any is claimed: whatever fails on the way leaves nothing in doubt.
    const read = await this.#read(letters.sort(byPlace), filter.again, asked + READ_MS);
    if (this.#settings.now() > asked + CLAIM_MS)
      throw new AppError('unavailable', 'Cannot replay as reading the records took too long: nothing was claimed');
    const known = new Set(letters.map(({ id }) => id));
    const unknown = (filter.ids ?? []).filter((id) => !known.has(id));
    const refused = [...unknown.map((id) => ({ id, why: 'there is no such dead letter' })), ...read.refused];
    const records: Replay['records'] = [];
    for (const { letter, bytes } of read.found) {
      const { id, topic, partition } = letter;
      if (await this.#claim(letter)) records.push({ id, topic, partition, bytes });
      else refused.push({ id, why: 'it is being replayed by somebody else' });
    }
    return { records, refused, more: more || read.found.length + read.refused.length < letters.length };
  }

  /** The records stand in the log at these offsets; without offsets they do not, and may be taken again. */
  async ended(ids: readonly string[], offsets: readonly number[] | null): Promise<void> {
    for (const [place, id] of ids.entries()) {
      if (offsets === null) await this.#stores.facts.remove(keyOf(id));
      else await this.#stores.facts.put(keyOf(id), this.#claimTo(offsets[place] ?? null));
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

  /** The records of those that may be taken, as far as time and size allow. */
  async #read(letters: readonly SeenLetter[], again: boolean, endsAt: number): Promise<Read> {
    const records = new LetterRecords(this.#stores, this.#settings.turn);
    const read: Read = { found: [], refused: [] };
    let size = 0;
    for (const letter of letters) {
      if (size > MOST_BYTES || this.#settings.now() > endsAt) break;
      const bytes = refusalOf(letter, again) ?? (await records.of(letter));
      if (typeof bytes === 'string') read.refused.push({ id: letter.id, why: bytes });
      else {
        size += bytes.length;
        read.found.push({ letter, bytes });
      }
    }
    return read;
  }

  async #claim({ id, replayedAt }: SeenLetter): Promise<boolean> {
    if (replayedAt === null) return this.#stores.facts.claim(keyOf(id), this.#claimTo(null));
    await this.#stores.facts.put(keyOf(id), this.#claimTo(null));
    return true;
  }

  #claimTo(to: number | null): Claim {
    return { at: this.#settings.now(), to };
  }
}

function refusalOf({ replayedAt, replayedTo }: SeenLetter, again: boolean): string | undefined {
  if (replayedTo !== null) return `it was replayed to offset ${replayedTo} already`;
  if (replayedAt === null || again) return undefined;
  return 'it was replayed, and nobody knows whether that succeeded: say "again" for it';
}

/** As they stand in the log: those of one file of the archive come one after the other. */
function byPlace(a: DeadLetter, b: DeadLetter): number {
  if (a.topic !== b.topic) return a.topic < b.topic ? -1 : 1;
  return a.partition - b.partition || a.offset - b.offset || a.element - b.element;
}
