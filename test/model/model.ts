/**
 * The oracle: what pulso must say after a file was appended line by line, computed by brute force from the same bytes.
 * It keeps every counted event and adds them up anew for each question (kpi.ts); nothing is shared with the product.
 */
import { partitionOf } from './partition.ts';
import { type Order, type Outcome, RECORD_BYTES, type Reading, readRecord } from './rules.ts';

export type ModelOptions = {
  /** Names of the topics of orders, deliveries and clicks. */
  topics?: readonly [string, string, string];
  partitions?: number;
  latenessMs?: number;
  futureMs?: number;
  /** Order ids remembered; as good as all when not 0, since nothing is forgotten here. */
  dedup?: boolean;
  /** The records' own time in the log: later than every event but those meant as dead letters. */
  recordTime?: number;
};

export type PartitionResult = {
  topic: string;
  partition: number;
  records: number;
  in: number;
  counted: number;
  late: number;
  dead: number;
  duplicates: number;
  watermark: number;
};
export type ModelDeadLetter = {
  topic: string;
  partition: number;
  offset: number;
  element: number;
  reason: string;
  field: string | null;
};
/** A readable order as it must stand in hot store or archive; `id` as in contracts 7. */
export type ModelOrder = { id: string; mark: 'late' | 'duplicate' | null; order: Order };
export type ModelResult = {
  partitions: Map<string, PartitionResult>;
  deadLetters: ModelDeadLetter[];
  counted: Reading[];
  orders: ModelOrder[];
};

/** Where an event stands: its record's offset and time, and its place in the record's array (-1: no array). */
type Place = { offset: number; element: number; recordTime: number };

export class Model {
  readonly #options: Required<ModelOptions>;
  readonly #partitions = new Map<string, PartitionResult>();
  readonly #deadLetters: ModelDeadLetter[] = [];
  readonly #counted: Reading[] = [];
  readonly #orders: ModelOrder[] = [];
  readonly #seenOrders = new Map<string, Set<string>>();

  constructor(options: ModelOptions = {}) {
    this.#options = {
      topics: ['orders', 'deliveries', 'clicks'],
      partitions: 4,
      latenessMs: 3_600_000,
      futureMs: 300_000,
      dedup: false,
      recordTime: Date.now(),
      ...options,
    };
    for (const topic of this.#options.topics)
      for (let partition = 0; partition < this.#options.partitions; partition++)
        this.#partitions.set(`${topic}/${partition}`, {
          topic,
          partition,
          records: 0,
          in: 0,
          counted: 0,
          late: 0,
          dead: 0,
          duplicates: 0,
          watermark: -1,
        });
  }

  /** One record, sent to where it belongs. */
  add(record: Uint8Array): void {
    const { topic, partition } = placeOf(record, this.#options.topics, this.#options.partitions);
    this.addTo(topic, partition, record);
  }

  /** One record where it was found. */
  addTo(topic: string, partition: number, record: Uint8Array, recordTime = this.#options.recordTime): void {
    const { array, outcomes } = readRecord(record);
    const at = this.#partitions.get(`${topic}/${partition}`) as PartitionResult;
    const offset = at.records++;
    outcomes.forEach((outcome, place) => {
      this.#decide(at, { offset, element: array ? place : -1, recordTime }, outcome);
    });
  }

  /** A record that killed its actor, where it was found: one dead letter, whatever it holds. */
  addPoisonTo(topic: string, partition: number): void {
    const at = this.#partitions.get(`${topic}/${partition}`) as PartitionResult;
    const offset = at.records++;
    at.in++;
    at.dead++;
    this.#deadLetters.push({ topic, partition, offset, element: -1, reason: 'poison', field: null });
  }

  /** A whole file: a leading BOM goes, so does CR at the end of a line, blank lines are no records. */
  addLines(bytes: Uint8Array): void {
    for (const line of lines(bytes)) this.add(line);
  }

  result(): ModelResult {
    return {
      partitions: this.#partitions,
      deadLetters: this.#deadLetters,
      counted: this.#counted,
      orders: this.#orders,
    };
  }

  /** One outcome an event: dead before duplicate before late before counted. */
  #decide(at: PartitionResult, place: Place, outcome: Outcome): void {
    at.in++;
    let event = outcome;
    if (event.kind !== 'dead' && event.time > place.recordTime + this.#options.futureMs)
      event = { kind: 'dead', reason: 'bad-value', field: 'timestamp' };
    if (event.kind === 'dead') {
      at.dead++;
      const { topic, partition } = at;
      const { offset, element } = place;
      this.#deadLetters.push({ topic, partition, offset, element, reason: event.reason, field: event.field });
      return;
    }
    const before = at.watermark;
    at.watermark = Math.max(before, event.time);
    if (this.#isDuplicate(at, event)) {
      at.duplicates++;
      this.#store(at, place, event, 'duplicate');
    } else if (before !== -1 && event.time < before - this.#options.latenessMs) {
      at.late++;
      this.#store(at, place, event, 'late');
    } else {
      at.counted++;
      this.#counted.push(event);
      this.#store(at, place, event, null);
    }
  }

  #store({ topic, partition }: PartitionResult, { offset, element }: Place, event: Reading, mark: ModelOrder['mark']) {
    if (event.kind !== 'order') return;
    this.#orders.push({
      id: [topic, partition, offset, ...(element < 0 ? [] : [element])].join(':'),
      mark,
      order: event,
    });
  }

  #isDuplicate(at: PartitionResult, event: Reading): boolean {
    if (!this.#options.dedup || event.kind !== 'order') return false;
    const name = `${at.topic}/${at.partition}`;
    const seen = this.#seenOrders.get(name) ?? new Set();
    this.#seenOrders.set(name, seen);
    if (seen.has(event.id)) return true;
    seen.add(event.id);
    return false;
  }
}

/** Topic by type, key by type; what cannot be read goes to the orders and has no key, nor has an array (Silent). */
export function placeOf(
  record: Uint8Array,
  [orders, deliveries, clicks]: readonly [string, string, string],
  partitions: number,
): { topic: string; partition: number; key: string | undefined } {
  const { array, outcomes } = readRecord(record);
  const event = outcomes[0];
  const keyed = !array && event !== undefined && event.kind !== 'dead';
  const key = (keyed && event.id) || undefined;
  const topic = !keyed ? orders : event.kind === 'click' ? clicks : event.kind === 'delivery' ? deliveries : orders;
  return { topic, partition: partitionOf(key ?? record, partitions), key };
}

/**
 * The records of a file. Silent: of a line that is too large one byte more than the limit is kept, enough to see that
 * it is; those bytes decide its partition.
 */
export function* lines(bytes: Uint8Array): Generator<Uint8Array> {
  const hasBom = bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
  for (let start = hasBom ? 3 : 0; start < bytes.length; ) {
    const feed = bytes.indexOf(0x0a, start);
    const end = feed < 0 ? bytes.length : feed;
    const line = bytes.subarray(start, bytes[end - 1] === 0x0d && end > start ? end - 1 : end);
    if (line.some((byte) => byte !== 0x20 && byte !== 0x09 && byte !== 0x0d)) yield line.subarray(0, RECORD_BYTES + 1);
    start = end + 1;
  }
}
