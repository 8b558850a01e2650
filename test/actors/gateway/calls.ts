/** Requests to a served gateway, and what an error must look like. */
import assert from 'node:assert/strict';
import { request as httpRequest } from 'node:http';
import { type Served, TOKEN } from './served.ts';

export type Reply = {
  status: number;
  headers: Record<string, string>;
  body: string;
  json: () => ReturnType<typeof JSON.parse>;
};

/** fetch does not let a test choose its Host. */
export function call(
  served: Served,
  path: string,
  options: { method?: string; headers?: Record<string, string>; body?: string | Uint8Array } = {},
): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const asked = httpRequest(
      `${served.url}${path}`,
      { method: options.method ?? 'GET', headers: { ...options.headers }, agent: false },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => {
          const body = Buffer.concat(chunks).toString();
          const headers = response.headers as Record<string, string>;
          resolve({ status: response.statusCode ?? 0, headers, body, json: () => JSON.parse(body) });
        });
      },
    );
    asked.on('error', reject);
    asked.end(options.body);
  });
}

export const json = { 'content-type': 'application/json' };
export const bearer = { authorization: `Bearer ${TOKEN}` };
export const command = (served: Served, path: string, body: unknown, headers: Record<string, string> = {}) =>
  call(served, path, { method: 'POST', headers: { ...json, ...bearer, ...headers }, body: JSON.stringify(body) });
export const post = (served: Served, body: string | Uint8Array, headers: Record<string, string> = {}) =>
  call(served, '/events', { method: 'POST', headers: { 'content-type': 'application/x-ndjson', ...headers }, body });

export function assertError(reply: Reply, status: number, code: string, field?: string): void {
  assert.equal(reply.status, status, reply.body);
  const { error } = reply.json();
  assert.equal(error.code, code);
  assert.ok(error.message.length > 10);
  assert.equal(error.field, field);
  assert.match(reply.headers['content-type'] ?? '', /^application\/json/);
}
