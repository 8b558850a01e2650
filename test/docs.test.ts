/** What the documents say is held against what the code does. */
import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { FIELDS, type Field } from '../actors/config/fields.ts';
import { ERROR_CODES } from '../protocol/errors.ts';

const readme = readFileSync('README.md', 'utf8');

test('README lists every setting with its default and meaning', () => {
  for (const field of Object.values<Field<unknown>>(FIELDS)) {
    const row = `| \`${field.env}\` | ${field.standard ?? 'unset'} | ${field.meaning} |`;
    assert.ok(readme.includes(row), `README lacks the row: ${row}`);
  }
});

test('README names the commands that its readers need', () => {
  const { scripts } = JSON.parse(readFileSync('package.json', 'utf8')) as { scripts: Record<string, string> };
  for (const [, name = ''] of readme.matchAll(/`?npm (?:run )?(start|test|\w+:\w+|bench|check)\b/g))
    assert.ok(name in scripts, name);
  for (const command of ['npm start', 'npm test']) assert.ok(readme.includes(command));
});

test('links of the documents lead somewhere', () => {
  for (const file of [...globSync('{,protocol/,supervisor/,test/**/}README.md'), ...globSync('.github/**/*.md')]) {
    const text = readFileSync(file, 'utf8');
    for (const [, target = ''] of text.matchAll(/\]\((?!https?:)([^)#]+)\)/g)) {
      assert.ok(existsSync(join(dirname(file), target)), `${file} links ${target}`);
    }
  }
});

test('error codes are unique, in one form, and have a status', () => {
  for (const [code, status] of Object.entries(ERROR_CODES)) {
    assert.match(code, /^[a-z]+(-[a-z]+)*$/);
    assert.ok(status >= 400 && status < 600, code);
  }
});
