/** A look at MongoDB: whether it answers, its version, and whether this user may write. */
import { MongoClient } from 'mongodb';
import { type Finding, reason } from './probe.ts';
import { databaseName } from './store-mongodb-client.ts';

export type MongoProbe = { readonly mongodbUri: string; readonly group: string };

const SELECTION_MS = 2_500;
const SOCKET_MS = 3_500;
/** Codes of the server. */
const UNAUTHORIZED = 13;
const NO_LOGIN = 18;
const NOT_WRITABLE = [10107, 13435];

export async function probeMongodb(config: MongoProbe): Promise<Finding> {
  const { mongodbUri: uri } = config;
  let client: MongoClient;
  try {
    client = new MongoClient(uri, {
      serverSelectionTimeoutMS: SELECTION_MS,
      connectTimeoutMS: SELECTION_MS,
      socketTimeoutMS: SOCKET_MS,
      retryWrites: false,
      maxPoolSize: 1,
    });
  } catch (thrown) {
    return {
      state: 'fail',
      text: (thrown as Error).message,
      fix: 'correct MONGODB_URI: mongodb://user:password@host:27017/pulso',
    };
  }
  try {
    const info = await client.db('admin').command({ buildInfo: 1 });
    await tryWriting(client, databaseName(config));
    return { state: 'ok', text: `version ${versionOf(info)}; may write` };
  } catch (thrown) {
    return explainMongodb(thrown);
  } finally {
    client.close().catch(() => undefined);
  }
}

/** An update that meets no document: the right is asked for, nothing is written and no collection made. */
async function tryWriting(client: MongoClient, database: string): Promise<void> {
  const nobody = `doctor-${crypto.randomUUID()}` as never;
  await client
    .db(database)
    .collection('journal')
    .updateOne({ _id: nobody }, { $set: { doctor: 1 } });
}

function versionOf({ version, ferretdb }: { version?: unknown; ferretdb?: { version?: unknown } }): string {
  return ferretdb === undefined ? String(version) : `${version} (FerretDB ${ferretdb.version ?? ''})`;
}

export function explainMongodb(thrown: unknown): Finding {
  const { code, name, message } = thrown as { code?: unknown; name?: string; message?: string };
  const fail = (text: string, fix: string): Finding => ({ state: 'fail', text, fix });
  if (code === NO_LOGIN || /auth/i.test(String(name))) {
    return fail(`it refuses the login (${message})`, 'correct user, password and authSource in MONGODB_URI');
  }
  if (code === UNAUTHORIZED) {
    return fail(`the user may not write (${message})`, 'give it the role readWrite on the database of MONGODB_URI');
  }
  if (NOT_WRITABLE.includes(code as number)) {
    return fail('it is not the primary', 'name all members of the replica set in MONGODB_URI, with replicaSet=');
  }
  if (name !== 'MongoServerSelectionError') return fail(String(message), 'see what the server logs');
  const cause = innermost(thrown);
  if (/timed? ?out/i.test(reason(cause))) {
    return fail('no answer', 'see whether it hangs, whether the port is right, and whether it wants TLS (tls=true)');
  }
  return fail(`${addressesOf(thrown)}${reason(cause)}`, 'start MongoDB, or correct MONGODB_URI');
}

/** The driver says what went wrong with one server, if it knows. */
function innermost(thrown: unknown): unknown {
  let error = thrown;
  while (error instanceof Error && error.cause !== undefined) error = error.cause;
  return error;
}

function addressesOf(thrown: unknown): string {
  const { servers } = (thrown as { reason?: { servers?: ReadonlyMap<string, unknown> } }).reason ?? {};
  return servers === undefined ? '' : `${[...servers.keys()].join(', ')}: `;
}
