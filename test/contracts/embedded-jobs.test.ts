/** The embedded history of jobs against the contract of all of them. */
import { EmbeddedJobStore } from '../../actors/backends/store-embedded-jobs.ts';
import { jobStoreContract } from './job-store.ts';
import { temporaryFolder } from './temporary-folder.ts';

jobStoreContract({
  name: 'embedded job store',
  make: async () => {
    const folder = temporaryFolder();
    const opened: EmbeddedJobStore[] = [];
    return {
      jobs: async () => {
        const store = new EmbeddedJobStore(folder.path);
        opened.push(store);
        return store;
      },
      close: async () => {
        for (const store of opened) await store.close();
        folder.remove();
      },
    };
  },
});
