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

  async close(): Promise<void> {
    this.#patience.close();
    await this.#mongo.close();
  }

  #facts() {
    return this.#mongo.collection<Fact>('facts');
  }
}
