/** MongoDB before anything starts: whether it answers, whether what it holds is ours, and the indexes that queries need. */
import { AppError } from '../../protocol/errors.ts';
import type { PartitionState } from '../ports/hot-store.ts';
import { isOutage, Mongo, type MongoConfig } from './store-mongodb-client.ts';
import { MongoStoreReader } from './store-mongodb-reader.ts';
import { prepareCollections } from './store-mongodb-schema.ts';

/** What the database holds; another form of documents gets another number. */
const FORMAT = 'pulso store 2';
/** A server that has just been started may need a moment; a wrong address is told after this. */
const REACH_MS = 4_000;
const RETRY_MS = 200;

export async function prepareMongo(config: MongoConfig): Promise<void> {
  const mongo = new Mongo(config);
  try {
    await reach(mongo);
    await checkFormat(mongo);
    await mongo.once(() => prepareCollections(mongo));
  } finally {
    await mongo.close();
  }
}

/** What every topic-partition has come to. */
export async function readMongoStates(config: MongoConfig): Promise<readonly PartitionState[]> {
  const reader = new MongoStoreReader(config);
  try {
    return await reader.partitions();
  } finally {
    await reader.close();
  }
}

async function reach(mongo: Mongo): Promise<void> {
  const end = performance.now() + REACH_MS;
  for (;;) {
    try {
      await mongo.attempt(() => mongo.db.command({ ping: 1 }));
      return;
    } catch (thrown) {
      if (!isOutage(thrown)) throw thrown;
      if (performance.now() > end) throw unreachable(mongo.address, thrown);
    }
    await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
  }
}

function unreachable(address: string, cause: unknown): AppError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new AppError(
    'bad-config',
    `Cannot start as MONGODB_URI must name a MongoDB that answers: ${address} does not (${reason})`,
    { field: 'mongodbUri', cause },
  );
}

async function checkFormat(mongo: Mongo): Promise<void> {
  const facts = mongo.collection<{ _id: string; value: string }>('facts');
  const format = await mongo.once(() =>
    facts.findOneAndUpdate(
      { _id: 'format' },
      { $setOnInsert: { value: JSON.stringify(FORMAT) } },
      { upsert: true, returnDocument: 'after' },
    ),
  );
  if (format !== null && JSON.parse(format.value) !== FORMAT) {
    throw new AppError(
      'data-mismatch',
      `Cannot use the database ${mongo.db.databaseName} as it must hold "${FORMAT}": it holds ${format.value}`,
    );
  }
}
