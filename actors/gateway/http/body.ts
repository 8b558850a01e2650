/** Small JSON bodies, read whole; an empty one says nothing. */
import type { IncomingMessage } from 'node:http';
import { AppError } from '../../../protocol/errors.ts';

/** Commands are a few short texts. */
const MOST_BYTES = 16 * 1024;

/** Leaving the loop early keeps the connection, so that the refusal can still be sent. */
export function chunksOf(request: IncomingMessage): AsyncIterable<Uint8Array> {
  return { [Symbol.asyncIterator]: () => request.iterator({ destroyOnReturn: false }) };
}

export async function readJson(request: IncomingMessage): Promise<unknown> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of chunksOf(request)) {
    length += chunk.length;
    if (length > MOST_BYTES)
      throw new AppError('too-large', `Cannot take a body of more than ${MOST_BYTES} bytes here`);
    chunks.push(chunk);
  }
  if (length === 0) return {};
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    throw new AppError('bad-parameter', 'Cannot read the body as it is not JSON');
  }
}
