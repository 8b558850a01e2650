import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AppError } from '../../protocol/errors.ts';
import { decodeUpdate, encodeUpdate, type ToldUpdate } from '../../protocol/partial-codec.ts';
import { seeded } from '../actors/gateway/lanes.ts';

type Random = () => number;

const whole = (random: Random) => Math.floor(random() ** 8 * Number.MAX_SAFE_INTEGER);
const TOPICS = ['orders', 'klicks-ü', '日本', 'x'.repeat(249)];

function randomUpdate(random: Random): ToldUpdate {
  const names = ['in', 'counted', 'late', 'dead', 'duplicates'] as const;
  const totals = ['events', 'orders', 'paidOrders', 'items', 'revenue'] as const;
  const numbers = <Name extends string>(of: readonly Name[]) =>
    Object.fromEntries(of.map((name) => [name, whole(random)])) as Record<Name, number>;
  return {
    update: {
      topic: TOPICS[Math.floor(random() * TOPICS.length)] as string,
      partition: Math.floor(random() * 2 ** 32),
      epoch: whole(random),
      from: whole(random),
      to: whole(random),
      nextOffset: whole(random),
      gap: whole(random),
      watermark: random() < 0.2 ? -1 : whole(random),
      ledger: numbers(names),
      totals: numbers(totals),
      windows: Array.from({ length: Math.floor(random() * 5) }, () => ({
        start: (random() < 0.2 ? -1 : 1) * whole(random),
        packed: Uint8Array.from({ length: Math.floor(random() ** 4 * 5_000) }, () => Math.floor(random() * 256)),
      })),
    },
    end: random() < 0.2 ? -1 : whole(random),
  };
}

const isBadMessage = (thrown: unknown) => thrown instanceof AppError && thrown.code === 'bad-message';

test('an update of another process reads back as it was written, wherever it stands in memory', () => {
  const random = seeded(1);
  for (let round = 0; round < 500; round++) {
    const told = randomUpdate(random);
    const bytes = encodeUpdate(told);
    const moved = new Uint8Array(bytes.length + 3).fill(7);
    moved.set(bytes, 3);
    assert.deepEqual(decodeUpdate(moved.subarray(3)), told);
  }
});

test('an update that is cut anywhere, or goes on after its end, is refused', () => {
  const random = seeded(2);
  for (let round = 0; round < 50; round++) {
    const bytes = encodeUpdate(randomUpdate(random));
    for (let cut = 0; cut < 40; cut++) {
      assert.throws(() => decodeUpdate(bytes.subarray(0, Math.floor(random() * bytes.length))), isBadMessage);
    }
    assert.throws(() => decodeUpdate(Uint8Array.of(...bytes, 0)), isBadMessage);
  }
});

test('an update of another layout, with a number that is none, or with more windows than it holds is refused', () => {
  const bytes = encodeUpdate(randomUpdate(seeded(3)));
  assert.throws(() => decodeUpdate(Uint8Array.of(2, ...bytes.subarray(1))), isBadMessage);
  const { length } = new TextEncoder().encode(decodeUpdate(bytes).update.topic);
  const broken = bytes.slice();
  new DataView(broken.buffer).setFloat64(3 + length + 4, Number.NaN, true);
  assert.throws(() => decodeUpdate(broken), isBadMessage);
  const many = bytes.slice();
  new DataView(many.buffer).setUint32(3 + length + 4 + 17 * 8, 0xffffffff, true);
  assert.throws(() => decodeUpdate(many), isBadMessage);
});

test('random bytes never do worse than to be refused', () => {
  const random = seeded(4);
  for (let round = 0; round < 5_000; round++) {
    const bytes = Uint8Array.from({ length: Math.floor(random() * 300) }, () => Math.floor(random() * 256));
    if (bytes.length > 2) bytes.set([1, random() * 10, 0]);
    try {
      decodeUpdate(bytes);
    } catch (thrown) {
      assert.ok(isBadMessage(thrown), String(thrown));
    }
  }
});
