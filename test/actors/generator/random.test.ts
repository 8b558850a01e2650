/** The small tools under the generator. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ByteWriter, fragment } from '../../../actors/generator/byte-writer.ts';
import { orderCurve, rampAt, restlessness } from '../../../actors/generator/curve.ts';
import { AliasTable, apportion, normalQuantile, poisson, Random } from '../../../actors/generator/random.ts';

test('Random repeats the numbers of a name and spreads them evenly', () => {
  const random = new Random(3);
  random.name(5, 6);
  const first = [random.next(), random.next(), random.next()];
  random.name(5, 7);
  assert.notEqual(random.next(), first[0]);
  random.name(5, 6);
  assert.deepEqual([random.next(), random.next(), random.next()], first);

  const bins = new Float64Array(64);
  for (let name = 0; name < 64_000; name++) {
    random.name(name, 0);
    const bin = random.below(64);
    bins[bin] = (bins[bin] as number) + 1;
  }
  const chiSquare = bins.reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0);
  assert.ok(chiSquare < 120, `chi-square ${chiSquare} at 63 degrees of freedom`);
});

test('normalQuantile inverts the normal distribution', () => {
  for (const [p, z] of [
    [0.5, 0],
    [0.975, 1.959964],
    [0.001, -3.090232],
    [0.999999, 4.753424],
  ] as const)
    assert.ok(Math.abs(normalQuantile(p) - z) < 1e-5, `${p}`);
});

test('poisson has its mean and its variance, small and large', () => {
  const random = new Random(9);
  for (const mean of [0.3, 8, 45, 2000]) {
    const draws = Array.from({ length: 40_000 }, () => poisson(mean, random.unit()));
    const average = draws.reduce((a, b) => a + b) / draws.length;
    const variance = draws.reduce((sum, draw) => sum + (draw - average) ** 2, 0) / draws.length;
    assert.ok(Math.abs(average / mean - 1) < 0.02, `mean ${average} for ${mean}`);
    assert.ok(Math.abs(variance / mean - 1) < 0.05, `variance ${variance} for ${mean}`);
  }
  assert.equal(poisson(0, 0.7), 0);
});

test('AliasTable draws in proportion to its weights', () => {
  const table = new AliasTable([5, 0, 1, 4]);
  const random = new Random(1);
  const counts = [0, 0, 0, 0];
  for (let draw = 0; draw < 100_000; draw++) {
    const at = table.pick(random.unit());
    counts[at] = (counts[at] as number) + 1;
  }
  assert.equal(counts[1], 0);
  for (const [at, share] of [
    [0, 0.5],
    [2, 0.1],
    [3, 0.4],
  ] as const)
    assert.ok(Math.abs((counts[at] as number) / 100_000 - share) < 0.005);
});

test('apportion gives whole places that add up', () => {
  assert.deepEqual(apportion([1, 1, 1], 4), [2, 1, 1]);
  assert.deepEqual(apportion([0.7, 0.2, 0.1], 10), [7, 2, 1]);
});

test('orderCurve has a mean of 1 over a week and lifts the night by its floor', () => {
  for (const floor of [0, 0.4]) {
    const curve = orderCurve(floor);
    let sum = 0;
    for (let minute = 0; minute < 7 * 1440; minute++) sum += curve(minute * 60_000);
    assert.ok(Math.abs(sum / (7 * 1440) - 1) < 1e-3);
    // Five in the morning in the shop.
    assert.ok(curve(Date.UTC(2026, 0, 6, 8, 30)) >= floor);
  }
});

test('restlessness moves smoothly around 1', () => {
  const mood = restlessness(4);
  for (let minute = 0; minute < 3000; minute++) {
    const value = mood(minute * 60_000);
    assert.ok(value > 0.8 && value < 1.2);
    assert.ok(Math.abs(mood((minute + 1) * 60_000) - value) < 0.02);
  }
});

test('rampAt rises by a constant rate between its ends', () => {
  const ramp = { start: 1000, end: 3000, from: 0.01, to: 1 };
  assert.equal(rampAt(ramp, 0), 0.01);
  assert.ok(Math.abs(rampAt(ramp, 2000) - 0.1) < 1e-12);
  assert.equal(rampAt(ramp, 9000), 1);
});

test('ByteWriter writes numbers and text as JSON does, and grows', () => {
  const out = new ByteWriter(1);
  const written = (write: () => void) => {
    out.length = 0;
    out.ensure();
    write();
    return new TextDecoder().decode(out.bytes.subarray(0, out.length));
  };
  for (const number of [
    0, 7, 10, 99, 100, 12345, 999_999_999, 1_000_000_000, 1_767_225_600_000, 999_999_999_999_999, -42,
  ])
    assert.equal(
      written(() => out.integer(number)),
      `${number}`,
    );
  for (const cents of [0, 5, 50, 1990, 123_456_789])
    assert.equal(
      written(() => out.money(cents)),
      (cents / 100).toFixed(2),
    );
  assert.equal(
    written(() => out.base36(1295, 4)),
    '00zz',
  );
  const long = 'ação'.repeat(30_000);
  assert.equal(
    written(() => out.text(long)),
    long,
  );
  assert.equal(
    written(() => {
      out.put(fragment('short,'));
      out.put(fragment('long '.repeat(20)));
    }),
    `short,${'long '.repeat(20)}`,
  );
});
