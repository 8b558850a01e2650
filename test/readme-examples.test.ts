/** The examples of the folders' READMEs run as they stand there, outside this project, and print what it says there. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { runExample } from './helpers/readme.ts';

const EXAMPLES = [
  ['supervisor/README.md', ['supervisor', 'protocol']],
  ['protocol/README.md', ['protocol']],
] as const;

/** An example has limits as they are by default: a machine may leave its thread waiting for longer, but not each time. */
const TRIES = 3;

for (const [readme, folders] of EXAMPLES) {
  test(`example of ${readme} runs on a copy of ${folders.join(' and ')} alone, and prints what it says`, async (t) => {
    for (let tries = 1; ; tries++) {
      const { lines, printed, promised } = await runExample(t, readme, folders);
      assert.ok(lines <= 32, `an example of ${lines} lines`);
      if (printed === promised) return;
      assert.ok(tries < TRIES, `it prints\n${printed}`);
    }
  });
}
