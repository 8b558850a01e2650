/** The embedded log against the contract of every event log. */
import { EmbeddedLogWriter } from '../../actors/backends/event-log-embedded.ts';
import { EmbeddedLogSource } from '../../actors/backends/event-log-embedded-source.ts';
import { eventLogContract } from './event-log.ts';
import { temporaryFolder } from './temporary-folder.ts';

eventLogContract({
  name: 'embedded log',
  make: async () => {
    const folder = temporaryFolder();
    const config = { dataDir: folder.path, partitions: 2, topics: ['orders', 'clicks'], logBytes: 1e9 };
    new EmbeddedLogWriter(config).close();
    return {
      writer: async () => new EmbeddedLogWriter(config),
      source: async () => new EmbeddedLogSource(config),
      close: async () => folder.remove(),
    };
  },
});
