/**
 * A reader of a log on Kafka: what kafkajs pushes waits in bounded buffers until it is taken. Nothing is read that was
 * not sought since the group gave it. kafkajs jumps silently when an offset has expired; here every fetch must begin
 * where the last one ended, or the partition stands still until it is known why.
 */
import type { EachBatchPayload } from 'kafkajs';
import { partitionKey, type TopicPartition } from '../../protocol/event.ts';
import type { LogChunk, LogExtent, LogSource, Position, SourceEvents } from '../ports/event-log.ts';
import type { KafkaLogConfig } from './event-log-kafka.ts';
import { PartitionBuffer } from './event-log-kafka-buffer.ts';
import { GroupMembership } from './event-log-kafka-member.ts';
import { connectKafka } from './kafka-client.ts';
import { KafkaExtents } from './kafka-topics.ts';

export type KafkaSourceConfig = KafkaLogConfig & { readonly group: string };

/** All partitions of a source share this; each has at least the least. A fetch may bring some MB more. */
const BUFFER_BYTES = 8 * 1024 * 1024;
const LEAST_BYTES = 512 * 1024;
const ENDS_MS = 1_000;
const RETRY_MS = 500;
const COMMIT_MS = 5_000;

type Place = TopicPartition & {
  readonly buffer: PartitionBuffer;
  state: 'reading' | 'checking' | 'stopped';
  /** Not fetched for a while, as the buffer is full. */
  paused: boolean;
  /** A fetch from here began further on, though the log holds it: there is no record in between. */
  triedFrom: number;
  gapTold: boolean;
};

export class KafkaLogSource implements LogSource {
  #topics: readonly string[];
  #member: GroupMembership;
  #extents: KafkaExtents;
  #events: SourceEvents | undefined;
  #assigned = new Set<string>();
  #places: Place[] = [];
  #byKey = new Map<string, Place>();
  #turn = 0;
  /** Grows with every seek and every assignment: what was begun before is void. */
  #session = 0;
  #known = new Map<string, LogExtent>();
  #endsAt = 0;
  #asking = false;
  #consumed = new Map<string, Position>();
  #commits: NodeJS.Timeout | undefined;
  #closed = false;

  constructor({ kafka, topics, group }: KafkaSourceConfig) {
    this.#topics = topics;
    this.#extents = new KafkaExtents(kafka);
    this.#member = new GroupMembership({
      kafka: connectKafka(kafka),
      group,
      topics,
      assigned: (partitions) => this.#onAssigned(partitions),
      batch: (payload) => this.#onBatch(payload),
      passed: ({ topic, partition, first, last }) => {
        const place = this.#byKey.get(partitionKey({ topic, partition }));
        if (place?.state === 'reading' && place.buffer.next === first) this.#add(place, [], last + 1);
      },
      waiting: (reason) => this.#events?.waiting(reason),
    });
  }

  join(events: SourceEvents): void {
    this.#events = events;
    this.#member.join();
    this.#commits = setInterval(() => void this.#commit(), COMMIT_MS);
  }

  #onAssigned(partitions: readonly TopicPartition[] | null): void {
    this.#session++;
    this.#setPlaces([]);
    this.#assigned = new Set(partitions?.map(partitionKey));
    this.#events?.assigned(partitions);
  }

  #setPlaces(places: Place[]): void {
    this.#places = places;
    this.#byKey = new Map(places.map((place) => [partitionKey(place), place]));
  }

  /** Waits for the brokers if it must: where the log begins and ends has to be known before anything is read. */
  async seek(positions: readonly Position[]): Promise<void> {
    const session = ++this.#session;
    this.#member.pause(this.#places);
    this.#setPlaces([]);
    const wanted = positions.filter((position) => this.#assigned.has(partitionKey(position)));
    if (!(await this.#askUntilKnown(wanted, session))) return;
    this.#setPlaces(wanted.map((position) => this.#placeOf(position)));
    for (const place of this.#places) if (place.state === 'reading') this.#member.read(place, place.buffer.next);
    this.#tellGaps();
  }

  /** False when it is void meanwhile. */
  async #askUntilKnown(wanted: readonly Position[], session: number): Promise<boolean> {
    const topics = [...new Set(wanted.map(({ topic }) => topic))];
    while (session === this.#session && !this.#closed) {
      try {
        if (topics.length > 0) this.#learn(await this.#extents.read(topics));
        return session === this.#session;
      } catch {
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
    return false;
  }

  /** Where nothing was read yet the log's beginning is as good as any. */
  #placeOf({ topic, partition, offset }: Position): Place {
    const { start, end } = this.#extentOf({ topic, partition });
    const from = offset === 0 ? start : offset;
    const state = from < start || from > end ? 'stopped' : 'reading';
    const buffer = new PartitionBuffer({ topic, partition }, from);
    return { topic, partition, buffer, state, paused: false, triedFrom: -1, gapTold: false };
  }

  #extentOf(partition: TopicPartition): LogExtent {
    return this.#known.get(partitionKey(partition)) ?? { ...partition, start: 0, end: 0 };
  }

  #onBatch({ batch, isStale, resolveOffset }: EachBatchPayload): void {
    const { topic, partition, messages } = batch;
    const place = this.#byKey.get(partitionKey({ topic, partition }));
    if (place === undefined || place.state !== 'reading' || isStale()) return;
    const { fetchedOffset } = batch as typeof batch & { readonly fetchedOffset: string };
    if (Number(fetchedOffset) !== place.buffer.next) {
      void this.#check(place, Number(fetchedOffset));
      return;
    }
    const last = batch.lastOffset();
    resolveOffset(last);
    this.#sawEnd(place, Number(batch.highWatermark));
    this.#add(place, messages, Number(last) + 1);
  }

  #add(place: Place, messages: EachBatchPayload['batch']['messages'], next: number): void {
    place.buffer.add(messages, next);
    if (!place.paused && place.buffer.bytes > this.#share()) {
      place.paused = true;
      this.#member.pause([place]);
    }
    this.#events?.arrived();
  }

  #share(): number {
    return Math.max(LEAST_BYTES, BUFFER_BYTES / Math.max(1, this.#places.length));
  }

  /** A fetch did not begin where the last one ended. */
  async #check(place: Place, found: number): Promise<void> {
    const session = this.#session;
    place.state = 'checking';
    this.#member.pause([place]);
    const { next } = place.buffer;
    if (!(await this.#askUntilKnown([{ ...place, offset: next }], session))) return;
    const { start, end } = this.#extentOf(place);
    if (next < start || next > end) return this.#stop(place);
    if (found > next && place.triedFrom === next) place.buffer.add([], found);
    place.triedFrom = next;
    place.state = 'reading';
    place.paused = false;
    this.#member.read(place, place.buffer.next);
  }

  #stop(place: Place): void {
    place.state = 'stopped';
    this.#member.pause([place]);
    this.#tellGaps();
  }

  /** Only when what was fetched before is taken: the gap begins behind that. */
  #tellGaps(): void {
    for (const place of this.#places) {
      if (place.state !== 'stopped' || place.gapTold || !place.buffer.empty) continue;
      place.gapTold = true;
      const { topic, partition, buffer } = place;
      this.#events?.gap({ ...this.#extentOf(place), topic, partition, offset: buffer.next });
    }
  }

  async take(maxBytes: number): Promise<LogChunk | undefined> {
    for (let step = 0; step < this.#places.length; step++) {
      const index = (this.#turn + step) % this.#places.length;
      const place = this.#places[index] as Place;
      const chunk = place.buffer.take(maxBytes);
      if (chunk === undefined) continue;
      this.#turn = index + 1;
      if (place.state === 'stopped') this.#tellGaps();
      else this.#resumeIfLow(place);
      return chunk;
    }
    return undefined;
  }

  /** Early enough that the next fetch is there before the buffer is empty. */
  #resumeIfLow(place: Place): void {
    if (!place.paused || place.state !== 'reading' || place.buffer.bytes > (this.#share() * 2) / 3) return;
    place.paused = false;
    this.#member.resume(place);
  }

  notify(ends: readonly Position[]): void {
    for (const end of ends) this.#sawEnd(end, end.offset);
  }

  /** What is appended arrives by itself. */
  refresh(): void {}

  #sawEnd(partition: TopicPartition, end: number): void {
    const known = this.#extentOf(partition);
    if (end > known.end) this.#known.set(partitionKey(partition), { ...known, ...placeName(partition), end });
  }

  #learn(extents: readonly LogExtent[]): void {
    for (const extent of extents) this.#known.set(partitionKey(extent), extent);
    this.#endsAt = performance.now();
  }

  /** As known: asked of the brokers every second, beside what fetches tell. */
  async extents(): Promise<readonly LogExtent[]> {
    if (performance.now() - this.#endsAt > ENDS_MS) void this.#look();
    return this.#places.map((place) => this.#extentOf(place));
  }

  /** Also finds out that records have expired which were not fetched yet. */
  async #look(): Promise<void> {
    if (this.#asking || this.#places.length === 0 || this.#closed) return;
    this.#asking = true;
    try {
      this.#learn(await this.#extents.read(this.#topics));
      for (const place of this.#places) {
        if (place.state === 'reading' && place.buffer.next < this.#extentOf(place).start) this.#stop(place);
      }
    } catch {
      // The brokers are away: what is known stays, and the member says so.
      this.#endsAt = performance.now();
    }
    this.#asking = false;
  }

  consumed(positions: readonly Position[]): void {
    for (const position of positions) this.#consumed.set(partitionKey(position), position);
  }

  async #commit(): Promise<void> {
    const own = [...this.#consumed].filter(([key]) => this.#assigned.has(key)).map(([, position]) => position);
    this.#consumed.clear();
    if (own.length > 0) await this.#member.commit(own);
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#session++;
    clearInterval(this.#commits);
    await this.#commit();
    await Promise.all([this.#member.close(), this.#extents.close()]);
  }
}

function placeName({ topic, partition }: TopicPartition): TopicPartition {
  return { topic, partition };
}
