/** An actor that stands at the other end of links: it passes on what the test says, and tells the test what it hears. */
import type { MessagePort } from 'node:worker_threads';
import { runChild } from '../../supervisor/child.ts';

export type Relayed = { readonly link: string; readonly message: unknown };

runChild<{ links: readonly string[] }>((child) => {
  const ports = new Map<string, MessagePort>();
  for (const link of child.input.links) {
    child.onLink(link, (port) => {
      ports.set(link, port);
      port.on('message', (message) => child.tell({ link, message } satisfies Relayed));
      child.tell({ link, message: 'laid' } satisfies Relayed);
    });
  }
  child.onTell((body) => {
    const { link, message } = body as Relayed;
    ports.get(link)?.postMessage(message);
  });
  child.ready();
});
