/**
 * Seeded faults of every kind on a running system under load, by the code of `pulso chaos`: all are recovered from, all
 * invariants hold, and every figure is that of the model.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { CHAOS_STATE } from '../../actors/commands/chaos/poisoning.ts';
import { reportText } from '../../actors/commands/chaos/report.ts';
import { runChaos } from '../../actors/commands/chaos/run.ts';
import { CHAOS_KINDS } from '../../actors/commands/chaos/schedule.ts';
import { portsTo } from '../../actors/commands/chaos.ts';
import { readLog } from '../model/log.ts';
import { ask } from '../model/questions.ts';
import {
  assertDelivered,
  assertExact,
  dataDir,
  eventsOf,
  modelOfLog,
  poisonedPlaces,
  postableLines,
  withoutChaos,
} from './against-model.ts';
import {
  type Pulso,
  type PulsoOptions,
  runPulso,
  spawnPulso,
  startPulso,
  until,
  untilCounted,
  untilReady,
} from './exactness.ts';
import { produce } from './producer.ts';

/** Its plan holds all faults within the span, on every actor; the gateway is killed, hangs and loses its links. */
const SEED = 105;
const FAULTS = 25;
const SPAN_MS = 20_000;
/** So that events come in as long as faults do. */
const PACE = 400;
const MINUTE = 60_000;
const EVENTS = (PACE * SPAN_MS) / 1_000;

test('25 seeded faults of all kinds under load are recovered from, and every figure stays exact', async (t) => {
  const dir = dataDir(t);
  const pulso = await startPulso(['--no-generator', '--lanes', '2'], { dataDir: dir });
  await untilReady(pulso.url);
  const stop = new AbortController();
  t.after(() => stop.abort());
  // Of these minutes, as the orders of chaos come in the midst of them.
  const lines = postableLines({ events: EVENTS, seed: SEED, start: Date.now() - 10 * MINUTE, spanMs: 5 * MINUTE });
  const producer = produce(() => pulso.url, lines, PACE, stop.signal);
  const { url, signal } = { url: pulso.url, signal: stop.signal };
  const plan = { url, seed: SEED, spanMs: SPAN_MS, faults: FAULTS, kinds: CHAOS_KINDS, signal };

  const report = await Promise.race([
    runChaos(plan, portsTo(pulso)),
    pulso.ended.then((how) => assert.fail(`${JSON.stringify(how)} ${pulso.log()}`)),
  ]);
  const story = report.outcomes.map(({ kind, actor, state, seenAs, seenMs, backMs }) =>
    [kind, actor, state, seenAs, seenMs, backMs].join(' '),
  );
  assert.ok(report.held, [reportText(report), ...story].join('\n'));
  assert.equal(report.all.faults, FAULTS);
  assert.equal(new Set(report.outcomes.map(({ kind }) => kind)).size, CHAOS_KINDS.length);

  await producer.finished;
  assertDelivered(withoutChaos(readLog(dir)), producer);
  const model = modelOfLog(dir, await poisonedPlaces(pulso.url));
  const chaos = model.counted.filter((event) => event.kind === 'order' && event.state === CHAOS_STATE);
  const orders = new Set(chaos.map((event) => event.kind === 'order' && event.id));
  assert.equal(orders.size, chaos.length, 'each counts once');
  // One more where the answer to one was lost: it is in, and another took its turn.
  assert.ok(chaos.length >= (report.kinds.find(({ kind }) => kind === 'poison')?.faults ?? 1));
  await untilCounted(pulso.url, eventsOf(model));
  await assertExact(pulso, model);
  assert.deepEqual(await pulso.stop(), { code: 0, signal: null });
});

test('pulso chaos reports a run, and says why where there is none', async (t) => {
  const options = { dataDir: dataDir(t) };
  const chaos = (...args: string[]) => runPulso(['chaos', ...args], options);
  const nobody = await chaos('--yes');
  assert.equal(nobody.code, 1);
  assert.match(nobody.output, /Cannot strike any actors as no pulso runs on .*: start it, or name one with --url/);
  const unknown = await chaos('--yes', '--kinds', 'crash,tickle');
  assert.equal(unknown.code, 2);
  assert.match(unknown.output, /Cannot use --kinds as each must be one of .*: current value is "tickle"/);

  const pulso = await startPulso(['--rate', '200', '--lanes', '1'], options);
  await untilReady(pulso.url);
  const unasked = await chaos();
  assert.equal(unasked.code, 2);
  assert.match(unasked.output, /Cannot strike the actors of .* without being asked to: say --yes/);
  const run = await chaos('--yes', '--minutes', '0.05', '--faults', '2', '--kinds', 'crash,kill');
  assert.equal(run.code, 0, run.output);
  assert.match(run.output, /^2 faults in .*, seed 1$/m);
  assert.match(run.output, /^all +2 +2 /m);
  assert.match(run.output, /All invariants held\./);

  const wrongToken = await chaos('--yes', '--url', `${pulso.url}/?token=wrong`);
  assert.equal(wrongToken.code, 1);
  assert.match(wrongToken.output, /Cannot .*token/);
  assert.deepEqual(await interrupted(pulso, options), [0, true]);
  await pulso.stop();
});

/** Ctrl-c once somebody has been struck: its exit code, and whether the report says so. */
async function interrupted(pulso: Pulso, options: PulsoOptions): Promise<[number | null, boolean]> {
  const child = spawnPulso(['chaos', '--yes', '--minutes', '9', '--kinds', 'slow', '--seed', '2'], options);
  const ended = once(child, 'close');
  let output = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => {
    output += text;
  });
  await until('somebody slow', 60_000, async () => {
    const { items } = (await ask(pulso.url, '/system/events?limit=1000')) as { items: { text: string }[] };
    return { done: items.some(({ text }) => text.startsWith('slow strikes')), state: items.at(-1) };
  });
  process.kill(child.pid as number, 'SIGINT');
  const [code] = await ended;
  return [code, /^ended early: /m.test(output)];
}
