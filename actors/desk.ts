/** Carries out what the gateway asks of the owner of the tree, answers it, and keeps the list of what was done. */
import { toWireError, type WireError } from '../protocol/errors.ts';
import type { TopicPartition } from '../protocol/event.ts';
import type { SupervisorTree } from '../supervisor/tree.ts';
import { AuditKeeper } from './audit.ts';
import type { AuditEntry, TreeCommand } from './gateway/control.ts';
import { PoisonKeeper } from './poison-keeper.ts';

/** What a gateway asks; each is answered by `control-done`. */
export type Asked =
  | { readonly type: 'control'; readonly id: number; readonly command: TreeCommand; readonly entry: AuditEntry }
  | { readonly type: 'inspect'; readonly id: number; readonly actor: string };

export type DeskOptions = {
  readonly tree: SupervisorTree;
  readonly scale: (lanes: number) => Promise<unknown>;
  readonly acceptGap: (partition: TopicPartition) => Promise<unknown>;
};

export class Desk {
  readonly audit = new AuditKeeper();
  readonly #options: DeskOptions;
  readonly #poisoned: PoisonKeeper;

  constructor(options: DeskOptions) {
    this.#options = options;
    this.#poisoned = new PoisonKeeper((actor, note) => options.tree.note(actor, note));
  }

  answer(asker: string, asked: Asked): Promise<void> {
    const { tree } = this.#options;
    if (asked.type === 'inspect') return this.#answer(asker, asked.id, () => tree.control(asked.actor).inspect());
    const noted = (error: WireError | null) => this.audit.note(asked.entry, error);
    return this.#answer(asker, asked.id, () => this.#carryOut(asked.command), noted);
  }

  async #answer(
    asker: string,
    id: number,
    work: () => Promise<unknown>,
    noted: (error: WireError | null) => void = () => {},
  ): Promise<void> {
    const { tree } = this.#options;
    try {
      const value = await work();
      noted(null);
      tree.tell(asker, { type: 'control-done', id, value });
    } catch (thrown) {
      const error = toWireError(thrown);
      noted(error);
      tree.tell(asker, { type: 'control-done', id, error });
    }
  }

  async #carryOut(command: TreeCommand): Promise<unknown> {
    const { tree, scale, acceptGap } = this.#options;
    if ('lanes' in command) return scale(command.lanes);
    if ('topic' in command) return acceptGap(command);
    if ('order' in command) return this.#poisoned.order(command);
    if ('fault' in command) return tree.control(command.actor).fault(command.fault);
    if ('settings' in command) return { settings: await tree.control(command.actor).configure(command.settings) };
    return tree.command(command.actor, command.command);
  }
}
