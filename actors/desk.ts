/** Carries out what the gateway asks of the owner of the tree, answers it, and keeps the list of what was done. */
import { toWireError, type WireError } from '../protocol/errors.ts';
import type { TopicPartition } from '../protocol/event.ts';
import type { IngestNote, IngestPause } from '../protocol/ingest.ts';
import type { SupervisorTree } from '../supervisor/tree.ts';
import type { AuditKeeper } from './audit.ts';
import type { AuditEntry, IngestCommand, TreeCommand } from './gateway/control.ts';
import { IngestKeeper } from './ingest.ts';
import { Notes } from './notes.ts';
import { PoisonKeeper } from './poison-keeper.ts';

/** What a gateway asks; each is answered by `control-done`. */
export type Asked =
  | { readonly type: 'control'; readonly id: number; readonly command: TreeCommand; readonly entry: AuditEntry }
  | { readonly type: 'inspect'; readonly id: number; readonly actor: string }
  | { readonly type: 'messages'; readonly id: number; readonly actor: string };

export type DeskOptions = {
  readonly tree: SupervisorTree;
  readonly audit: AuditKeeper;
  readonly scale: (lanes: number) => Promise<unknown>;
  readonly onIngest: (paused: IngestPause | null) => void;
  readonly acceptGap: (partition: TopicPartition) => Promise<unknown>;
};

export class Desk {
  readonly #options: DeskOptions;
  readonly #poisoned: PoisonKeeper;
  readonly ingest: IngestKeeper;

  constructor(options: DeskOptions) {
    this.#options = options;
    const notes = new Notes((actor, note) => options.tree.note(actor, note));
    this.#poisoned = new PoisonKeeper((actor, note) => notes.put(actor, note));
    const leave = (actor: string, note: IngestNote) => notes.offer(actor, note);
    this.ingest = new IngestKeeper({ leave, onChange: options.onIngest, now: Date.now });
  }

  answer(asker: string, asked: Asked): Promise<void> {
    const { tree, audit } = this.#options;
    if (asked.type === 'messages') return this.#answer(asker, asked.id, async () => tree.messages(asked.actor));
    if (asked.type === 'inspect') return this.#answer(asker, asked.id, () => tree.control(asked.actor).inspect());
    audit.asked(asked.entry);
    const noted = (error: WireError | null) => audit.note(asked.entry, error);
    return this.#answer(asker, asked.id, () => this.#carryOut(asked.command), noted);
  }

  async #answer(
    asker: string,
    id: number,
    work: () => Promise<unknown>,
    noted: (error: WireError | null) => Promise<void> = async () => {},
  ): Promise<void> {
    const { tree } = this.#options;
    try {
      const value = await work();
      await noted(null);
      tree.tell(asker, { type: 'control-done', id, value });
    } catch (thrown) {
      const error = toWireError(thrown);
      await noted(error);
      tree.tell(asker, { type: 'control-done', id, error });
    }
  }

  async #carryOut(command: TreeCommand): Promise<unknown> {
    const { tree, scale, acceptGap } = this.#options;
    if ('lanes' in command) return scale(command.lanes);
    if ('ingest' in command) return this.#setIngest(command);
    if ('topic' in command) return acceptGap(command);
    if ('order' in command) return this.#poisoned.order(command);
    if ('fault' in command) return tree.control(command.actor).fault(command.fault);
    if ('settings' in command) return { settings: await tree.control(command.actor).configure(command.settings) };
    return tree.command(command.actor, command.command);
  }

  #setIngest({ ingest, reason }: IngestCommand): Promise<unknown> {
    return ingest === 'pause' ? this.ingest.pause(reason) : this.ingest.resume();
  }
}
