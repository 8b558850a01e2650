/** What the monitors that run as jobs make of what they see. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  judgeCompleteness,
  judgeDead,
  judgeLate,
  judgeLedger,
  OPTIONAL_FIELDS,
  sinceThen,
} from '../../../actors/jobs/data-quality.ts';
import { FindingBook } from '../../../actors/jobs/findings.ts';
import { judgeGeneration } from '../../../actors/jobs/generation-health.ts';
import { judgePerformance } from '../../../actors/jobs/performance.ts';
import type { Ledger } from '../../../protocol/event.ts';
import type { PerformanceFigures } from '../../../protocol/message.ts';

const ledger = (changes: Partial<Ledger> = {}): Ledger => ({
  in: 1_000,
  counted: 1_000,
  late: 0,
  dead: 0,
  duplicates: 0,
  ...changes,
});
const partition = (index: number, changes: Partial<Ledger> = {}) => ({
  topic: 'orders',
  partition: index,
  ledger: ledger(changes),
});

test('ledger is in order when every event of every partition has one outcome', () => {
  const fine = judgeLedger([partition(0), partition(1, { counted: 900, late: 50, dead: 40, duplicates: 10 })]);
  assert.equal(fine.severity, 'ok');
  assert.deepEqual([fine.evidence.in, fine.evidence.missing], [2_000, 0]);
});

test('ledger is critical where an event was lost in one partition, even as another has one too many', () => {
  const wrong = judgeLedger([partition(0, { counted: 999 }), partition(1, { counted: 1_001 }), partition(2)]);
  assert.equal(wrong.severity, 'critical');
  assert.deepEqual([wrong.evidence.wrong, wrong.evidence.missing], [2, 0]);
  assert.match(wrong.text, /orders\/0, orders\/1/);
});

test('dead letters are judged by what came in since the last look, with their reasons', () => {
  const then = [partition(0, { dead: 500, counted: 500 })];
  const calm = sinceThen([partition(0, { in: 2_000, dead: 500, counted: 1_500 })], then);
  assert.deepEqual(calm, ledger());
  assert.equal(judgeDead(calm, []).severity, 'ok');
  const trouble = sinceThen([partition(0, { in: 2_000, dead: 530, counted: 1_470 })], then);
  const finding = judgeDead(trouble, ['not-json', 'bad-value', 'not-json']);
  assert.equal(finding.severity, 'warning');
  assert.equal(finding.text, '3 % of 1000 events could not be read: not-json 2, bad-value 1');
  assert.deepEqual([finding.evidence.share, finding.evidence['not-json']], [0.03, 2]);
  assert.equal(judgeDead(ledger({ dead: 100 }), []).severity, 'critical');
  assert.equal(judgeDead(ledger({ in: 20, dead: 20 }), []).severity, 'ok', 'too few to judge by');
  assert.equal(judgeDead(ledger({ in: 0 }), []).evidence.share, 0);
});

test('late events are judged by their share', () => {
  assert.equal(judgeLate(ledger({ late: 49 })).severity, 'ok');
  assert.equal(judgeLate(ledger({ late: 50 })).severity, 'warning');
  assert.equal(judgeLate(ledger({ late: 200 })).severity, 'critical');
});

test('completeness names fields that some orders lack, and not those that nobody uses', () => {
  const full = Object.fromEntries(OPTIONAL_FIELDS.map((field) => [field, 'x']));
  const order = (changes: Record<string, unknown>) => ({ type: 'order', ...full, ...changes });
  const without = (count: number, field: string, value: unknown) =>
    Array.from({ length: 20 }, (_, index) => order(index < count ? { [field]: value } : {}));
  assert.equal(judgeCompleteness(without(1, 'segment', null)).severity, 'ok');
  const gap = judgeCompleteness(without(4, 'segment', 'unknown'));
  assert.deepEqual([gap.severity, gap.text, gap.evidence.segment], ['warning', 'Orders lack segment in 20 %', 0.8]);
  assert.equal(judgeCompleteness(without(15, 'courier_id', '')).severity, 'critical');
  const unused = judgeCompleteness(without(20, 'courier_id', undefined));
  assert.deepEqual([unused.severity, unused.evidence.courier_id], ['ok', 0]);
  const none = judgeCompleteness([{ order_id: 'a flat one' }]);
  assert.deepEqual([none.severity, none.evidence.orders, none.evidence.segment], ['ok', 0, null]);
});

const FIGURES: PerformanceFigures = {
  lag: 10,
  latency_p50_ms: 40,
  latency_p99_ms: 90,
  hot_bytes: 100e6,
  memory_bytes: 400e6,
  busy: [
    { actor: 'reader', share: 0.01 },
    { actor: 'consumer-0', share: 0.4 },
  ],
};

test('performance is judged figure by figure', () => {
  const severities = (changes: Partial<PerformanceFigures>) =>
    Object.fromEntries(
      judgePerformance({ ...FIGURES, ...changes }, 300e6)
        .filter(({ severity }) => severity !== 'ok')
        .map(({ id, severity }) => [id, severity]),
    );
  assert.deepEqual(severities({}), {});
  assert.deepEqual(severities({ lag: 60_000 }), { 'performance-lag': 'warning' });
  assert.deepEqual(severities({ latency_p99_ms: 20_000 }), { 'performance-latency': 'warning' });
  assert.deepEqual(severities({ latency_p50_ms: 2_000, latency_p99_ms: 2_500 }), { 'performance-latency': 'critical' });
  assert.deepEqual(severities({ hot_bytes: 340e6 }), {}, 'archiving works in steps');
  assert.deepEqual(severities({ hot_bytes: 360e6 }), { 'performance-hot-store': 'warning' });
  assert.deepEqual(severities({ memory_bytes: 2e9 }), { 'performance-memory': 'warning' });
  assert.deepEqual(severities({ busy: [{ actor: 'reader', share: 0.95 }] }), { 'performance-busy': 'warning' });
});

test('performance takes what is not measured yet for no trouble', () => {
  const unknown = { ...FIGURES, latency_p50_ms: null, latency_p99_ms: null, hot_bytes: null, busy: [] };
  assert.ok(judgePerformance(unknown, 300e6).every(({ severity }) => severity === 'ok'));
});

test('generation health passes on what the monitor says, and notices when it says nothing', () => {
  const finding = {
    type: 'finding',
    id: 'generation',
    severity: 'warning',
    text: 'slow',
    since: 1,
    evidence: { total: 5 },
  } as const;
  assert.match(judgeGeneration({ finding, ageMs: 900 }).text, /says: slow/);
  assert.equal(judgeGeneration({ finding, ageMs: 900 }).severity, 'ok', 'the trouble is the finding of the monitor');
  assert.equal(judgeGeneration({ finding, ageMs: 60_000 }).severity, 'warning');
  assert.equal(judgeGeneration(null).severity, 'ok');
});

test('finding keeps the time since when it has been of its severity', () => {
  const book = new FindingBook();
  const say = (severity: 'ok' | 'warning', now: number) =>
    book.note({ id: 'lag', severity, text: `at ${now}`, evidence: {} }, now).since;
  assert.deepEqual([say('ok', 1), say('warning', 2), say('warning', 3), say('ok', 4)], [1, 2, 2, 4]);
  assert.deepEqual(
    book.all().map(({ text }) => text),
    ['at 4'],
  );
});
