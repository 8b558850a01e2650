/** Windows and dead letters of the journal in collections of their own. */
import type { Projection } from '../ports/projection.ts';
import { insertMissing } from './store-mongodb-client.ts';
import { type OwnedPartitions, replaceNewer } from './store-mongodb-owned.ts';
import { wholePayload } from './store-mongodb-payload.ts';
import {
  above,
  type DeadLetterDocument,
  type JournalDocument,
  letterId,
  type PartialDocument,
  type PartitionDocument,
  partitionId,
} from './store-mongodb-schema.ts';

/** Journal documents of a topic-partition taken at once. */
const SLICE = 100;
const KPI_REST_MS = 400;

/** Windows and dead letters: the newest of each window within a slice is written. */
export class KpiProjection implements Projection {
  readonly name = 'kpi_partials';
  readonly restMs = KPI_REST_MS;
  readonly #source: OwnedPartitions;

  constructor(source: OwnedPartitions) {
    this.#source = source;
  }

  async step() {
    const { partials, letters } = this.#source.collections;
    const read = await Promise.all((await this.#source.list()).map((partition) => this.#read(partition)));
    const windows = read.flatMap((slice) => [...slice.windows.values()]);
    const dead = read.flatMap((slice) => slice.letters);
    await replaceNewer(partials, windows, 'place');
    for (let at = 0; at < dead.length; at += 1_000) await insertMissing(letters, dead.slice(at, at + 1_000));
    await this.#source.advance(
      'kpiCursor',
      read.filter(({ to, partition }) => to > partition.kpiCursor),
    );
    return { written: windows.length + dead.length, more: read.some(({ full }) => full) };
  }

  async #read(partition: PartitionDocument) {
    const { journal, parts } = this.#source.collections;
    const windows = new Map<number, PartialDocument>();
    const letters: DeadLetterDocument[] = [];
    let to = partition.kpiCursor;
    let count = 0;
    const documents = journal
      .find(above(partition, to), { projection: { raw: 0, dedup: 0 } })
      .sort({ _id: 1 })
      .limit(SLICE);
    for await (const document of documents) {
      const payload = await wholePayload({ ...document, raw: [] }, parts);
      const { topic, partition: index, place, seq } = document;
      for (const { start, packed } of payload.windows)
        windows.set(start, {
          _id: `${partitionId(document)}:${start}`,
          topic,
          partition: index,
          start,
          place,
          seq,
          packed,
        });
      for (const letter of payload.dead) letters.push(letterDocument(document, letter));
      to = place;
      count++;
    }
    return { partition, windows, letters, to, full: count === SLICE };
  }
}

function letterDocument(
  { topic, partition }: JournalDocument,
  letter: JournalDocument['dead'][number],
): DeadLetterDocument {
  const whole = { topic, partition, ...letter };
  return { _id: letterId(whole), ...whole };
}
