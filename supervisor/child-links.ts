/** The links of an actor as they are laid now, and whoever in it wants to hear of them. */

import type { MessagePort } from 'node:worker_threads';
import type { LostLink, Peer, ToChild } from './wire.ts';

export type LinkHandlers = {
  laid(port: MessagePort, peer: Peer): void;
  lost?: ((peer: Peer) => void) | undefined;
};

type Laid = Pick<Extract<ToChild, { type: 'link' }>, 'name' | 'peer' | 'serial' | 'port'>;

export class ChildLinks {
  readonly #onLost: (link: LostLink) => void;
  readonly #fence: (port: MessagePort) => void;
  readonly #handlers = new Map<string, LinkHandlers>();
  /** By link name and peer; those whose name nobody has asked for yet wait in here too. */
  readonly #links = new Map<string, Map<string, Laid>>();

  /**
   * `onLost` is told of ports that closed although nobody said that the peer has gone; `fence` is given those of peers
   * that were left behind: nothing may be heard from them any more.
   */
  constructor(onLost: (link: LostLink) => void, fence: (port: MessagePort) => void) {
    this.#onLost = onLost;
    this.#fence = fence;
  }

  handle(name: string, handlers: LinkHandlers): void {
    this.#handlers.set(name, handlers);
    for (const { port, peer } of this.#links.get(name)?.values() ?? []) handlers.laid(port, peer);
  }

  list(): Laid[] {
    return [...this.#links.values()].flatMap((links) => [...links.values()]);
  }

  lay({ name, peer, serial, port }: Laid): void {
    const links = this.#links.get(name) ?? new Map<string, Laid>();
    this.#links.set(name, links);
    const former = links.get(peer.id);
    if (former) {
      former.port.close();
      this.unlay(name, former.peer);
    }
    links.set(peer.id, { name, peer, serial, port });
    port.on('close', () => this.#closed({ name, peer, serial }));
    this.#handlers.get(name)?.laid(port, peer);
  }

  unlay(name: string, peer: Peer, fenced = false): void {
    const links = this.#links.get(name);
    const laid = links?.get(peer.id);
    if (laid?.peer.epoch !== peer.epoch) return;
    // Not closed here: what the peer sent before it died is still in the port, which closes itself after that.
    if (fenced) this.#fence(laid.port);
    links?.delete(peer.id);
    this.#handlers.get(name)?.lost?.(peer);
  }

  /** As if all lines had been cut. */
  dropAll(): void {
    for (const { name, peer, serial, port } of this.list()) {
      port.close();
      this.#closed({ name, peer, serial });
    }
  }

  /** If its other end has gone, the supervisor knows; if not, it lays the link again. */
  #closed(link: LostLink): void {
    if (this.#links.get(link.name)?.get(link.peer.id)?.serial !== link.serial) return;
    this.unlay(link.name, link.peer);
    this.#onLost(link);
  }
}
