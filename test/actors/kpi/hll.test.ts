import assert from 'node:assert/strict';
import test from 'node:test';
import { ByteReader, ByteWriter } from '../../../actors/kpi/bytes.ts';
import { HyperLogLog } from '../../../actors/kpi/hll.ts';
import { AppError } from '../../../protocol/errors.ts';
import { randomFrom } from '../window-aggregator/fixture.ts';

function sketchOf(from: number, to: number): HyperLogLog {
  const sketch = new HyperLogLog();
  for (let number = from; number < to; number++) sketch.add(...hashOf(number));
  return sketch;
}

/** Every number has the same two words in every run. */
function hashOf(number: number): [low: number, high: number] {
  const random = randomFrom(number + 1);
  random();
  return [Math.floor(random() * 2 ** 32), Math.floor(random() * 2 ** 32)];
}

function packed(sketch: HyperLogLog): Uint8Array {
  const writer = new ByteWriter();
  sketch.write(writer);
  return writer.view().slice();
}

for (const count of [0, 1, 2, 10, 500, 1_000])
  test(`sketch of ${count} customers is exact`, () => {
    assert.equal(sketchOf(0, count).estimate(), count);
  });

for (const count of [1_025, 3_000, 10_000, 30_000, 100_000, 300_000])
  test(`sketch of ${count} customers is within 2.5 %`, () => {
    const error = Math.abs(sketchOf(0, count).estimate() / count - 1);
    assert.ok(error <= 0.025, `off by ${error}`);
  });

test('sketch counts numbers that make poor hashes', () => {
  for (const place of [0, 1]) {
    const sketch = new HyperLogLog();
    for (let number = 0; number < 50_000; number++) sketch.add(place === 0 ? number : 0, place === 0 ? 0 : number);
    assert.ok(Math.abs(sketch.estimate() / 50_000 - 1) <= 0.025);
  }
});

test('sketch does not change by what it has', () => {
  const sketch = sketchOf(0, 5_000);
  sketch.clearChanges();
  sketch.merge(sketchOf(0, 3_000));
  assert.equal(sketch.changed, false);
});

test('sketches merge to the same in any order and grouping', () => {
  const random = randomFrom(3);
  for (let round = 0; round < 20; round++) {
    const parts = Array.from({ length: 4 }, () => {
      const from = Math.floor(random() * 3_000);
      return sketchOf(from, from + Math.floor(random() ** 3 * 4_000));
    });
    const [a, b, c, d] = parts as [HyperLogLog, HyperLogLog, HyperLogLog, HyperLogLog];
    const left = merged(merged(merged(a, b), c), d);
    const right = merged(merged(d, c), merged(b, a));
    assert.deepEqual(left.registers(), right.registers());
    assert.equal(left.estimate(), right.estimate());
  }
});

function merged(...sketches: readonly HyperLogLog[]): HyperLogLog {
  const all = new HyperLogLog();
  for (const sketch of sketches) all.merge(sketch);
  return all;
}

test('sketch goes on after being packed as if it had not been', () => {
  for (const count of [0, 5, 1_024, 1_025, 20_000, 400_000]) {
    const sketch = sketchOf(0, count);
    const first = packed(sketch);
    const read = HyperLogLog.read(new ByteReader(first));
    for (const each of [sketch, read]) for (let more = 0; more < 800; more++) each.add(...hashOf(count + more));
    assert.deepEqual(read.registers(), sketch.registers());
    assert.equal(read.estimate(), sketch.estimate());
    assert.deepEqual(HyperLogLog.read(new ByteReader(packed(sketch))).registers(), sketch.registers());
    assert.ok(first.length < 4_400);
  }
});

test('sketch refuses bytes that are none', () => {
  const dense = packed(sketchOf(0, 5_000));
  const wrong = [[], [2], [0, 200], [0, 1, 0, 0, 0, 0], [1, 3], [...dense.slice(0, -1)], [1, 60, ...dense.slice(2)]];
  for (const bytes of wrong)
    assert.throws(
      () => HyperLogLog.read(new ByteReader(Uint8Array.from(bytes))),
      (error: unknown) => error instanceof AppError && error.code === 'data-mismatch',
    );
});
