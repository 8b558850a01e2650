/** A look at HDFS over WebHDFS: the NameNode, whether the user may write in the folder, and a DataNode. */
import { get, type IncomingMessage } from 'node:http';
import { get as getSecurely } from 'node:https';
import { type Finding, hostAndPort, reason, unreachable } from './probe.ts';

const REQUEST_MS = 3_000;
const MOST_BYTES = 64 * 1024;

export type WebhdfsProbe = {
  /** Of the REST interface, its path included: `http://namenode:9870/webhdfs/v1`. */
  readonly url: string;
  readonly user: string;
  /** Folder of all files. */
  readonly root: string;
};

type Remote = { readonly exception: string; readonly message: string };
type Answer = { readonly status: number; readonly body: unknown };

export async function probeWebhdfs(config: WebhdfsProbe): Promise<Finding> {
  try {
    const standing = await nearestFolder(config);
    await check(config, standing);
    return await checkDataNode(config);
  } catch (thrown) {
    if (thrown instanceof Refused) return thrown.finding;
    return { state: 'fail', text: reason(thrown), fix: 'start the NameNode, or correct WEBHDFS_URL' };
  }
}

/** What was found wrong, thrown out of the steps of the look. */
class Refused extends Error {
  readonly finding: Finding;
  constructor(text: string, fix: string) {
    super(text);
    this.finding = { state: 'fail', text, fix };
  }
}

/** The folder of the files, or the one that it would be made in. */
async function nearestFolder(config: WebhdfsProbe): Promise<string> {
  for (let path = config.root; ; path = path.replace(/\/[^/]*$/, '') || '/') {
    const { status, body } = await ask(config, 'GET', path, 'op=GETFILESTATUS');
    if (status === 200 && isObject(body) && 'FileStatus' in body) return path;
    const remote = remoteOf(body);
    if (remote === undefined) {
      throw new Refused(`it answers ${status} and not as WebHDFS does`, "name the NameNode's HTTP port in WEBHDFS_URL");
    }
    if (status !== 404 || path === '/') throw refusal(remote, config, path);
  }
}

async function check(config: WebhdfsProbe, path: string): Promise<void> {
  const { status, body } = await ask(config, 'GET', path, 'op=CHECKACCESS&fsaction=-wx');
  if (status !== 200) throw refusal(remoteOf(body) ?? { exception: '', message: `answer ${status}` }, config, path);
}

/** Asks where a new file would go: the NameNode names a DataNode, and makes nothing yet. */
async function checkDataNode(config: WebhdfsProbe): Promise<Finding> {
  const path = `${config.root}/doctor-${crypto.randomUUID()}`;
  const { status, body } = await ask(config, 'PUT', path, 'op=CREATE&noredirect=true');
  const location = isObject(body) && typeof body.Location === 'string' ? body.Location : undefined;
  if (location === undefined) {
    const { message } = remoteOf(body) ?? { message: `answer ${status}` };
    const fix = 'start a DataNode, and see whether the NameNode is out of safe mode';
    throw new Refused(`no DataNode takes a file (${firstLine(message)})`, fix);
  }
  const { host, port } = hostAndPort(location, 9864);
  const why = await unreachable(host, port);
  if (why !== undefined) {
    const fix = 'start it, or set dfs.datanode.hostname to a name that this machine can reach';
    throw new Refused(`the DataNode ${host}:${port} that it sends writers to: ${why}`, fix);
  }
  return { state: 'ok', text: `${config.user} may write in ${config.root}; DataNode ${host}:${port}` };
}

function refusal({ exception, message }: Remote, { user }: WebhdfsProbe, path: string): Refused {
  if (exception === 'AccessControlException') {
    const fix = 'set HDFS_USER to one who may, or have an administrator make the folder for this user';
    return new Refused(`the user ${user} may not write in ${path}`, fix);
  }
  if (exception === 'StandbyException')
    return new Refused('this NameNode is on standby', 'name the active one in WEBHDFS_URL');
  return new Refused(`${exception} ${firstLine(message)}`.trim(), 'see what the NameNode logs');
}

function ask(config: WebhdfsProbe, method: string, path: string, query: string): Promise<Answer> {
  const url = new URL(`${config.url}${path}?${query}&user.name=${encodeURIComponent(config.user)}`);
  const send = url.protocol === 'https:' ? getSecurely : get;
  return new Promise((resolve, reject) => {
    const request = send(url, { method, agent: false, signal: AbortSignal.timeout(REQUEST_MS) }, (answer) => {
      readAll(answer).then((text) => resolve({ status: answer.statusCode ?? 0, body: parse(text) }), reject);
    });
    request.on('error', (error) =>
      reject(error.name === 'AbortError' ? new Error(`no answer within ${REQUEST_MS / 1000} s`) : error),
    );
    request.end();
  });
}

async function readAll(answer: IncomingMessage): Promise<string> {
  let text = '';
  for await (const chunk of answer.setEncoding('utf8')) {
    text += chunk;
    if (text.length > MOST_BYTES) break;
  }
  return text;
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null;
}

function remoteOf(body: unknown): Remote | undefined {
  const remote = isObject(body) ? body.RemoteException : undefined;
  if (!isObject(remote)) return undefined;
  return { exception: String(remote.exception), message: String(remote.message) };
}

function firstLine(message: string): string {
  return message.split('\n')[0]?.slice(0, 200) ?? '';
}
