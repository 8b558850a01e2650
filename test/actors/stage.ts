/** One actor in a real thread under a real supervisor, with a relay at its links for the test to speak through. */
import { SupervisorTree } from '../../supervisor/tree.ts';
import { endBeforeFolder } from '../system/folder.ts';
import type { Relayed } from './relay.ts';

/** Nothing here is about hanging: a machine that stands still must not restart what a test speaks to. */
export const UNHURRIED = { heartbeatMs: 0, progressMs: 0, startMs: 60_000 } as const;

export class Stage {
  readonly tree: SupervisorTree;
  #heard = new Map<string, unknown[]>();
  #waiting = new Map<string, ((message: unknown) => void)[]>();

  private constructor(entry: URL, input: unknown, links: readonly string[]) {
    const actor = { ...UNHURRIED, id: 'actor', type: 'worker' as const, entry, input };
    const relay = {
      ...UNHURRIED,
      id: 'relay',
      type: 'worker' as const,
      entry: new URL('./relay.ts', import.meta.url),
      input: { links },
      links: links.map((name) => ({ name, to: 'actor' })),
    };
    this.tree = new SupervisorTree({ id: 'root', type: 'supervisor', children: [actor, relay] });
    this.tree.onTell((_id, _epoch, body) => {
      const { link, message } = body as Relayed;
      const waiting = this.#waiting.get(link)?.shift();
      if (waiting) waiting(message);
      else this.#heard.set(link, [...(this.#heard.get(link) ?? []), message]);
    });
  }

  /** Up, with all links laid; stopped before the test's folder goes. */
  static async up(folder: string, entry: URL, input: unknown, links: readonly string[]): Promise<Stage> {
    const stage = new Stage(entry, input, links);
    endBeforeFolder(folder, () => stage.tree.stop());
    await stage.tree.start();
    for (const link of links) await stage.next(link);
    return stage;
  }

  say(link: string, message: unknown): void {
    this.tree.tell('relay', { link, message } satisfies Relayed);
  }

  /** The next message of a link, in the order they come. */
  next<T>(link: string): Promise<T> {
    const heard = this.#heard.get(link) ?? [];
    if (heard.length > 0) return Promise.resolve(heard.shift() as T);
    return new Promise((resolve) => {
      this.#waiting.set(link, [...(this.#waiting.get(link) ?? []), resolve as (message: unknown) => void]);
    });
  }
}
