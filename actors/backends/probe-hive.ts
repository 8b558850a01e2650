/** A look at the Hive Metastore: one question in thrift's binary protocol, so that no driver is needed for it. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { type Finding, reason } from './probe.ts';

const ANSWER_MS = 3_000;
const METHOD = 'get_all_databases';
/** Version 1 and the kind of message: a call, its reply, an exception in place of a reply. */
const CALL = 0x80010001;
const REPLY = 0x80010002;
const STRUCT_END_BYTES = 1;
/** Head of the answer, a field's head, a list's head; then length and text of each name. */
const ANSWER_HEAD_BYTES = 4 + 4 + METHOD.length + 4;
const LIST_HEAD_BYTES = 3 + 5;

export async function probeHive({ host, port }: { readonly host: string; readonly port: number }): Promise<Finding> {
  const socket = connect({ host, port });
  try {
    const limit = AbortSignal.timeout(ANSWER_MS);
    await once(socket, 'connect', { signal: limit });
    socket.write(question());
    const answer = await readHead(socket, ANSWER_HEAD_BYTES + LIST_HEAD_BYTES, limit);
    if (answer === undefined || answer.readUInt32BE(0) !== REPLY) {
      const fix = "name the Metastore's thrift port (9083) in HIVE_METASTORE; SASL and TLS are not spoken";
      return { state: 'fail', text: 'it does not answer as a Metastore does', fix };
    }
    const databases = answer.readUInt32BE(ANSWER_HEAD_BYTES + 4);
    return { state: 'ok', text: `${databases} ${databases === 1 ? 'database' : 'databases'}` };
  } catch (thrown) {
    if (/^(Abort|Timeout)Error$/.test((thrown as Error).name)) {
      const fix = 'see whether it hangs, and whether the port is its thrift port';
      return { state: 'fail', text: `no answer within ${ANSWER_MS / 1000} s`, fix };
    }
    return { state: 'fail', text: reason(thrown), fix: 'start the Metastore, or correct HIVE_METASTORE' };
  } finally {
    socket.destroy();
  }
}

function question(): Buffer {
  const head = Buffer.alloc(8);
  head.writeUInt32BE(CALL, 0);
  head.writeUInt32BE(METHOD.length, 4);
  const sequence = Buffer.alloc(4);
  return Buffer.concat([head, Buffer.from(METHOD), sequence, Buffer.alloc(STRUCT_END_BYTES)]);
}

/** Undefined when it hangs up before. */
async function readHead(
  socket: ReturnType<typeof connect>,
  bytes: number,
  signal: AbortSignal,
): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let length = 0;
  const stop = () => socket.destroy(signal.reason as Error);
  signal.addEventListener('abort', stop);
  try {
    for await (const chunk of socket as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      length += chunk.length;
      if (length >= bytes) return Buffer.concat(chunks);
    }
    return undefined;
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
