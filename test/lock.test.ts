/** The lock file as every platform needs it: a package that is missing for one of them fails `npm ci` on all. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';

type Locked = { readonly optionalDependencies?: Readonly<Record<string, string>>; readonly resolved?: string };

test('lock file names every optional package of every platform, and no registry', () => {
  const { packages } = JSON.parse(readFileSync('package-lock.json', 'utf8')) as { packages: Record<string, Locked> };
  const names = Object.keys(packages);
  const missing = Object.entries(packages).flatMap(([of, { optionalDependencies = {} }]) =>
    Object.keys(optionalDependencies)
      .filter((name) => !names.some((path) => path.endsWith(`node_modules/${name}`)))
      .map((name) => `${name}, wanted by ${of || 'pulso'}`),
  );
  assert.deepEqual(missing, []);
  assert.deepEqual(
    names.filter((name) => packages[name]?.resolved !== undefined),
    [],
  );
});
