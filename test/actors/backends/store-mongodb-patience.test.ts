import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate as turn } from 'node:timers/promises';
import { MongoNetworkError } from 'mongodb';
import { Patience, type WaitClock } from '../../../actors/backends/store-mongodb-client.ts';

/** Time that passes when the test says so, with all that happens in it. */
class TestClock implements WaitClock {
  #now = 1_000;
  #timers = new Set<{ readonly at: number; readonly run: () => void }>();

  now(): number {
    return this.#now;
  }

  after(ms: number, run: () => void): () => void {
    const timer = { at: this.#now + ms, run };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => this.after(ms, resolve));
  }

  async pass(ms: number): Promise<void> {
    const end = this.#now + ms;
    for (;;) {
      await turn();
      const next = [...this.#timers].filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      this.#timers.delete(next);
      this.#now = next.at;
      next.run();
    }
    this.#now = end;
  }
}

/** A server that does what is asked of it, and who is told of waiting. */
function patience(clock: WaitClock) {
  const told: string[] = [];
  const mongo = {
    address: 'here',
    attempt: <T>(work: () => Promise<T>) => work(),
    once: <T>(work: () => Promise<T>) => work(),
  };
  const watch = { waiting: (what: string) => told.push(what), waited: () => told.push('answers') };
  return { told, patience: new Patience(mongo, watch, clock) };
}

test('a server that answers nobody is waited for, one that is only slow with much to do is not', async () => {
  const clock = new TestClock();
  const silent = patience(clock);
  const busy = patience(clock);
  const alone = silent.patience.run(() => clock.sleep(2_500));
  const slow = busy.patience.run(() => clock.sleep(4_000));
  const others = (async () => {
    for (let answers = 0; answers < 16; answers++) await busy.patience.run(() => clock.sleep(250));
  })();
  await clock.pass(1_499);
  assert.deepEqual(silent.told, []);
  await clock.pass(2_501);
  await Promise.all([alone, slow, others]);
  assert.deepEqual(silent.told, ['MongoDB at here', 'answers']);
  assert.deepEqual(busy.told, []);
});

test('a server that is lost is waited for at once, until it answers', async () => {
  const clock = new TestClock();
  const { told, patience: patient } = patience(clock);
  let tries = 0;
  const answer = patient.run(async () => {
    if (++tries < 3) throw new MongoNetworkError('lost');
    return 'back';
  });
  await clock.pass(1_000);
  assert.equal(await answer, 'back');
  assert.deepEqual(told, ['MongoDB at here', 'MongoDB at here', 'answers']);
});
