/** A driver that looks for its server no more, as it does where a line is cut at the wrong moment, is renewed. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Mongo } from '../../actors/backends/store-mongodb-client.ts';
import { until } from '../system/exactness.ts';
import { FlakyLine } from './flaky-line.ts';
import { mongoSkip } from './mongodb.ts';

type Monitored = {
  readonly topology: { readonly s: { readonly servers: Map<string, { monitor: { close(): void } }> } };
};

test('a driver that never looks for its server again is renewed within seconds', { skip: mongoSkip }, async (t) => {
  const uri = process.env.MONGODB_URI as string;
  const line = await FlakyLine.to(uri);
  const mongo = new Mongo({ mongodbUri: line.through(uri), group: 'pulso' });
  t.after(async () => {
    await mongo.close();
    await line.close();
  });
  const ping = () => mongo.attempt(() => mongo.db.command({ ping: 1 }));
  await ping();

  // The driver has no way to ask for this: its monitors end as if they had been forgotten.
  const { servers } = (mongo.db.client as unknown as Monitored).topology.s;
  for (const { monitor } of servers.values()) monitor.close();
  line.blink();
  await assert.rejects(ping());
  await assert.rejects(ping(), { name: 'MongoServerSelectionError' });
  await until('it answers again', 20_000, async () => {
    const state = await ping().catch((thrown: Error) => thrown.message);
    return { done: typeof state === 'object', state };
  });
});
