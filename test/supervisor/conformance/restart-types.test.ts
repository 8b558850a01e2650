/** Conformance 15 to 21 on real threads: which ends each restart type comes back from. */

import assert from 'node:assert/strict';
import test from 'node:test';
import { type ChildSpec, RESTART_TYPES, type RestartType } from '../../../supervisor/index.ts';
import type { PuppetOrder } from '../fixtures/puppet.ts';
import { puppet, RealTree } from '../real.ts';
import { supervisor } from '../virtual.ts';

/** A child that ends with OTP's `shutdown` unasked can only be a supervisor: one that follows its significant child. */
function following(id: string, restart: RestartType): ChildSpec {
  const leader = puppet(`${id}-leader`, {}, { restart: 'transient', significant: true });
  return supervisor(id, [leader], { restart, autoShutdown: 'any_significant' });
}

type End = { readonly name: string; readonly spec: (restart: RestartType) => ChildSpec; readonly order: PuppetOrder };

const ENDS: readonly End[] = [
  { name: 'normal', spec: (restart) => puppet('x', {}, { restart }), order: 'end' },
  { name: 'shutdown', spec: (restart) => following('x', restart), order: 'end' },
  { name: 'abnormal', spec: (restart) => puppet('x', {}, { restart }), order: 'crash' },
];

const EXPECTED: Readonly<Record<RestartType, Readonly<Record<string, readonly string[]>>>> = {
  permanent: { normal: ['y 1', 'x 2'], shutdown: ['y 1', 'x 2'], abnormal: ['y 1', 'x 2'] },
  transient: { normal: ['y 1', 'x down'], shutdown: ['y 1', 'x down'], abnormal: ['y 1', 'x 2'] },
  temporary: { normal: ['y 1'], shutdown: ['y 1'], abnormal: ['y 1'] },
};

/** temporary is one case of the list for all its ends. */
const numberOf = (restart: RestartType, end: number) => Math.min(15 + 3 * RESTART_TYPES.indexOf(restart) + end, 21);

for (const restart of RESTART_TYPES) {
  for (const [index, { name, spec, order }] of ENDS.entries()) {
    const wanted = EXPECTED[restart][name] ?? [];
    const back = wanted.includes('x 2');
    const fate = back
      ? 'comes back with a new epoch'
      : wanted.length > 1
        ? 'stays down, its spec kept'
        : 'is gone, spec and all';
    test(`case ${numberOf(restart, index)}: ${restart} child that ends ${name} ${fate}`, async (t) => {
      const real = await RealTree.up(t, supervisor('root', [spec(restart), puppet('y')]));
      real.order(name === 'shutdown' ? 'x-leader' : 'x', order);
      await (back ? real.running('x', 2) : real.event('exited', 'x', 1));
      assert.deepEqual(real.which(), wanted);
      assert.equal(real.node('root')?.budget?.used, back ? 1 : 0);
      if (wanted.includes('x down')) assert.deepEqual(await real.tree.restartChild('x'), { epoch: 2 });
      if (restart === 'temporary') assert.equal(real.tree.countChildren('root').specs, 1);
    });
  }
}
