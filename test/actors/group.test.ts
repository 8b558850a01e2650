import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GroupLanes } from '../../actors/group.ts';

const PLACE = { topic: 'orders', partition: 1 };
const GAP = { ...PLACE, offset: 10, start: 25, end: 40 };

test('a lane is missing until its group has spoken, even if it gets nothing', () => {
  const group = new GroupLanes();
  assert.equal(group.status(2).missing.length, 2);
  group.assigned(0, [PLACE], 0);
  assert.deepEqual(group.status(2).missing, ['lane-1 is no member of its consumer group now']);
  group.assigned(1, [], 0);
  assert.deepEqual(group.status(2), { own: [PLACE], missing: [], findings: [] });
  group.assigned(1, null, 0);
  assert.equal(group.isAssigned(1), false);
  assert.equal(group.status(2).missing.length, 1);
  group.removed(1, 0);
  assert.deepEqual(group.status(1).missing, []);
});

test('a gap is critical and missing until a person accepts it', () => {
  const group = new GroupLanes();
  group.assigned(0, [PLACE], 0);
  group.stopped(0, GAP, 1000);
  group.stopped(0, { ...GAP, start: 30 }, 2000);
  const { missing, findings } = group.status(1);
  assert.match(
    missing[0] as string,
    /orders\/1 stands still at offset 10 as the log begins at 30: 20 offsets are lost/,
  );
  assert.deepEqual(
    findings.map(({ id, severity, since }) => ({ id, severity, since })),
    [{ id: 'gap/orders/1', severity: 'critical', since: 1000 }],
  );
  assert.equal(group.gapOf(PLACE)?.start, 30);
  group.accepted(PLACE, 3000);
  assert.deepEqual(group.status(1).missing, []);
  assert.equal(group.status(1).findings[0]?.severity, 'ok');
  assert.equal(group.gapOf(PLACE), undefined);
});

test('a gap goes with its partition to the next owner, who finds it anew', () => {
  const group = new GroupLanes();
  group.assigned(0, [PLACE], 0);
  group.stopped(0, GAP, 1000);
  group.assigned(0, [], 2000);
  assert.deepEqual(group.status(1).missing, []);
  group.stopped(1, GAP, 3000);
  assert.equal(group.gapOf(PLACE)?.lane, 1);
  group.removed(1, 4000);
  assert.equal(group.gapOf(PLACE), undefined);
  // Nobody here reads it any more: whatever stands there is none of this process's alarms.
  assert.deepEqual(
    group.status(1).findings.map(({ severity, since }) => ({ severity, since })),
    [{ severity: 'ok', since: 4000 }],
  );
});

test('a log that ends before what is stored is told as that', () => {
  const group = new GroupLanes();
  group.assigned(0, [PLACE], 0);
  group.stopped(0, { ...GAP, offset: 50 }, 0);
  assert.match(group.status(1).missing[0] as string, /goes to offset 50 and the log ends at 40/);
});
