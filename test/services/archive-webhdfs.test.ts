/** The archive on a real HDFS against the contract of every archive. */
import { randomBytes } from 'node:crypto';
import { userInfo } from 'node:os';
import { WebhdfsArchiveFiles } from '../../actors/backends/archive-webhdfs.ts';
import { archiveFilesContract } from '../contracts/archive-files.ts';
import { removeFolders } from './hdfs-place.ts';
import { address, needs } from './servers.ts';

const { skip } = needs('WEBHDFS_URL');

archiveFilesContract({
  name: 'archive on HDFS',
  skip: skip || undefined,
  scheme: 'hdfs://',
  make: async () => {
    const mark = `t-hdfs-${randomBytes(4).toString('hex')}`;
    const config = {
      url: new URL('/webhdfs/v1', address('WEBHDFS_URL')).href,
      user: userInfo().username,
      hdfsUrl: 'hdfs://127.0.0.1:8020',
      root: `/${mark}`,
      callMs: 10_000,
      transferMs: 30_000,
    };
    return {
      files: async () => new WebhdfsArchiveFiles(config),
      close: () => removeFolders(mark),
    };
  },
});
