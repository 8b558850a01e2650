import assert from 'node:assert/strict';
import test from 'node:test';
import { AppError } from '../../protocol/errors.ts';
import { type ChildSpec, checkSpecs, resolveSpec, type SupervisorSpec } from '../../supervisor/child-spec.ts';
import { SupervisorTree } from '../../supervisor/tree.ts';
import { supervisor, worker } from './virtual.ts';

const root = (...children: unknown[]) => supervisor('root', children as ChildSpec[]);

/** What is wrong, the field, and words of the sentence that says so. */
const BAD: readonly [string, unknown, string, RegExp][] = [
  ['a spec that is no object', null, 'type', /a child as type must be worker or supervisor/],
  ['an unknown type', { id: 'x', type: 'thread' }, 'type', /child "x" as type must be .*: current value is thread/],
  ['an empty id', worker(''), 'id', /1 to 200 characters/],
  ['an id that is a number', worker(7 as unknown as string), 'id', /current value is 7/],
  ['an entry that is a path', worker('x', { entry: './x.ts' as unknown as URL }), 'entry', /a URL.*\.\/x\.ts/],
  [
    'an unknown restart type',
    worker('x', { restart: 'often' as 'permanent' }),
    'restart',
    /permanent, transient, temp/,
  ],
  ['a negative shutdown', worker('x', { shutdownMs: -1 }), 'shutdownMs', /current value is -1/],
  ['a shutdown that is no number', worker('x', { shutdownMs: Number.NaN }), 'shutdownMs', /Infinity or kill/],
  ['a link without a target', worker('x', { links: [{ name: 'l' } as never] }), 'links', /\{name, to\}/],
  ['a link to itself', worker('x', { links: [{ name: 'l', to: 'x' }] }), 'links', /to another actor/],
  ['a negative heartbeat', worker('x', { heartbeatMs: -5 }), 'heartbeatMs', /0 or a number of ms/],
  ['a negative progress', worker('x', { progressMs: -5 }), 'progressMs', /0 or a number of ms/],
  ['a start limit of nothing', worker('x', { startMs: 0 }), 'startMs', /above 0/],
  ['a backoff of nothing', worker('x', { backoff: { baseMs: 0 } }), 'backoff.baseMs', /above 0/],
  ['an unknown strategy', supervisor('s', [], { strategy: 'some' as 'one_for_one' }), 'strategy', /rest_for_one/],
  ['a broken intensity', supervisor('s', [], { intensity: 1.5 }), 'intensity', /whole number.*1\.5/],
  ['a negative intensity', supervisor('s', [], { intensity: -1 }), 'intensity', /whole number/],
  ['a period of nothing', supervisor('s', [], { periodMs: 0 }), 'periodMs', /above 0/],
  ['children that are no list', { id: 's', type: 'supervisor', children: {} }, 'children', /a list of child specs/],
  ['a significant permanent child', supervisor('s', [worker('x', { significant: true })]), 'significant', /permanent/],
  [
    'a significant child of a supervisor that never ends with it',
    supervisor('s', [worker('x', { significant: true, restart: 'transient' })]),
    'significant',
    /autoShutdown is never/,
  ],
];

for (const [name, spec, field, sentence] of BAD) {
  test(`specs refuse ${name}`, () => {
    assert.throws(
      () => checkSpecs(root(spec)),
      (error) =>
        error instanceof AppError &&
        error.code === 'bad-config' &&
        error.field === field &&
        sentence.test(error.message) &&
        error.message.startsWith('Cannot supervise'),
    );
  });
}

test('specs refuse the same id twice, wherever it stands', () => {
  assert.throws(() => checkSpecs(root(worker('x'), supervisor('s', [worker('x')]))), /child "x" as id must be unique/);
  assert.throws(() => checkSpecs(root(worker('root'))), /child "root" as id must be unique/);
});

test('specs refuse a link that is declared from both ends', () => {
  const children = [worker('a', { links: [{ name: 'l', to: 'b' }] }), worker('b', { links: [{ name: 'l', to: 'a' }] })];
  assert.throws(() => checkSpecs(root(...children)), /declared once/);
});

test('specs accept several links of one name to different actors, and of different names to one', () => {
  const links = [
    { name: 'l', to: 'b' },
    { name: 'l', to: 'c' },
    { name: 'm', to: 'b' },
  ];
  checkSpecs(root(worker('a', { links }), worker('b'), worker('c')));
});

test('specs ignore unknown keys, and take undefined for not given', () => {
  checkSpecs(root({ ...worker('a'), colour: 'red', restart: undefined }));
});

test('specs get the defaults of OTP, and those that OTP lacks', () => {
  const plain = resolveSpec(worker('a'));
  assert.equal(plain.restart, 'permanent');
  assert.equal(plain.shutdownMs, 5_000);
  assert.equal(plain.type === 'worker' && plain.heartbeatMs, 500);
  assert.equal(plain.type === 'worker' && plain.startMs, 10_000);
  const group = resolveSpec(supervisor('s', []));
  assert.equal(group.shutdownMs, Number.POSITIVE_INFINITY);
  assert.equal(group.type === 'supervisor' && group.strategy, 'one_for_one');
  assert.equal(group.type === 'supervisor' && group.intensity, 10);
  assert.equal(group.type === 'supervisor' && group.periodMs, 60_000);
});

test('specs are checked before anything starts', () => {
  let started = 0;
  const spawn = {
    thread: () => assert.fail(String(++started)),
    channel: () => assert.fail(),
    isOverloaded: () => false,
  };
  assert.throws(() => new SupervisorTree(root(worker('x'), worker('x')) as SupervisorSpec, { spawn }));
  assert.throws(() => new SupervisorTree(worker('x') as never, { spawn }), TypeError);
  assert.equal(started, 0);
});
