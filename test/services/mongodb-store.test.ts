/**
 * MongoDB by the contracts of every store: with no projection ever run, and with all of them run after each commit and the
 * journal trimmed behind them.
 */
import { archiveManifestContract } from '../contracts/archive-manifest.ts';
import { hotStoreContract } from '../contracts/hot-store.ts';
import { hotStoreOrdersContract } from '../contracts/hot-store-orders.ts';
import { jobStoreContract } from '../contracts/job-store.ts';
import { rawEventsContract } from '../contracts/raw-events.ts';
import { rollupHistoryContract } from '../contracts/rollup-history.ts';
import { rollupContract } from '../contracts/rollups.ts';
import { mongoSkip } from './mongodb.ts';
import { journalOnly, mongoFixture, trimmed } from './mongodb-fixture.ts';

const variants = [
  { name: 'MongoDB, journal only,', skip: mongoSkip, make: mongoFixture(journalOnly) },
  { name: 'MongoDB, projected and trimmed,', skip: mongoSkip, make: mongoFixture(trimmed) },
];
for (const variant of variants) {
  hotStoreContract(variant);
  hotStoreOrdersContract(variant);
  rollupContract(variant);
  // Only what was projected can be let go of: the journal is the projections' to take away.
  // And an order has a document of its own there, for people.
  if (!variant.name.includes('only')) rawEventsContract({ ...variant, mostTimes: 30 });
}
rollupHistoryContract({ name: 'MongoDB roll-ups', skip: mongoSkip, make: mongoFixture(trimmed), seeds: [1] });
archiveManifestContract({ name: 'MongoDB manifest', skip: mongoSkip, make: mongoFixture(journalOnly) });
jobStoreContract({ name: 'MongoDB jobs', skip: mongoSkip, make: mongoFixture(journalOnly) });
