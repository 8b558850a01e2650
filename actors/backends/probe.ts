/** A look at one server that is configured: what is found, told so that the fix is plain. Changes nothing there. */
import { connect } from 'node:net';

export type Finding =
  | { readonly state: 'ok'; readonly text: string }
  /** Works, but not as might be expected. */
  | { readonly state: 'warn' | 'fail'; readonly text: string; readonly fix: string };

export type Probe = {
  /** What people call it. */
  readonly name: string;
  readonly look: () => Promise<Finding>;
};

/** Of one connection: short enough that a look at several ends within its deadline. */
const CONNECT_MS = 2_000;

/** `host:port` of an address, whatever its scheme. */
export function hostAndPort(address: string, standardPort: number): { host: string; port: number } {
  const { hostname, port } = new URL(address.replace(/^(\w+:\/\/)?/, 'http://'));
  return { host: hostname.replace(/^\[(.*)\]$/, '$1'), port: port === '' ? standardPort : Number(port) };
}

/** Undefined when something takes connections there, else why it does not. */
export function unreachable(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port });
    const end = (why: string | undefined) => {
      clearTimeout(timer);
      socket.destroy();
      resolve(why);
    };
    const timer = setTimeout(() => end(`no connection within ${CONNECT_MS / 1000} s`), CONNECT_MS);
    socket.once('connect', () => end(undefined));
    socket.once('error', (error: NodeJS.ErrnoException) => end(reason(error)));
  });
}

/** What the system's codes mean to a person. */
export function reason(thrown: unknown): string {
  const { code, message } = thrown as { code?: unknown; message?: string };
  switch (code) {
    case 'ECONNREFUSED':
      return 'nothing listens there';
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'there is no such host';
    case 'ECONNRESET':
      return 'it hung up';
    default:
      return message || String(thrown);
  }
}

/** The finding of a look that may never end. */
export async function withDeadline(ms: number, look: () => Promise<Finding>): Promise<Finding> {
  const { promise, resolve } = Promise.withResolvers<Finding>();
  const timer = setTimeout(
    () =>
      resolve({
        state: 'fail',
        text: `no answer within ${ms / 1000} s, though something takes connections`,
        fix: 'see whether it hangs or is overloaded, and whether the port is the right one',
      }),
    ms,
  );
  return Promise.race([look(), promise]).finally(() => clearTimeout(timer));
}
