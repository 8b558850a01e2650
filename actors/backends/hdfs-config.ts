/** From the settings of HDFS and Hive to what their backends need, as plain data. */
import { userInfo } from 'node:os';
import type { WebhdfsConfig } from './archive-webhdfs-reader.ts';
import type { HiveConfig } from './catalog-hive.ts';

export type HdfsSettings = {
  readonly webhdfsUrl?: string | undefined;
  readonly hdfsUrl?: string | undefined;
  readonly hdfsUser?: string | undefined;
  readonly hiveMetastore?: string | undefined;
};

const REST_PATH = '/webhdfs/v1';
const STANDARD_ROOT = '/pulso';
const STANDARD_DATABASE = 'pulso';
const STANDARD_GROUP = 'pulso';
const RPC_PORT = 8020;
const HIVE_PORT = 9083;
const CALL_MS = 10_000;
const TRANSFER_MS = 30_000;
/** The Metastore asks HDFS in turn, and waits for it. */
const HIVE_MS = 30_000;

/** Both absent without `WEBHDFS_URL`; every group but the standard one has a folder and a database of its own. */
export function hdfsConfig(settings: HdfsSettings, group: string): { webhdfs?: WebhdfsConfig; hive?: HiveConfig } {
  const { webhdfsUrl, hdfsUrl, hdfsUser, hiveMetastore } = settings;
  if (webhdfsUrl === undefined) return {};
  const { origin, hostname, pathname } = new URL(webhdfsUrl);
  const folder = pathname.replace(REST_PATH, '').replace(/\/+$/, '') || STANDARD_ROOT;
  const webhdfs: WebhdfsConfig = {
    url: `${origin}${REST_PATH}`,
    user: hdfsUser ?? ownName(),
    hdfsUrl: hdfsUrl?.replace(/\/+$/, '') ?? `hdfs://${hostname}:${RPC_PORT}`,
    root: group === STANDARD_GROUP ? folder : `${folder}/groups/${group}`,
    callMs: CALL_MS,
    transferMs: TRANSFER_MS,
  };
  return hiveMetastore === undefined ? { webhdfs } : { webhdfs, hive: hiveConfig(hiveMetastore, webhdfs, group) };
}

function hiveConfig(address: string, { hdfsUrl, root }: WebhdfsConfig, group: string): HiveConfig {
  const { hostname, port } = new URL(address);
  return {
    host: hostname.replace(/^\[|\]$/g, ''),
    port: Number(port || HIVE_PORT),
    limitMs: HIVE_MS,
    database:
      group === STANDARD_GROUP ? STANDARD_DATABASE : `${STANDARD_DATABASE}_${group.toLowerCase().replace(/\W/g, '_')}`,
    location: `${hdfsUrl}${root}`,
  };
}

/** As Hadoop's own clients do without a setting. A container may have no name for its user. */
function ownName(): string {
  try {
    return userInfo().username;
  } catch {
    return STANDARD_GROUP;
  }
}
