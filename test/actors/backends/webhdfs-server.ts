/**
 * A NameNode and a DataNode in one small server, for what a real one does only once in a blue moon: it does well until
 * `fault` takes a call away from it. Everything that a real HDFS can be made to do is tested on a real one.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { TestContext } from 'node:test';
import { hdfsChecksum } from '../../../actors/backends/archive-webhdfs-checksum.ts';

const BLOCK_BYTES = 4096;

export type WebhdfsCall = {
  /** Who is asked: the NameNode, or the DataNode that it has sent the caller to. */
  readonly node: 'name' | 'data';
  readonly op: string;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
};

export type WebhdfsServer = {
  readonly url: string;
  readonly files: Map<string, Buffer>;
  /** `name CREATE /path`, in the order in which they came. */
  readonly calls: string[];
  /** True where the call was dealt with, be it by not answering at all. */
  fault: (call: WebhdfsCall) => boolean;
  /** Does what was asked for, as if there were no fault. */
  serve(call: WebhdfsCall): Promise<void>;
};

export function refuse({ response }: WebhdfsCall, status: number, exception: string, message = exception): true {
  answer(response, status, { RemoteException: { exception, message, javaClassName: exception } });
  return true;
}

export function answer(response: ServerResponse, status: number, body: unknown): true {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  return true;
}

export async function bodyOf(request: IncomingMessage): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const part of request) parts.push(part as Buffer);
  return Buffer.concat(parts);
}

export async function webhdfsServer(t: TestContext): Promise<WebhdfsServer> {
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url as string, 'http://localhost');
    const node = pathname.startsWith('/webhdfs/v1/') ? 'name' : 'data';
    const path = pathname.replace(/^\/(webhdfs|data)\/v1/, '');
    const op = (searchParams.get('op') as string).toUpperCase();
    const call: WebhdfsCall = { node, op, path, query: searchParams, request, response };
    hdfs.calls.push(`${node} ${op} ${path}`);
    if (!hdfs.fault(call)) void hdfs.serve(call);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const files = new Map<string, Buffer>();
  const hdfs: WebhdfsServer = {
    url: `${origin}/webhdfs/v1`,
    files,
    calls: [],
    fault: () => false,
    serve: async (call) => {
      if (call.node === 'data') await DATA[call.op]?.(call, files);
      else if (call.op in DATA) redirect(call, origin);
      else NAMES[call.op]?.(call, files);
    },
  };
  return hdfs;
}

function redirect({ path, query, response }: WebhdfsCall, origin: string): void {
  response.writeHead(307, { location: `${origin}/data/v1${path}?${query}` }).end();
}

type Serve = (call: WebhdfsCall, files: Map<string, Buffer>) => unknown;

const NAMES: Record<string, Serve> = {
  GETFILESTATUS: (call, files) => {
    const found = files.get(call.path);
    if (found === undefined) return refuse(call, 404, 'FileNotFoundException');
    return answer(call.response, 200, {
      FileStatus: { type: 'FILE', length: found.length, blockSize: BLOCK_BYTES, pathSuffix: '' },
    });
  },
  MKDIRS: ({ response }) => answer(response, 200, { boolean: true }),
  RENAME: ({ path, query, response }, files) => {
    const to = query.get('destination') as string;
    const found = files.get(path);
    const done = found !== undefined && !files.has(to);
    if (done) files.set(to, found);
    if (done) files.delete(path);
    return answer(response, 200, { boolean: done });
  },
  DELETE: ({ path, response }, files) => answer(response, 200, { boolean: files.delete(path) }),
};

const DATA: Record<string, Serve> = {
  CREATE: async ({ path, request, response }, files) => {
    files.set(path, await bodyOf(request));
    response.writeHead(201, { location: `hdfs://127.0.0.1:8020${path}` }).end();
  },
  OPEN: ({ path, query, response }, files) => {
    const [offset, length] = [Number(query.get('offset')), Number(query.get('length'))];
    response.writeHead(200).end(files.get(path)?.subarray(offset, offset + length));
  },
  GETFILECHECKSUM: async (call, files) => {
    const found = files.get(call.path);
    if (found === undefined) return refuse(call, 404, 'FileNotFoundException');
    const digest = await hdfsChecksum(found, BLOCK_BYTES, 512);
    const bytes = `${'0'.repeat(24)}${digest}00000000`;
    return answer(call.response, 200, {
      FileChecksum: { algorithm: 'MD5-of-8MD5-of-512CRC32C', bytes, length: 28 },
    });
  },
};
