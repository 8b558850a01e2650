/**
 * The tree on a virtual clock against OTP in twenty lines: any strategy, any restart types, any budget, any story of
 * ends, stops and starts, at moments that hit the period's border exactly.
 */

import assert from 'node:assert/strict';
import test from 'node:test';
import fc from 'fast-check';
import { RESTART_TYPES, type RestartType, STRATEGIES, type Strategy } from '../../supervisor/child-spec.ts';
import { supervisor, World, worker } from './virtual.ts';

const PERIOD_MS = 1_000;
const QUICK = { backoff: { baseMs: 1, capMs: 1 } };

type Member = { readonly id: string; readonly restart: RestartType; epoch: number; up: boolean };
type Rules = { readonly strategy: Strategy; readonly intensity: number; readonly types: readonly RestartType[] };

/** Where everything takes no time. */
class Otp {
  members: Member[];
  alive = true;
  readonly #rules: Rules;
  #attempts: number[] = [];

  constructor(rules: Rules) {
    this.#rules = rules;
    this.members = rules.types.map((restart, index) => ({ id: `m${index}`, restart, epoch: 1, up: true }));
  }

  end(member: Member, clean: boolean, now: number): void {
    member.up = false;
    const again = member.restart === 'permanent' || (member.restart === 'transient' && !clean);
    if (again) this.#restart(member, now);
    else if (member.restart === 'temporary') this.#drop(member);
  }

  stop(member: Member): void {
    member.up = false;
    if (member.restart === 'temporary') this.#drop(member);
  }

  #restart(failed: Member, now: number): void {
    this.#attempts = [...this.#attempts.filter((at) => at >= now - PERIOD_MS), now];
    this.alive = this.#attempts.length <= this.#rules.intensity;
    if (!this.alive) return;
    const from = { one_for_one: -1, one_for_all: 0, rest_for_one: this.members.indexOf(failed) }[this.#rules.strategy];
    const group = from < 0 ? [failed] : this.members.slice(from);
    for (const member of group) {
      if (member.restart === 'temporary') this.#drop(member);
      else Object.assign(member, { up: true, epoch: member.epoch + 1 });
    }
  }

  #drop(member: Member): void {
    this.members = this.members.filter((other) => other !== member);
  }
}

type Step = {
  readonly pick: number;
  readonly what: 'crash' | 'end' | 'kill' | 'stop' | 'start';
  readonly gapMs: number;
};

/** All pauses and stops of four children are over within a hundred milliseconds. */
const steps = fc.array(
  fc.record({
    pick: fc.nat({ max: 100 }),
    what: fc.constantFrom<Step['what']>('crash', 'crash', 'end', 'kill', 'stop', 'start'),
    gapMs: fc.constantFrom(250, 500, 999, 1_000, 1_001, 5_000),
  }),
  { minLength: 1, maxLength: 12 },
);
const rules = fc.record({
  strategy: fc.constantFrom(...STRATEGIES),
  intensity: fc.nat({ max: 3 }),
  types: fc.array(fc.constantFrom(...RESTART_TYPES), { minLength: 1, maxLength: 4 }),
});

async function take(world: World, otp: Otp, { pick, what }: Step): Promise<void> {
  const member = otp.members[pick % otp.members.length];
  if (!member || member.up === (what === 'start')) return;
  const thread = world.of(member.id);
  const now = world.clock.monotonic();
  switch (what) {
    case 'crash':
      thread.crash();
      return otp.end(member, false, now);
    case 'end':
      thread.say({ type: 'bye' });
      thread.exit(0);
      return otp.end(member, true, now);
    case 'kill':
      // A terminated thread is gone two milliseconds later.
      void world.tree.command(member.id, 'kill');
      return otp.end(member, false, now + 2);
    case 'stop':
      await world.settle(world.tree.stopChild(member.id), 10);
      return otp.stop(member);
    case 'start':
      await world.settle(world.tree.restartChild(member.id), 20);
      Object.assign(member, { up: true, epoch: member.epoch + 1 });
  }
}

const shown = (members: readonly Member[]) => members.map(({ id, epoch, up }) => `${id} ${up ? epoch : 'down'}`);

function assertSame(world: World, otp: Otp): void {
  const standing = world.tree.whichChildren('root').map(({ id, standing }) => `${id} ${standing ?? 'down'}`);
  assert.deepEqual(standing.reverse(), shown(otp.members));
}

test('tree does in every story what OTP does', async () => {
  await fc.assert(
    fc.asyncProperty(rules, steps, async (given, story) => {
      const { strategy, intensity, types } = given;
      const children = types.map((restart, index) => worker(`m${index}`, { restart, ...QUICK }));
      const world = new World(supervisor('root', children, { strategy, intensity, periodMs: PERIOD_MS }));
      await world.up();
      const otp = new Otp(given);
      for (const step of story) {
        await take(world, otp, step);
        world.clock.advance(step.gapMs);
        if (!otp.alive) break;
        assertSame(world, otp);
      }
      assert.equal(world.state('root'), otp.alive ? 'running' : 'failed');
      if (otp.alive) await world.down();
      assert.equal((await world.tree.done).reason, otp.alive ? 'shutdown' : 'gave-up');
      assert.equal(world.alive.length, 0);
    }),
    { numRuns: 300 },
  );
});

for (const strategy of STRATEGIES) {
  for (const fails of [0, 1, 2, 3]) {
    test(`${strategy}: a restart that fails ${fails} times takes a budget of ${fails + 1}, and not one less`, async () => {
      for (const intensity of [0, 1, 2, 3, 4]) {
        const children = ['a', 'b', 'c'].map((id) => worker(id, QUICK));
        const world = await new World(supervisor('root', children, { strategy, intensity })).up();
        world.failNext('b', fails);
        world.of('b').crash();
        world.clock.advance(1_000);
        const enough = fails + 1 <= intensity;
        assert.equal(world.state('root'), enough ? 'running' : 'failed', `with a budget of ${intensity}`);
        if (!enough) continue;
        assert.equal(world.node('root')?.budget?.used, fails + 1);
        assert.equal(world.node('b')?.epoch, fails + 2);
        assert.equal(world.node('a')?.epoch, strategy === 'one_for_all' ? fails + 2 : 1);
        await world.down();
      }
    });
  }
}
