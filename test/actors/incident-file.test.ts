import assert from 'node:assert/strict';
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { IncidentFile, readIncidents } from '../../actors/incident-file.ts';
import { IncidentKeeper } from '../../actors/incidents.ts';
import type { Log } from '../../actors/log.ts';
import type { Incident } from '../../supervisor/incidents.ts';
import { node } from './gateway/served.ts';

function place(t: TestContext): { path: string; said: string[]; log: Log } {
  const folder = mkdtempSync(join(tmpdir(), 'pulso-incidents-'));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const said: string[] = [];
  return { path: join(folder, 'incidents.ndjson'), said, log: (level, text) => said.push(`${level} ${text}`) };
}

function incident(id: number, over: Partial<Incident> = {}): Incident {
  return {
    id,
    at: 1_000 + id,
    actor: 'a',
    epoch: 1,
    what: 'crashed',
    why: 'boom',
    detectionMs: 0,
    downAt: 1_000 + id,
    recoveredAt: null,
    recoveryMs: null,
    attempts: 0,
    restarts: null,
    budget: null,
    state: 'open',
    events: [{ id, at: 1_000 + id, kind: 'exited', actor: 'a', epoch: 1, text: 'a has ended (crashed): boom' }],
    ...over,
  };
}

async function onDisk(path: string, log: Log, id: number): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!(await readIncidents(path, log)).incidents.some((kept) => kept.id === id)) {
    assert.ok(performance.now() < deadline, `incident ${id} is on disk`);
    await sleep(20);
  }
}

test('incidents are read back as they were left, the last word on each', async (t) => {
  const { path, log } = place(t);
  assert.deepEqual(await readIncidents(path, log), { incidents: [], stopped: undefined });
  const file = new IncidentFile({ path, what: 'incidents', log, list: () => [] });
  file.write(incident(1));
  file.write(incident(2));
  file.write(incident(1, { state: 'recovered' }));
  await file.close();
  const { incidents, stopped } = await readIncidents(path, log);
  assert.deepEqual(incidents, [incident(1, { state: 'recovered' }), incident(2)]);
  assert.equal(stopped, true);
});

test('incidents are on disk within a second, without being closed', async (t) => {
  const { path, log } = place(t);
  const file = new IncidentFile({ path, what: 'incidents', log, list: () => [] });
  file.write(incident(1));
  await onDisk(path, log, 1);
  assert.equal((await readIncidents(path, log)).stopped, false);
  await file.close();
});

test('a torn line costs what stands in it, and what is written after it is read', async (t) => {
  const { path, log } = place(t);
  const whole = `${JSON.stringify(incident(1))}\n`;
  const torn = JSON.stringify(incident(2));
  for (let length = 0; length <= torn.length; length += 7) {
    writeFileSync(path, whole + torn.slice(0, length));
    const file = new IncidentFile({ path, what: 'incidents', log, list: () => [] });
    file.write(incident(3));
    await file.close();
    const { incidents } = await readIncidents(path, log);
    assert.deepEqual(
      incidents.map(({ id }) => id),
      length === torn.length ? [1, 2, 3] : [1, 3],
    );
  }
  const before = (await readIncidents(path, log)).incidents;
  const odd = [null, 7, 'text', [], {}, { ...incident(9), at: 'x' }, { ...incident(9), events: [null] }];
  appendFileSync(path, `${odd.map((value) => JSON.stringify(value)).join('\n')}\n\u0000\n`);
  assert.deepEqual((await readIncidents(path, log)).incidents, before);
});

test('a disk that takes nothing is reported once and tried again, and nothing is lost meanwhile', async (t) => {
  const { path, said, log } = place(t);
  mkdirSync(path);
  const file = new IncidentFile({ path, what: 'incidents', log, list: () => [], retryMs: 1 });
  file.write(incident(1));
  const deadline = performance.now() + 10_000;
  while (said.length === 0 && performance.now() < deadline) await sleep(5);
  file.write(incident(2));
  await sleep(20);
  assert.equal(said.length, 1, said.join());
  assert.match(said[0] ?? '', /^warn Cannot keep incidents: .*; it is tried again$/);
  rmSync(path, { recursive: true });
  await file.close();
  assert.deepEqual(
    (await readIncidents(path, log)).incidents.map(({ id }) => id),
    [1, 2],
  );
});

test('the file is written anew when it grows too large, with what is kept', async (t) => {
  const { path, log } = place(t);
  writeFileSync(path, `${'x'.repeat(20_000)}\n`);
  const kept = [incident(1), incident(2)];
  const file = new IncidentFile({ path, what: 'incidents', log, list: () => kept, mostBytes: 10_000 });
  file.write(incident(3));
  await onDisk(path, log, 3);
  assert.ok(statSync(path).size > 20_000);
  kept.push(incident(3));
  file.write(incident(4));
  await file.close();
  assert.ok(statSync(path).size < 2_000, String(statSync(path).size));
  const { incidents, stopped } = await readIncidents(path, log);
  assert.deepEqual([incidents.map(({ id }) => id), stopped], [[1, 2, 3, 4], true]);
});

const NO_TREE = node('root');

test('a keeper goes on where the process before it died, and says that it died', async (t) => {
  const { path, log } = place(t);
  const options = { root: 'root', log, now: 5_000 };
  const first = await IncidentKeeper.open(path, options);
  assert.deepEqual([first.lastEventId, first.list.length], [0, 0]);
  first.heard(
    { id: 7, at: 100, kind: 'exited', actor: 'a', epoch: 1, text: 'a has ended (crashed): boom' },
    () => NO_TREE,
  );
  await first.close();
  const second = await IncidentKeeper.open(path, options);
  assert.ok(second.lastEventId > 7);
  assert.deepEqual(
    second.list.map(({ actor, what, state }) => [actor, what, state]),
    [['a', 'crashed', 'cut']],
  );
  writeFileSync(path, `${JSON.stringify(incident(7))}\n`);
  const third = await IncidentKeeper.open(path, options);
  assert.deepEqual(
    third.list.map(({ id, actor, what, state }) => [id, actor, what, state]),
    [
      [7, 'a', 'crashed', 'cut'],
      [8, 'root', 'killed', 'open'],
    ],
  );
  await third.close();
  await second.close();
});
