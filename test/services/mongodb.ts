/** A database of its own on the MongoDB that the environment names, gone when the test is over. */
import { randomUUID } from 'node:crypto';
import { Mongo, type MongoConfig } from '../../actors/backends/store-mongodb-client.ts';
import { prepareCollections } from '../../actors/backends/store-mongodb-schema.ts';

const uri = process.env.MONGODB_URI;

/** Why tests that need MongoDB are skipped, if they are. */
export const mongoSkip = uri ? undefined : 'MONGODB_URI is not set';

export function mongoConfig(processId = 'test'): MongoConfig {
  const address = new URL(uri as string);
  address.pathname = `/t-mongo-${randomUUID().slice(0, 8)}`;
  return { mongodbUri: address.href, group: 'pulso', processId };
}

export async function withMongo<T>(config: MongoConfig, work: (mongo: Mongo) => Promise<T>): Promise<T> {
  const mongo = new Mongo(config);
  try {
    return await work(mongo);
  } finally {
    await mongo.close();
  }
}

export async function freshMongo(processId?: string): Promise<{ config: MongoConfig; drop(): Promise<void> }> {
  const config = mongoConfig(processId);
  await withMongo(config, prepareCollections);
  return {
    config,
    drop: async () => {
      await withMongo(config, (mongo) => mongo.db.dropDatabase());
    },
  };
}
