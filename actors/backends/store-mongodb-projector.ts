/**
 * The projections of the journal, for the topic-partitions that this process owns. Every step can be made again, and by two
 * processes at once: documents are written by `_id` and place, cursors move by compare-and-set, sums move with the cursor.
 */
import type { Backlog, Projection, ProjectionOptions, Projector } from '../ports/projection.ts';
import { Mongo, type MongoConfig, type OutageWatch, Patience } from './store-mongodb-client.ts';
import { DimensionProjection } from './store-mongodb-dims-projection.ts';
import { KpiProjection } from './store-mongodb-kpi-projection.ts';
import { MinuteProjection } from './store-mongodb-minutes.ts';
import { OwnedPartitions } from './store-mongodb-owned.ts';
import { RawProjection } from './store-mongodb-raw-projection.ts';
import { collections } from './store-mongodb-schema.ts';
import { JournalTrim } from './store-mongodb-trim.ts';

export class MongoProjector implements Projector {
  readonly projections: readonly Projection[];
  readonly #mongo: Mongo;
  readonly #patience: Patience;
  readonly #source: OwnedPartitions;

  constructor(config: MongoConfig, options: ProjectionOptions, watch?: OutageWatch) {
    this.#mongo = new Mongo(config);
    this.#patience = new Patience(this.#mongo, watch);
    this.#source = new OwnedPartitions(collections(this.#mongo), config.processId);
    const all = [
      new KpiProjection(this.#source),
      new RawProjection(this.#source, options.nextTurn),
      new MinuteProjection(this.#source, options),
      new DimensionProjection(this.#source, options.nextTurn),
      new JournalTrim(this.#source, Date.now),
    ];
    this.projections = all.map((projection) => this.#patient(projection));
  }

  backlog(): Promise<Backlog> {
    return this.#patience.run(() => this.#source.backlog(Date.now()));
  }

  async close(): Promise<void> {
    this.#patience.close();
    await this.#mongo.close();
  }

  #patient(projection: Projection): Projection {
    const { name, restMs } = projection;
    return { name, restMs, step: () => this.#patience.run(() => projection.step()) };
  }
}
