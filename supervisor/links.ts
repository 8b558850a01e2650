/**
 * Which links the live tree declares, and between which incarnations they are laid. A link needs both its ends to have
 * said hello; a fresh channel is laid each time, so no port outlives an incarnation.
 */

import type { MessagePort } from 'node:worker_threads';
import type { Worker } from './child-spec.ts';
import type { Spawner } from './spawn.ts';
import type { LostLink, Peer, ToChild } from './wire.ts';

/** An incarnation, as far as links go. */
export interface LinkEnd {
  readonly peer: Peer;
  post(message: ToChild, transfer?: readonly MessagePort[]): void;
}

type Pair = { readonly from: LinkEnd; readonly to: LinkEnd; readonly serial: number };
type Link = { readonly name: string; readonly from: string; readonly to: string; laid: Pair | undefined };

export class LinkBook {
  readonly #spawner: Spawner;
  /** By both ends, whether or not the other end exists yet. */
  readonly #links = new Map<string, Set<Link>>();
  /** Who said hello and is not on its way out. */
  readonly #present = new Map<string, LinkEnd>();
  #serial = 0;

  constructor(spawner: Spawner) {
    this.#spawner = spawner;
  }

  declare(spec: Worker): void {
    for (const { name, to } of spec.links) {
      const link: Link = { name, from: spec.id, to, laid: undefined };
      this.#of(link.from).add(link);
      this.#of(link.to).add(link);
    }
  }

  withdraw(spec: Worker): void {
    for (const link of [...(this.#links.get(spec.id) ?? [])].filter(({ from }) => from === spec.id)) this.#cut(link);
  }

  /** Links that are in the former spec too stay as they are. */
  redeclare(spec: Worker): void {
    const same = (link: Link) => spec.links.some(({ name, to }) => link.name === name && link.to === to);
    const former = [...(this.#links.get(spec.id) ?? [])].filter(({ from }) => from === spec.id);
    for (const link of former.filter((candidate) => !same(candidate))) this.#cut(link);
    const isNew = (wanted: { name: string; to: string }) =>
      !former.some(({ name, to }) => wanted.name === name && wanted.to === to);
    this.declare({ ...spec, links: spec.links.filter(isNew) });
    for (const link of this.#links.get(spec.id) ?? []) if (!link.laid) this.#lay(link);
  }

  join(end: LinkEnd): void {
    this.#present.set(end.peer.id, end);
    for (const link of this.#links.get(end.peer.id) ?? []) this.#lay(link);
  }

  /** Nothing new is laid to it any more; what is laid stays until it has ended. */
  leave(end: LinkEnd): void {
    if (this.#present.get(end.peer.id) === end) this.#present.delete(end.peer.id);
  }

  /** It has ended, or is left behind and fenced: its peers are told. */
  lose(end: LinkEnd, fenced: boolean): void {
    for (const link of this.#links.get(end.peer.id) ?? []) {
      if (link.laid?.from !== end && link.laid?.to !== end) continue;
      const other = link.laid.from === end ? link.laid.to : link.laid.from;
      link.laid = undefined;
      other.post({ type: 'unlink', name: link.name, peer: end.peer, fenced });
    }
  }

  /**
   * Its port has closed. Answers what lays the link again where both ends are still there, and says whether it did;
   * undefined for what is known by now, as the other end has said it too, or was laid anew meanwhile.
   */
  dropped(end: LinkEnd, { name, peer, serial }: LostLink): (() => boolean) | undefined {
    const link = [...(this.#links.get(end.peer.id) ?? [])].find(
      (one) => one.name === name && one.laid?.serial === serial && [one.from, one.to].includes(peer.id),
    );
    if (link?.laid?.from !== end && link?.laid?.to !== end) return undefined;
    link.laid = undefined;
    return () => link.laid === undefined && this.#links.get(link.from)?.has(link) === true && this.#lay(link);
  }

  /** False while one of its ends is not there. */
  #lay(link: Link): boolean {
    const from = this.#present.get(link.from);
    const to = this.#present.get(link.to);
    if (!from || !to) return false;
    const [near, far] = this.#spawner.channel();
    const { name } = link;
    const serial = ++this.#serial;
    link.laid = { from, to, serial };
    from.post({ type: 'link', name, peer: to.peer, serial, port: near }, [near]);
    to.post({ type: 'link', name, peer: from.peer, serial, port: far }, [far]);
    return true;
  }

  #cut(link: Link): void {
    this.#remove(link.from, link);
    this.#remove(link.to, link);
    if (!link.laid) return;
    const { from, to } = link.laid;
    from.post({ type: 'unlink', name: link.name, peer: to.peer, fenced: false });
    to.post({ type: 'unlink', name: link.name, peer: from.peer, fenced: false });
  }

  #of(id: string): Set<Link> {
    const links = this.#links.get(id) ?? new Set();
    this.#links.set(id, links);
    return links;
  }

  #remove(id: string, link: Link): void {
    const links = this.#links.get(id);
    links?.delete(link);
    if (links?.size === 0) this.#links.delete(id);
  }
}
