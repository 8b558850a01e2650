import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Outages } from '../../../actors/gateway/outages.ts';
import type { Finding } from '../../../protocol/message.ts';
import type { NodeStatus, TreeStatus } from '../../../supervisor/status.ts';

const T0 = 1_763_600_000_000;

function tree(at: number, waits: Readonly<Record<string, string>>): TreeStatus {
  const node = (id: string, children: NodeStatus[]): NodeStatus =>
    ({
      id,
      children,
      waiting: id in waits ? { what: waits[id], deadline: at + 1_000 } : null,
    }) as unknown as NodeStatus;
  return { ...node('root', [node('lanes', [node('aggregator-0', []), node('aggregator-1', [])])]), at } as TreeStatus;
}

test('outages are told once when they begin, again when more actors wait, and when they are over', () => {
  const outages = new Outages();
  const told: Finding[] = [];
  const look = (at: number, waits: Readonly<Record<string, string>>) =>
    outages.look(tree(at, waits), (finding) => told.push(finding));
  look(T0, {});
  assert.deepEqual([told, outages.sentences()], [[], []]);
  look(T0 + 5, { 'aggregator-0': 'MongoDB at db:27017' });
  look(T0 + 10, { 'aggregator-0': 'MongoDB at db:27017' });
  look(T0 + 15, { 'aggregator-0': 'MongoDB at db:27017', 'aggregator-1': 'MongoDB at db:27017' });
  const sentence =
    'MongoDB at db:27017 does not answer since 2025-11-20T00:53:20.005Z: aggregator-0, aggregator-1 waits, and goes on by itself';
  assert.deepEqual(outages.sentences(), [sentence]);
  look(T0 + 20, {});
  assert.deepEqual(outages.sentences(), []);
  assert.deepEqual(
    told.map(({ id, severity, since }) => [id, severity, since - T0]),
    [
      ['outage:MongoDB at db:27017', 'critical', 5],
      ['outage:MongoDB at db:27017', 'critical', 5],
      ['outage:MongoDB at db:27017', 'ok', 20],
    ],
  );
});

test('outages that were said to last until now are over', () => {
  const outages = new Outages();
  const told: Finding[] = [];
  const late = { ...tree(T0, { 'aggregator-0': 'MongoDB' }), at: T0 + 2_000 };
  outages.look(late, (finding) => told.push(finding));
  assert.deepEqual([told, outages.sentences()], [[], []]);
});
