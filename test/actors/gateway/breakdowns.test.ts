import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Breakdown } from '../../../actors/gateway/channels/breakdowns.ts';
import { Channel } from '../../../actors/gateway/channels/channel.ts';
import { joinKeys, splitKeys, Windows } from '../../../actors/gateway/view/windows.ts';
import { WindowState } from '../../../actors/kpi/window.ts';
import { pathOf } from '../../../protocol/channel.ts';
import { MINUTE, seeded } from './lanes.ts';

const OTHER = pathOf('(other)', 'orders');

test('breakdown lists so many values and sums the rest up under one name', () => {
  const random = seeded(4);
  const windows = new Windows();
  const channel = new Channel('states');
  const breakdown = new Breakdown({
    cube: 'state',
    measures: ['orders'],
    path: (key, measure) => pathOf(key, measure),
    mostListed: 5,
  });
  const minutes = new Map<number, Map<string, number>>();
  for (let minute = 0; minute < 200; minute++) {
    windows.moveTo(minute * MINUTE, minute * MINUTE);
    const window = new WindowState(minute * MINUTE);
    const orders = new Map<string, number>();
    // Few values at first, then many, then few again.
    const values = minute < 60 ? 4 : minute < 100 ? 40 : 3;
    for (let order = 0; order < 10; order++) {
      const state = random() < 0.1 ? '(other)' : `S${Math.floor(random() * values)}`;
      orders.set(state, (orders.get(state) ?? 0) + 1);
    }
    for (const [state, count] of orders) window.set('state', [state], [count, 0, 0, 0, 0]);
    minutes.set(minute, orders);
    windows.tell('orders/0', { start: window.start, packed: window.packChanges() }, false);
    breakdown.project(windows, channel);
    breakdown.projectFolded(windows, channel);
    const expected = new Map<string, number>();
    for (let back = Math.max(0, minute - 59); back <= minute; back++) {
      for (const [state, count] of minutes.get(back) ?? []) expected.set(state, (expected.get(state) ?? 0) + count);
    }
    const listed = [...channel.keys()].filter((key) => key !== OTHER);
    assert.ok(listed.length <= 5);
    let rest = 0;
    for (const [state, count] of expected) {
      const shown = channel.get(pathOf(state, 'orders'));
      if (state !== '(other)' && shown !== undefined) assert.equal(shown, count, `${state} in minute ${minute}`);
      else rest += count;
    }
    assert.equal(channel.get(OTHER) ?? 0, rest, `the rest in minute ${minute}`);
    const distinct = [...expected.keys()].filter((state) => state !== '(other)').length;
    assert.equal(listed.length, Math.min(5, distinct), `places in minute ${minute}`);
  }
});

test('joined keys come apart again, whatever is in them', () => {
  for (const keys of [
    ['a', 'b'],
    ['', '3:x'],
    ['1:a', '2:bc'],
    ['ú\u0000', ':'],
  ]) {
    assert.deepEqual(splitKeys(joinKeys(keys)), keys);
  }
});
