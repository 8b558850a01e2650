import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { AuditKeeper } from '../../actors/audit.ts';
import type { AuditEntry } from '../../actors/gateway/control.ts';

const log = () => {};

function folder(t: TestContext): string {
  const path = mkdtempSync(join(tmpdir(), 'pulso-audit-'));
  t.after(() => rmSync(path, { recursive: true, force: true }));
  return join(path, 'audit.ndjson');
}

function entry(id: number): AuditEntry {
  return {
    id,
    at: id,
    actor: 'reader',
    command: 'restart',
    fault: null,
    settings: null,
    order_id: null,
    lanes: null,
    partition: null,
    job: null,
    replay: null,
    reason: 'a test',
    idempotency_key: `k${id}`,
    from: '127.0.0.1',
    outcome: 'pending',
    error: null,
  };
}

test('audit list outlives the process, and tells of a command whose outcome nobody knows', async (t) => {
  const path = folder(t);
  const first = await AuditKeeper.open(path, log);
  const told: string[] = [];
  first.onChange(({ id, outcome }) => told.push(`${id} ${outcome}`));
  for (const id of [1, 2, 3]) first.asked(entry(id));
  first.note(entry(1), null);
  first.note(entry(2), { code: 'conflict', message: 'no' });
  await first.close();
  assert.deepEqual(told, ['1 pending', '2 pending', '3 pending', '1 accepted', '2 refused']);
  appendFileSync(path, '{"id":9,"torn');
  const next = await AuditKeeper.open(path, log);
  assert.deepEqual(
    next.entries().map(({ id, outcome, error }) => [id, outcome, error?.code]),
    [
      [1, 'accepted', undefined],
      [2, 'refused', 'conflict'],
      [3, 'lost', undefined],
    ],
  );
  next.note(entry(4), null);
  await next.close();
  assert.deepEqual(
    (await AuditKeeper.open(path, log)).entries().map(({ id }) => id),
    [1, 2, 3, 4],
  );
});

test('audit list keeps the last thousand, and passes over lines that are no entries', async (t) => {
  const path = folder(t);
  appendFileSync(path, '{"id":1}\nnull\n[]\n"text"\n');
  const keeper = await AuditKeeper.open(path, log);
  assert.deepEqual(keeper.entries(), []);
  for (let id = 1; id <= 1_005; id++) keeper.note(entry(id), null);
  assert.deepEqual([keeper.entries()[0]?.id, keeper.entries().length], [6, 1_000]);
  await keeper.close();
});
