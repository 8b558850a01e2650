/** Folders of a test on HDFS. */
import { userInfo } from 'node:os';
import { address } from './servers.ts';

const LIMIT_MS = 30_000;

async function hdfs(method: 'GET' | 'DELETE' | 'PUT', path: string, query: string): Promise<unknown> {
  const user = encodeURIComponent(userInfo().username);
  const url = new URL(`/webhdfs/v1${path}?${query}&user.name=${user}`, address('WEBHDFS_URL'));
  const answer = await fetch(url, { method, signal: AbortSignal.timeout(LIMIT_MS) });
  const body = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${url} answered ${answer.status} ${body.slice(0, 300)}`);
  return body === '' ? undefined : JSON.parse(body);
}

/** Removes every folder of the root with this mark in its name. */
export async function removeFolders(mark: string): Promise<void> {
  const { FileStatuses } = (await hdfs('GET', '/', 'op=LISTSTATUS')) as {
    FileStatuses: { FileStatus: { pathSuffix: string }[] };
  };
  for (const { pathSuffix } of FileStatuses.FileStatus) {
    if (pathSuffix.includes(mark)) await hdfs('DELETE', `/${pathSuffix}`, 'op=DELETE&recursive=true');
  }
}

/** The most bytes that a folder may hold, copies included; -1 = as many as there is space for. */
export async function setSpaceQuota(path: string, bytes: number): Promise<void> {
  await hdfs('PUT', path, `op=SETQUOTA&storagespacequota=${bytes}`);
}
