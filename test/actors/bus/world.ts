/**
 * Processes of one group around one store, with the bus between them, all by a seed: messages get lost, come twice, late
 * and in another order, publishing fails, gateways, buses and whole processes die, partitions move.
 */
import type { BusMessage } from '../../../actors/ports/delta-bus.ts';
import { type TestPartition, TestShop } from '../gateway/lanes.ts';
import { Process } from './process.ts';

export type WorldOptions = { readonly mostBytes?: number; readonly mostWaitingBytes?: number };

export class World {
  readonly shop: TestShop;
  processes: Process[] = [];
  now = 0;
  #options: Required<WorldOptions>;
  #names = 0;

  constructor(seed: number, count: number, { mostBytes = 2_000, mostWaitingBytes = 1e9 }: WorldOptions = {}) {
    this.shop = new TestShop(seed);
    this.#options = { mostBytes, mostWaitingBytes };
    for (let made = 0; made < count; made++) this.add();
  }

  add(): void {
    const { shop } = this;
    const append = (messages: readonly BusMessage[]) => this.#append(messages);
    const around = { shop, ...this.#options, now: () => this.now, append };
    this.processes.push(new Process(around, `process-${++this.#names}`));
  }

  /** kill -9: what it published before may still come. */
  kill(process: Process): void {
    process.feed.close();
    this.processes = this.processes.filter((other) => other !== process);
  }

  close(): void {
    for (const process of this.processes) process.feed.close();
  }

  /** The group spreads the partitions anew; each new owner opens what it gets. */
  rebalance(): void {
    const owners = new Map(this.processes.map((process) => [process, [] as TestPartition[]]));
    for (const partition of this.shop.partitions) owners.get(this.shop.pick(this.processes))?.push(partition);
    for (const [process, partitions] of owners) process.lane.own(partitions);
  }

  /** Partitions without an owner get no records. */
  commit(events: number, aheadMs: number): void {
    this.shop.step(events, aheadMs);
    for (const { lane } of this.processes) lane.committed();
  }

  /** Everything comes through, and time passes: long enough for every partition to have said where it stands. */
  async settle(turn: () => Promise<unknown>, rounds = 300): Promise<void> {
    for (const process of this.processes) if (!process.following) process.follow();
    for (let round = 0; round < rounds; round++) {
      this.now += 50;
      for (const process of this.processes) {
        process.lane.work('partials');
        process.lane.work('publish');
        for (let message = 0; message < 50; message++) process.hear();
        process.deliver();
        process.publisher.tick();
        process.publish('done');
        process.answer();
        process.feed.readerReady();
        process.checkTotals();
      }
      await turn();
    }
  }

  #append(messages: readonly BusMessage[]): void {
    for (const process of this.processes) if (process.following) process.inbox.push(...messages);
  }
}
