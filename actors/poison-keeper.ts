/** The fault `poison`: which orders each actor is to die of. Kept here, as it outlives the actors. */
import { AppError } from '../protocol/errors.ts';
import type { Death } from '../protocol/fault.ts';
import type { PoisonNote } from '../protocol/poison-fault.ts';
import type { FaultCommand } from './gateway/control.ts';

/** Those who handle orders one by one. */
const HANDLES_ORDERS = /^(consumer|aggregator)-\d+$|^(log-writer|reader)$/;
/** An actor looks through its orders for these: a fault, not a way to filter. */
const MOST_ORDERS = 1_000;

export class PoisonKeeper {
  readonly #leave: (actor: string, note: PoisonNote) => void;
  readonly #orders = new Map<string, ReadonlyMap<string, Death>>();

  /** `leave` leaves a note for an actor; throws where there is none of that name. */
  constructor(leave: (actor: string, note: PoisonNote) => void) {
    this.#leave = leave;
  }

  /** Answers all orders that the actor dies of from now on. */
  async order(command: Extract<FaultCommand, { readonly order: string }>): Promise<{ poisoned: readonly string[] }> {
    const { actor, fault, order, death } = command;
    if (!HANDLES_ORDERS.test(actor))
      throw new AppError(
        'conflict',
        `Cannot poison an order for "${actor}" as it handles none: take a consumer, an aggregator, the log-writer or the reader`,
      );
    const orders = new Map(this.#orders.get(actor));
    if (fault === 'heal') orders.delete(order);
    else orders.set(order, death);
    if (orders.size > MOST_ORDERS)
      throw new AppError('conflict', `Cannot poison more than ${MOST_ORDERS} orders of "${actor}": heal some`);
    this.#leave(actor, { poisoned: Object.fromEntries(orders) });
    this.#orders.set(actor, orders);
    return { poisoned: [...orders.keys()] };
  }
}
