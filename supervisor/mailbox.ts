/**
 * Back-pressure between two actors: the receiver has room for so many messages and bytes and says so with credits; the
 * sender spends them and waits when there are none. Pure: what travels in between is the caller's business.
 */

export type MailboxLimits = { readonly messages: number; readonly bytes: number };

/** Room given back to the sender, or given at first. */
export type CreditGrant = MailboxLimits;

/**
 * The sender's side.
 * @example
 * const credits = new CreditWindow({ messages: 8, bytes: 4_000_000 });
 * if (credits.spend(batch.byteLength)) port.postMessage(batch, [batch]);
 */
export class CreditWindow {
  #limits: MailboxLimits;
  #messages: number;
  #bytes: number;

  constructor(limits: MailboxLimits = { messages: 0, bytes: 0 }) {
    this.#limits = limits;
    this.#messages = limits.messages;
    this.#bytes = limits.bytes;
  }

  /** Messages that may still be sent. */
  get messages(): number {
    return this.#messages;
  }

  /**
   * Whether a message of that size may go now. With all its credits back a window lets even one through that is
   * larger than the whole: else it could never go.
   */
  allows(bytes: number): boolean {
    return this.#messages > 0 && (bytes <= this.#bytes || this.#messages === this.#limits.messages);
  }

  /** Takes the credits for one message; false, and nothing taken, when it has to wait. */
  spend(bytes: number): boolean {
    if (!this.allows(bytes)) return false;
    this.#messages--;
    this.#bytes -= bytes;
    return true;
  }

  give(grant: CreditGrant): void {
    this.#messages = Math.min(this.#limits.messages, this.#messages + grant.messages);
    this.#bytes = Math.min(this.#limits.bytes, this.#bytes + grant.bytes);
  }

  /** A new receiver: what was granted or is still owed by the former one counts no more. */
  reset(limits: MailboxLimits): void {
    this.#limits = limits;
    this.#messages = limits.messages;
    this.#bytes = limits.bytes;
  }
}

type Entry<Item> = { readonly item: Item; readonly bytes: number; readonly at: number };

/**
 * The receiver's side: first in, first out, never more than its limits.
 * @example
 * if (!mailbox.push(message, message.byteLength, now)) throw new Error('The sender ignores its credits');
 * for (let next = mailbox.take(); next; next = mailbox.take()) handle(next);
 * port.postMessage(mailbox.grant());
 */
export class Mailbox<Item> {
  readonly #limits: MailboxLimits;
  #entries: Entry<Item>[] = [];
  #head = 0;
  #bytes = 0;
  #owedMessages = 0;
  #owedBytes = 0;

  constructor(limits: MailboxLimits) {
    this.#limits = limits;
  }

  get depth(): number {
    return this.#entries.length - this.#head;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** When the oldest message came in; undefined when there is none. */
  get oldestAt(): number | undefined {
    return this.#entries[this.#head]?.at;
  }

  /** False when it is full: the sender has sent more than it was granted. */
  push(item: Item, bytes: number, now: number): boolean {
    const { depth } = this;
    if (depth >= this.#limits.messages || (depth > 0 && this.#bytes + bytes > this.#limits.bytes)) return false;
    this.#entries.push({ item, bytes, at: now });
    this.#bytes += bytes;
    return true;
  }

  /** The oldest message; its credits are owed to the sender from now on. */
  take(): Item | undefined {
    const entry = this.#entries[this.#head];
    if (!entry) return undefined;
    this.#head++;
    // Moving the rest down each time would cost the square of the depth; half empty is soon enough.
    if (this.#head * 2 >= this.#entries.length) {
      this.#entries = this.#entries.slice(this.#head);
      this.#head = 0;
    }
    this.#bytes -= entry.bytes;
    this.#owedMessages++;
    this.#owedBytes += entry.bytes;
    return entry.item;
  }

  /** The credits that are due, as one grant; none are owed afterwards. */
  grant(): CreditGrant {
    const grant = { messages: this.#owedMessages, bytes: this.#owedBytes };
    this.#owedMessages = 0;
    this.#owedBytes = 0;
    return grant;
  }
}
