/**
 * Calls to a thrift server: binary protocol, buffered transport, one connection for a few calls in a row, one deadline
 * for all of them. No connection is kept, so none can have died unnoticed.
 */
import { connect, type Socket } from 'node:net';
import thrift from 'thrift';
import { readFields, type ThriftFields, type ThriftMap, type ThriftRead, writeFields } from './thrift-values.ts';

const { TBinaryProtocol, TBufferedTransport, InputBufferUnderrunError } = thrift;
const { MessageType } = thrift.Thrift;

export type ThriftServer = { readonly host: string; readonly port: number; readonly limitMs: number };

/** `exceptions` are the names of those the method declares, by field number from 1 on; undefined for `void`. */
export type ThriftCall = (
  method: string,
  args: ThriftFields,
  exceptions: readonly string[],
) => Promise<ThriftRead | undefined>;

/** The server has answered with an exception: one that the method declares, or `TApplicationException`. */
export class ThriftException extends Error {
  override readonly name: string;

  constructor(name: string, message: string) {
    super(message);
    this.name = name;
  }
}

export async function withThrift<T>(server: ThriftServer, use: (call: ThriftCall) => Promise<T>): Promise<T> {
  const { host, port, limitMs } = server;
  const socket = connect({ host, port });
  socket.setNoDelay(true);
  const timer = setTimeout(() => socket.destroy(new Error(`no answer within ${limitMs} ms`)), limitMs);
  try {
    return await use(caller(socket));
  } finally {
    clearTimeout(timer);
    socket.destroy();
  }
}

type Reply = { readonly failed: boolean; readonly sequence: number; readonly fields: ThriftMap };
type Waiting = { readonly resolve: (reply: Reply) => void; readonly reject: (error: Error) => void };

/** One call at a time. */
function caller(socket: Socket): ThriftCall {
  let sequence = 0;
  let waiting: Waiting | undefined;
  let ended: Error | undefined;
  const end = (error: Error): void => {
    ended ??= error;
    waiting?.reject(ended);
  };
  socket.on('error', end);
  socket.on('close', () => end(new Error('the connection was closed')));
  socket.on(
    'data',
    TBufferedTransport.receiver((transport) => {
      try {
        const protocol = new TBinaryProtocol(transport);
        const { mtype, rseqid } = protocol.readMessageBegin();
        const fields = readFields(protocol);
        transport.commitPosition();
        waiting?.resolve({ failed: mtype === MessageType.EXCEPTION, sequence: rseqid, fields });
      } catch (thrown) {
        // The rest of the message is still on its way.
        if (thrown instanceof InputBufferUnderrunError) transport.rollbackPosition();
        else socket.destroy(thrown as Error);
      }
    }),
  );
  return async (method, args, exceptions) => {
    const reply = await new Promise<Reply>((resolve, reject) => {
      waiting = { resolve, reject };
      if (ended !== undefined) reject(ended);
      else socket.write(message(method, ++sequence, args));
    });
    return result(method, sequence, reply, exceptions);
  };
}

function message(method: string, sequence: number, args: ThriftFields): Buffer {
  let bytes: Buffer = Buffer.alloc(0);
  const protocol = new TBinaryProtocol(
    new TBufferedTransport(undefined, (written) => {
      bytes = written;
    }),
  );
  protocol.writeMessageBegin(method, MessageType.CALL, sequence);
  writeFields(protocol, args);
  protocol.writeMessageEnd();
  protocol.flush();
  return bytes;
}

function result(method: string, sequence: number, reply: Reply, exceptions: readonly string[]): ThriftRead | undefined {
  const { failed, fields } = reply;
  if (reply.sequence !== sequence) throw new Error(`the answer to ${method} is that to another call`);
  if (failed) throw new ThriftException('TApplicationException', String(fields.get(1) ?? method));
  for (const [index, name] of exceptions.entries()) {
    const thrown = fields.get(index + 1);
    if (thrown instanceof Map) throw new ThriftException(name, String(thrown.get(1) ?? method));
  }
  return fields.get(0);
}
