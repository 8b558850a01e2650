/** The examples of the folders' READMEs run as they stand there, outside this project, and print what it says there. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { runExample } from './helpers/readme.ts';

const EXAMPLES = [
  ['supervisor/README.md', ['supervisor', 'protocol']],
  ['protocol/README.md', ['protocol']],
] as const;

for (const [readme, folders] of EXAMPLES) {
  test(`example of ${readme} runs on a copy of ${folders.join(' and ')} alone, and prints what it says`, async (t) => {
    const { lines, printed, promised } = await runExample(t, readme, folders);
    assert.equal(printed, promised);
    assert.ok(lines <= 32, `an example of ${lines} lines`);
  });
}
