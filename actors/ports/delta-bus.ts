/**
 * The delta bus: what the processes of a group tell each other of their topic-partitions. It may lose, repeat and delay:
 * the messages themselves say what they follow, and the store is where the truth stands. Of one sender they keep their order.
 */

export type BusMessage = {
  /** `topic/partition`: of one key only the newest message need be kept. */
  readonly key: string;
  readonly value: Uint8Array;
};

export type BusHandlers = {
  /** Everything said from now on will be heard; what was said before may have been missed. Again after a break. */
  readonly onFollowing: () => void;
  readonly onMessage: (message: BusMessage) => void;
  /** It does not work now; it is tried again until it does. */
  readonly onTrouble: (thrown: unknown) => void;
};

export interface DeltaBus {
  /** No message may be larger. */
  readonly mostBytes: number;
  /** Safe on the bus when this returns; fails when that takes too long, and may then be called again. */
  publish(messages: readonly BusMessage[]): Promise<void>;
  /** Hears everyone, this process too, from now on and until closed. Does not wait. */
  follow(handlers: BusHandlers): void;
  close(): Promise<void>;
}
