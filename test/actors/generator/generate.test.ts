/** NDJSON: the same seed, the same bytes. */
import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { type GenerateOptions, generateTo } from '../../../actors/generator/generate.ts';

async function lines(options: Partial<GenerateOptions> & { count: number }): Promise<string> {
  const decoder = new TextDecoder('utf-8');
  let text = '';
  const write = (chunk: Uint8Array) => {
    text += decoder.decode(chunk, { stream: true });
  };
  await generateTo({ ...options, sink: { write } });
  return text + decoder.decode();
}

const digest = (text: string) => createHash('sha256').update(text).digest('hex');

test('generate writes exactly as many lines as asked for', async () => {
  for (const count of [1, 2, 999, 2503]) {
    const text = await lines({ count, seed: 1 });
    assert.equal(text.split('\n').length - 1, count);
    assert.ok(text.endsWith('}\n'));
  }
});

test('generate writes the same bytes for the same seed, and more of them begin the same', async () => {
  const whole = await lines({ count: 5000, seed: 'x' });
  assert.equal(digest(await lines({ count: 5000, seed: 'x' })), digest(whole));
  assert.ok(whole.startsWith(await lines({ count: 777, seed: 'x' })));
  assert.notEqual(digest(await lines({ count: 5000, seed: 'y' })), digest(whole));
});

test('generate writes the same bytes paced or not', async () => {
  const elapsed: number[] = [];
  const pace = async (elapsedMs: number) => void elapsed.push(elapsedMs);
  const paced = await lines({ count: 800, seed: 2, rate: 400, pace });
  assert.equal(digest(paced), digest(await lines({ count: 800, seed: 2, rate: 400 })));
  const last = elapsed.at(-1) as number;
  // Opening restocks come on top of the rate.
  assert.ok(last > 800 && last < 2600, `${last} ms for 800 events at 400 a second`);
});

test('generate starts where it is told, or at the fixed instant', async () => {
  const first = async (options: Partial<GenerateOptions>) =>
    (JSON.parse(await lines({ ...options, count: 1 })) as { timestamp: number }).timestamp;
  const fixed = Date.UTC(2026, 0, 1);
  assert.ok((await first({})) >= fixed && (await first({})) < fixed + 3_600_000);
  const from = Date.UTC(2025, 5, 1, 12, 34);
  assert.ok((await first({ from })) >= from && (await first({ from })) < from + 3_600_000);
});

test('generate awaits its sink, reports progress and stops at its signal', async () => {
  const stop = new AbortController();
  const progress: number[] = [];
  let writing = false;
  const result = await generateTo({
    count: 1_000_000,
    seed: 1,
    signal: stop.signal,
    progress: (written) => progress.push(written),
    sink: {
      write: async () => {
        assert.ok(!writing);
        writing = true;
        await Promise.resolve();
        writing = false;
        if (progress.length === 3) stop.abort();
      },
    },
  });
  assert.equal(progress.length, 4);
  assert.equal(result.written, progress.at(-1));
});
