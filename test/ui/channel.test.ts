/** A channel under frames that are lost, doubled and late: it is never wrong about the position it claims. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ChannelValue } from '../../protocol/frames-ws.ts';
import { ChannelState } from '../../ui/data/channel.ts';

type Write = readonly [key: string, value: number | null];

/** A server that keeps every state it ever had, by sequence number. */
class History {
  readonly states: Map<string, ChannelValue>[] = [new Map()];

  get seq(): number {
    return this.states.length - 1;
  }

  write(writes: readonly Write[]): void {
    const next = new Map(this.states.at(-1));
    for (const [key, value] of writes) {
      if (value === null) next.delete(key);
      else next.set(key, value);
    }
    this.states.push(next);
  }

  /** What changed after `from`, up to `to`. */
  delta(from: number, to: number): ChannelValue[] {
    const [before, after] = [this.states[from], this.states[to]] as [
      Map<string, ChannelValue>,
      Map<string, ChannelValue>,
    ];
    const keys = new Set([...before.keys(), ...after.keys()]);
    const flat: ChannelValue[] = [];
    for (const key of keys) if (before.get(key) !== after.get(key)) flat.push(key, after.get(key) ?? null);
    return flat;
  }
}

const writes = fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c/d', 'São'), fc.oneof(fc.integer(), fc.constant(null))), {
  minLength: 1,
  maxLength: 4,
});
const step = fc.record({
  writes,
  fate: fc.constantFrom('deliver', 'drop', 'double', 'late', 'merge'),
  jump: fc.nat(3),
});

test('channel holds exactly the state of its position whatever is lost, doubled or late', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const history = new History();
      const channel = new ChannelState('states');
      channel.snapshot('e', 0, [], 0, null);
      const late: (readonly [number, number])[] = [];
      const deliver = (from: number, to: number) => {
        const outcome = channel.delta(from, to, history.delta(from, to), 0, 0);
        assert.deepEqual(channel.values, history.states[channel.seq as number], `${outcome} ${from}..${to}`);
      };
      for (const { writes, fate, jump } of steps) {
        const from = history.seq;
        history.write(writes);
        const range = [Math.max(0, fate === 'merge' ? from - jump : from), history.seq] as const;
        if (fate === 'late') late.push(range);
        else if (fate !== 'drop') deliver(...range);
        if (fate === 'double') deliver(...range);
        if (fate === 'deliver') for (const old of late.splice(0)) deliver(...old);
      }
      // One merged delta from where the channel stands is all it takes to be whole again.
      if (history.seq > (channel.seq as number)) deliver(channel.seq as number, history.seq);
      assert.deepEqual(channel.values, history.states.at(-1));
    }),
    { numRuns: 300 },
  );
});

test('channel refuses a frame that leaves a hole and keeps what it had', () => {
  const channel = new ChannelState('states');
  channel.snapshot('e', 4, ['SP/orders', 3], 1, 1);
  assert.equal(channel.delta(6, 7, ['SP/orders', 9], 2, 2), 'gap');
  assert.equal(channel.seq, 4);
  assert.equal(channel.values.get('SP/orders'), 3);
});

test('channel ignores deltas until its first snapshot and after it was told to forget', () => {
  const channel = new ChannelState('states');
  assert.equal(channel.delta(0, 1, ['a', 1], 0, 0), 'ignored');
  channel.snapshot('e', 1, ['a', 1], 0, 0);
  channel.forget();
  assert.equal(channel.delta(1, 2, ['a', 2], 0, 0), 'ignored');
  assert.equal(channel.take()?.flat.at(1), 1);
});

test('channel hands out merged changes once, and the whole after a snapshot', () => {
  const channel = new ChannelState('states');
  channel.snapshot('e', 1, ['a', 1, 'b', 2], 5, 7);
  channel.delta(1, 2, ['a', 3, 'b', null], 6, 8);
  assert.deepEqual(channel.take(), {
    channel: 'states',
    reset: true,
    flat: ['a', 3, 'b', null],
    frames: 2,
    asOf: 6,
    watermark: 8,
  });
  assert.equal(channel.take(), undefined);
  channel.delta(2, 3, ['a', 4], 7, 9);
  assert.equal(channel.take()?.reset, false);
});
