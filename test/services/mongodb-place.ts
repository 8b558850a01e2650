/** Databases of a test. */
import { MongoClient } from 'mongodb';
import { address } from './servers.ts';

/** Drops every database with this mark in its name. */
export async function removeDatabases(mark: string): Promise<void> {
  const client = new MongoClient(address('MONGODB_URI'));
  try {
    const { databases } = await client.db('admin').admin().listDatabases({ nameOnly: true });
    for (const { name } of databases) if (name.includes(mark)) await client.db(name).dropDatabase();
  } finally {
    await client.close();
  }
}
