/** The embedded archive, local files and the manifest, against the contracts of every archive. */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { LocalArchiveFiles } from '../../actors/backends/archive-local.ts';
import { EmbeddedArchiveManifest } from '../../actors/backends/store-embedded-manifest.ts';
import { archiveFilesContract } from './archive-files.ts';
import { archiveManifestContract } from './archive-manifest.ts';
import { temporaryFolder } from './temporary-folder.ts';

archiveFilesContract({
  name: 'local archive',
  scheme: 'file:///',
  make: async () => {
    const folder = temporaryFolder();
    return {
      files: async () => new LocalArchiveFiles(join(folder.path, 'archive')),
      close: async () => folder.remove(),
    };
  },
});

archiveManifestContract({
  name: 'embedded manifest',
  make: async () => {
    const folder = temporaryFolder();
    mkdirSync(join(folder.path, 'store'));
    return {
      manifest: async () => new EmbeddedArchiveManifest(folder.path),
      close: async () => folder.remove(),
    };
  },
});
