/** Small facts of the whole system in the collection `facts`, as JSON text: any key a document could not have is safe in there. */
import type { FactStore } from '../ports/hot-store.ts';
import { Mongo, type MongoConfig, type OutageWatch, Patience } from './store-mongodb-client.ts';

type Fact = { readonly _id: string; readonly value: string };

export class MongoFactStore implements FactStore {
  readonly #mongo: Mongo;
  readonly #patience: Patience;

  constructor(config: MongoConfig, watch?: OutageWatch) {
    this.#mongo = new Mongo(config);
    this.#patience = new Patience(this.#mongo, watch);
  }

  async get(key: string): Promise<unknown> {
    const fact = await this.#patience.run(() => this.#facts().findOne({ _id: key }));
    return fact === null ? undefined : JSON.parse(fact.value);
  }

  async put(key: string, value: unknown): Promise<void> {
    const text = JSON.stringify(value);
    await this.#patience.run(() => this.#facts().updateOne({ _id: key }, { $set: { value: text } }, { upsert: true }));
  }

  /** A write that was told twice, as its first answer was lost, may find its own: then nobody has claimed. */
  async claim(key: string, value: unknown): Promise<boolean> {
    const insert = { $setOnInsert: { value: JSON.stringify(value) } };
    const done = await this.#patience.run(() => this.#facts().updateOne({ _id: key }, insert, { upsert: true }));
    return done.upsertedCount === 1;
  }

  async find(keys: readonly string[]): Promise<ReadonlyMap<string, unknown>> {
    const found = await this.#patience.run(() =>
      this.#facts()
        .find({ _id: { $in: [...keys] } })
        .toArray(),
    );
    return new Map(found.map(({ _id, value }) => [_id, JSON.parse(value) as unknown]));
  }

  async remove(key: string): Promise<void> {
    await this.#patience.run(() => this.#facts().deleteOne({ _id: key }));
  }

  async close(): Promise<void> {
    this.#patience.close();
    await this.#mongo.close();
  }

  #facts() {
    return this.#mongo.collection<Fact>('facts');
  }
}
