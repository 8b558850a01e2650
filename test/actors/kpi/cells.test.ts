import assert from 'node:assert/strict';
import test from 'node:test';
import { CellTable } from '../../../actors/kpi/cells.ts';
import { randomFrom } from '../window-aggregator/fixture.ts';

test('cells hold what a map would, and know what changed', () => {
  const random = randomFrom(5);
  const cells = new CellTable(2);
  const map = new Map<number, number>();
  let changed = new Set<number>();
  for (let turn = 0; turn < 20_000; turn++) {
    const key = (Math.floor(random() * 60) << 16) | Math.floor(random() * 60);
    const at = cells.at(key) * cells.width;
    (cells.values[at + 1] as number) += turn;
    map.set(key, (map.get(key) ?? 0) + turn);
    changed.add(key);
    if (turn % 5_000 !== 0) continue;
    const seen = Array.from({ length: cells.changedCount }, (_, place) => cells.key(cells.changed(place)));
    assert.deepEqual(new Set(seen), changed);
    assert.equal(seen.length, changed.size);
    cells.clearChanges();
    changed = new Set();
  }
  assert.equal(cells.count, map.size);
  for (const [key, sum] of map) assert.equal(cells.values[cells.find(key) * 2 + 1], sum);
  assert.equal(cells.find(0x7fffffff), -1);
});

test('cells see an order once', () => {
  const cells = new CellTable(1);
  const keys = [1, 2, 3, 4, 5, 6].map((key) => cells.at(key));
  assert.deepEqual(keys.map((cell) => cells.firstOf(1, cell)).concat(cells.firstOf(1, keys[0] as number)), [
    ...keys.map(() => true),
    false,
  ]);
  cells.at(7);
  assert.equal(cells.firstOf(1, keys[3] as number), false);
  assert.equal(cells.firstOf(2, keys[3] as number), true);
});
