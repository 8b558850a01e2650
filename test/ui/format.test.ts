/** Figures, times and words as the reader sees them. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { pointsDelta, relativeDelta } from '../../ui/data/compare.ts';
import { colourCuts, colourStep } from '../../ui/data/cuts.ts';
import {
  compactNumber,
  formatChange,
  formatClock,
  formatDuration,
  formatMinute,
  formatMoney,
  formatNumber,
  formatPoints,
  formatSeconds,
  formatShare,
} from '../../ui/data/format.ts';
import { categoryName, colourSlots, plainName } from '../../ui/data/names.ts';
import { keepApart, roundScale, timeTicks } from '../../ui/data/scale.ts';
import { translate } from '../../ui/data/text.ts';

test('figures have the digits of the region and the unit words of the language', () => {
  assert.equal(formatNumber(1_234_567.891, 2), '1.234.567,89');
  assert.equal(formatMoney(1_234.5, 'BRL'), 'R$ 1.234,50');
  assert.deepEqual(compactNumber(7_251_234, 'en'), { text: '7,25', unit: 'M' });
  assert.deepEqual(compactNumber(7_251_234, 'pt-BR'), { text: '7,25', unit: 'mi' });
  assert.deepEqual(compactNumber(45_120, 'en'), { text: '45.120', unit: '' });
  assert.deepEqual(compactNumber(131_400, 'pt-BR', 10_000), { text: '131', unit: 'mil' });
  assert.deepEqual(compactNumber(999_999_999, 'en'), { text: '1.000', unit: 'M' });
});

test('shares and changes carry sign, unit and a true minus', () => {
  assert.equal(formatShare(0.9743), '97,4%');
  assert.equal(formatChange(0.104), '+10,4%');
  assert.equal(formatChange(-0.034), '−3,4%');
  assert.equal(formatPoints(-0.005), '−0,5 pp');
});

test('durations read in the unit that fits', () => {
  assert.deepEqual([12, 999].map(formatDuration), ['12 ms', '999 ms']);
  assert.deepEqual([800, 15_200, 48_000, 720_000, 4 * 3_600_000, 49 * 3_600_000].map(formatSeconds), [
    '0,8 s',
    '15,2 s',
    '48 s',
    '12 min',
    '4 h',
    '2 d',
  ]);
});

test('times are of the shop’s zone', () => {
  const at = Date.UTC(2026, 0, 1, 2, 3, 4);
  assert.equal(formatClock(at, 'America/Sao_Paulo'), '23:03:04');
  assert.equal(formatMinute(at, 'UTC'), '02:03');
});

test('a change is good, bad or neither, and nothing where there is nothing to compare with', () => {
  assert.deepEqual(relativeDelta(110, 100), { text: '+10,0%', direction: 'up', good: 'yes' });
  assert.deepEqual(relativeDelta(110, 100, 'down'), { text: '+10,0%', direction: 'up', good: 'no' });
  assert.deepEqual(relativeDelta(90, 100, 'none'), { text: '−10,0%', direction: 'down', good: undefined });
  assert.deepEqual(relativeDelta(100, 100), { text: '0,0%', direction: 'flat', good: undefined });
  assert.equal(relativeDelta(100, 0), undefined);
  assert.equal(relativeDelta(undefined, 100), undefined);
  assert.deepEqual(pointsDelta(0.974, 0.979), { text: '−0,5 pp', direction: 'down', good: 'no' });
});

test('scales are round, hold every value, and start at zero for columns', () => {
  assert.deepEqual(roundScale([91, 134], 3, false).ticks, [80, 100, 120, 140]);
  assert.deepEqual(roundScale([600, 812], 2, true).ticks, [0, 500, 1_000]);
  for (const values of [[0], [0.1, 0.3], [5, 5, 5], [1e9, 3e9], [17, 4_321]]) {
    for (const fromZero of [true, false]) {
      const { low, high } = roundScale(values, 3, fromZero);
      assert.ok(low <= Math.min(...values) && high >= Math.max(...values), `${values} in ${low}..${high}`);
      assert.ok(!fromZero || low === 0);
    }
  }
  assert.deepEqual(roundScale([], 2, true).ticks, [0, 1, 2]);
  assert.deepEqual(roundScale([0, 0], 3, false).ticks, [0, 1, 2, 3]);
});

test('time labels are the ends and round times between, none close to an end', () => {
  const start = Date.UTC(2026, 0, 1, 13, 33);
  const times = Array.from({ length: 60 }, (_, index) => start + index * 60_000);
  const labels = timeTicks(times).map(({ at }) => formatMinute(at, 'UTC'));
  assert.deepEqual(labels, ['13:33', '13:40', '13:50', '14:00', '14:10', '14:20', '14:32']);
  assert.equal(timeTicks([start]).length, 1);
});

test('end labels are pushed apart and stay inside', () => {
  assert.deepEqual(keepApart(10, 80, 30, 100), [10, 80]);
  assert.deepEqual(keepApart(50, 52, 30, 100), [36, 66]);
  assert.deepEqual(keepApart(0, 4, 30, 100), [0, 30]);
  assert.deepEqual(keepApart(99, 97, 30, 100), [100, 70]);
});

test('colour steps grow with the value and cuts never repeat', () => {
  for (const most of [0, 1, 9, 120, 18_941, 5_000_000]) {
    const cuts = colourCuts(most);
    assert.equal(cuts.length, 6);
    for (let index = 1; index < 6; index++) assert.ok((cuts[index] as number) > (cuts[index - 1] as number));
    assert.equal(colourStep(0, cuts), 1);
  }
  assert.equal(colourStep(18_941, colourCuts(18_941)), 7);
});

test('names follow the language, unknown keys are made readable, colours follow the entity', () => {
  assert.equal(categoryName('bed_bath_table', 'pt-BR'), 'Cama, mesa e banho');
  assert.equal(categoryName('bed_bath_table', 'en'), 'Bed bath table');
  assert.equal(plainName('credit_card', 'pt-BR'), 'Cartão de crédito');
  assert.equal(plainName('gift_card', 'en'), 'Gift card');
  assert.deepEqual(
    [...colourSlots(['voucher', 'zeta', 'credit_card'])],
    [
      ['credit_card', 1],
      ['voucher', 4],
      ['zeta', 2],
    ],
  );
});

test('texts take their values and leave what is not given', () => {
  assert.equal(translate('en', 'bar.remove', { what: 'UF' }), 'Remove filter UF');
  assert.equal(translate('pt-BR', 'bar.remove'), 'Remover filtro {what}');
});
