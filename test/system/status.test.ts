/** `pulso status` as a user meets it: beside a running system, after it, and while it goes and comes back. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { runPulso, spawnPulso, startPulso, until, untilReady } from './exactness.ts';
import { folderFor } from './folder.ts';

const LIMIT_MS = 60_000;

test('pulso status shows a running system, says so when none runs, and watches it go and come back', async (t) => {
  const dataDir = folderFor(t, 'status');
  const status = (...args: string[]) => runPulso(['status', ...args], { dataDir });

  const nobody = await status();
  assert.equal(nobody.code, 1);
  assert.match(nobody.output, /Cannot show the actors as no pulso runs on .*: start it, or name one with --url/);
  for (const args of [['--json', '--dot'], ['--wathc'], ['surplus'], ['--url', 'nonsense']])
    assert.equal((await status(...args)).code, 2, args.join(' '));

  const first = await startPulso(['--no-generator', '--lanes', '1'], { dataDir });
  await untilReady(first.url);
  // Looked at again where a busy machine has had the gateway or the aggregator replaced.
  const shown = async (args: string[], pattern: RegExp): Promise<string> => {
    let output = '';
    await until(`status ${args.join(' ')}`, LIMIT_MS, async () => {
      const ended = await status(...args);
      output = ended.output;
      return { done: ended.code === 0 && pattern.test(output), state: ended };
    });
    return output;
  };
  // biome-ignore lint/suspicious/noControlCharactersInRegex: no colours where no terminal is
  assert.doesNotMatch(await shown([], /aggregator-0 +✓ running/), /\x1b/);
  const raw = await shown(['--json', '--url', `${first.url}/?token=${first.token}`], /^\{/);
  assert.equal((JSON.parse(raw) as { id: string }).id, 'root');
  await shown(['--dot'], /"lane-0" -> "aggregator-0";/);

  const watching = spawnPulso(['status', '--watch'], { dataDir });
  const ended = once(watching, 'close');
  let seen = '';
  watching.stdout?.setEncoding('utf8').on('data', (text: string) => {
    seen += text;
  });
  const sees = (what: string, pattern: RegExp) =>
    until(what, LIMIT_MS, async () => ({ done: pattern.test(seen), state: seen.slice(-300) }));
  await sees('a frame', /aggregator-0/);
  await first.stop();
  seen = '';
  await sees('that it is gone', /no pulso runs on|Cannot reach the pulso/);
  const second = await startPulso(['--no-generator', '--lanes', '1'], { dataDir });
  seen = '';
  await sees('it again', /aggregator-0/);
  // Not its own `kill`: on Deno a child that was signalled so counts as ended by the signal.
  process.kill(watching.pid as number, 'SIGINT');
  const [code] = await ended;
  assert.equal(code, 0);
  await second.stop();
});
