import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AppError, assertNever, ERROR_CODES, fromWireError, toWireError } from '../../protocol/errors.ts';

test('every error code is kebab-case and answers with a status of an error', () => {
  for (const [code, status] of Object.entries(ERROR_CODES)) {
    assert.match(code, /^[a-z]+(-[a-z]+)*$/);
    assert.ok(status >= 400 && status < 600, code);
  }
});

test('an error comes out of its wire form as it went in', () => {
  const error = new AppError('bad-parameter', 'Cannot parse', { field: 'limit', cause: new Error('inner') });
  const back = fromWireError(structuredClone(toWireError(error)));
  assert.deepEqual([back.code, back.message, back.field], ['bad-parameter', 'Cannot parse', 'limit']);
  assert.deepEqual(toWireError(new AppError('fenced', 'Cannot commit')), { code: 'fenced', message: 'Cannot commit' });
});

test('toWireError takes anything that was thrown', () => {
  assert.deepEqual(toWireError(new TypeError('x')), { code: 'internal', message: 'x' });
  for (const thrown of [undefined, null, 5, 'x', {}, Symbol('x')]) assert.equal(toWireError(thrown).code, 'internal');
});

test('an error of the server side is retryable unless it says otherwise', () => {
  assert.equal(new AppError('unavailable', 'x').retryable, true);
  assert.equal(new AppError('bad-parameter', 'x').retryable, false);
  assert.equal(new AppError('internal', 'x', { retryable: false }).retryable, false);
});

test('assertNever throws', () => {
  assert.throws(() => assertNever('x' as never), TypeError);
});
