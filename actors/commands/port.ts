/** Whether the address that the gateway will listen on can be had. */
import { createServer } from 'node:net';
import { AppError } from '../../protocol/errors.ts';

/** Throws when something else listens there, or the host is not this machine's. Asks by listening for a moment. */
export function checkListening(host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', (error: NodeJS.ErrnoException) => {
      const rule = error.code === 'EADDRINUSE' ? 'another program listens there' : `the system refuses (${error.code})`;
      const fix = 'choose another port with --port or PULSO_PORT, 0 for a free one';
      reject(
        new AppError('bad-config', `Cannot listen on ${host}:${port} as ${rule}; ${fix}`, {
          field: 'port',
          cause: error,
        }),
      );
    });
    server.listen({ host, port }, () => server.close(() => resolve()));
  });
}
