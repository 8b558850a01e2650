import assert from 'node:assert/strict';
import { test } from 'node:test';
import { unpackWindow, WindowState } from '../../../actors/kpi/window.ts';
import { Outgoing } from '../../../actors/window-aggregator/outgoing.ts';

function pack(start: number, state: string, orders: number): { start: number; packed: Uint8Array } {
  const window = new WindowState(start);
  window.set('state', [state], [orders, 0, 0, 0, 0]);
  return { start, packed: window.pack() };
}

test('outgoing merges what a follower has not taken, and keeps the last value of each cell', () => {
  const outgoing = new Outgoing(3);
  for (let seq = 4; seq <= 12; seq++) outgoing.add([pack(0, 'SP', seq), pack(60_000, `S${seq}`, 1)]);
  const untold = outgoing.take(12);
  assert.deepEqual([untold?.from, untold?.to, untold?.windows.length], [3, 12, 2]);
  assert.equal(unpackWindow(0, untold?.windows[0]?.packed as Uint8Array).get('state', 'SP')?.[0], 12);
  const second = unpackWindow(60_000, untold?.windows[1]?.packed as Uint8Array);
  for (let seq = 4; seq <= 12; seq++) assert.equal(second.get('state', `S${seq}`)?.[0], 1);
  assert.equal(outgoing.take(12), undefined);
});

test('outgoing lets go of more than its bound, says where things stand, and goes on from there', () => {
  const one = pack(0, 'SP', 1);
  const outgoing = new Outgoing(0, one.packed.length * 10);
  for (let minute = 0; minute < 100; minute++) outgoing.add([pack(minute * 60_000, 'SP', 1)]);
  assert.deepEqual(outgoing.take(100), { from: 100, to: 100, windows: [] });
  outgoing.add([one]);
  assert.deepEqual(outgoing.take(101), { from: 100, to: 101, windows: [one] });
});

test('outgoing of one busy window stays below its bound however often it changes', () => {
  const one = pack(0, 'SP', 1);
  const outgoing = new Outgoing(0, one.packed.length * 10);
  for (let seq = 1; seq <= 1_000; seq++) outgoing.add([pack(0, 'SP', seq)]);
  assert.equal(outgoing.take(1_000)?.from, 0);
});
