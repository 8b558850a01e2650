import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { statusDot } from '../../../actors/commands/status-dot.ts';
import { statusLines } from '../../../actors/commands/status-table.ts';
import { readTree } from '../../../actors/commands/status-tree.ts';
import { watch } from '../../../actors/commands/status-watch.ts';
import { targetOf } from '../../../actors/commands/target.ts';
import { AppError } from '../../../protocol/errors.ts';

const AT = 1_800_000_000_000;

function actor(id: string, over: Record<string, unknown> = {}): Record<string, unknown> {
  return {
    id,
    kind: 'worker',
    state: 'running',
    epoch: 1,
    restarts: { used: 0, budget: 10, period_ms: 60_000, total: 0 },
    mailbox: { depth: 0, bytes: 0, oldest_ms: 0 },
    last_exit: null,
    next_retry_at: null,
    rate: 0,
    busy: 0.02,
    waiting: null,
    children: [],
    ...over,
  };
}

const BACKING_OFF = {
  state: 'backing-off',
  epoch: 7,
  restarts: { used: 4, budget: 10, period_ms: 60_000, total: 6 },
  mailbox: { depth: 12_345, bytes: 9_000_000, oldest_ms: 4_200 },
  last_exit: { reason: 'out-of-memory', detail: 'heap limit reached at 96 MB', at: AT - 3_100 },
  next_retry_at: AT + 2_100,
  handle_p99_ms: 2.34,
};

function tree(over: Record<string, unknown> = BACKING_OFF): Record<string, unknown> {
  const supervisor = { kind: 'supervisor', restarts: { used: 4, budget: 10, period_ms: 60_000, total: 0 } };
  return {
    ...actor('root', {
      ...supervisor,
      started_at: AT - 11_220_000,
      children: [
        actor('gateway', { rate: 2_140.4, busy: 0.5 }),
        actor('lanes', {
          ...supervisor,
          children: [actor('lane-0', { ...supervisor, children: [actor('aggregator-0', over), actor('consumer-0')] })],
        }),
      ],
    }),
    summary: { at: AT, latency_p50_ms: 12, latency_p99_ms: 40, lag: 7, clients: 1, zombies: 2 },
  };
}

function lines(
  width: number,
  { over = BACKING_OFF as Record<string, unknown>, color = false, height = 0 } = {},
): string[] {
  const options = { width, color, url: 'http://127.0.0.1:8080', height: height || undefined };
  return statusLines(readTree(tree(over)), options);
}

const headOf = (width: number) => (lines(width)[3] ?? '').split(/ {2,}/);

test('status shows as many columns as the terminal is wide, the important ones first', () => {
  assert.deepEqual(headOf(60), ['ACTOR', 'STATE', 'RESTARTS', 'MAILBOX']);
  assert.deepEqual(headOf(80), ['ACTOR', 'STATE', 'RESTARTS', 'MAILBOX', 'RETRY', 'LAST EXIT']);
  const most = [
    'ACTOR',
    'STATE',
    'EPOCH',
    'RESTARTS',
    'MAILBOX',
    'OLDEST',
    'MSG/S',
    'P99',
    'BUSY',
    'RETRY',
    'LAST EXIT',
  ];
  assert.deepEqual(headOf(120), most);
  assert.deepEqual(headOf(114), most.toSpliced(7, 1));
  assert.deepEqual(headOf(200), [...most, 'WHY']);
});

test('status says what becomes of an actor that failed', () => {
  const row = lines(200).find((line) => line.includes('aggregator-0'));
  assert.match(
    row ?? '',
    /^ {4}├ aggregator-0 +◷ backing-off +7 +6 +12\.3k +4\.2 s +0 +2\.3 ms +2 % +2\.1 s +out-of-memory 3\.1 s ago +heap limit reached at 96 MB$/,
  );
  assert.deepEqual(lines(200).slice(0, 2), [
    'DEGRADED  1 backing-off',
    'http://127.0.0.1:8080  2 of 3 actors run  up 3 h 07 min  p50 12 ms  p99 40 ms  lag 7  1 client  2 left behind',
  ]);
});

test('status draws each width from 1 to 300 without a line that is wider, in colours as well', () => {
  for (let width = 1; width <= 300; width++) {
    const plain = lines(width);
    for (const line of plain) assert.ok([...line].length <= width, `${width}: ${line}`);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: colours are control characters
    const bare = lines(width, { color: true }).map((line) => line.replace(/\x1b\[\d*m/g, '').trimEnd());
    assert.deepEqual(bare, plain);
  }
});

test('status holds its columns apart whatever actors say of themselves', () => {
  const text = fc.string({ unit: 'binary', maxLength: 60 });
  fc.assert(
    fc.property(
      text,
      text,
      fc.integer({ min: 1, max: 250 }),
      fc.double({ noNaN: true }),
      (id, detail, width, figure) => {
        const odd = {
          id,
          state: detail,
          rate: figure,
          epoch: figure,
          mailbox: { depth: figure, oldest_ms: figure },
          last_exit: { reason: id, detail, at: figure },
          next_retry_at: figure,
        };
        for (const line of lines(width, { over: odd })) {
          assert.ok([...line].length <= width, line);
          assert.doesNotMatch(line, /[\p{Cc}]/u);
        }
      },
    ),
    { numRuns: 200 },
  );
});

test('status counts the rows that have no room when it is drawn in place', () => {
  const shown = lines(120, { height: 6 });
  assert.equal(shown.length, 6);
  assert.equal(shown.at(-1), 'and 5 more lines');
  assert.equal(lines(120, { height: 9 }).length, 9);
  assert.equal(lines(120, { height: 10 }).at(-1)?.includes('consumer-0'), true);
});

test('status takes a worker that waits for something outside for healthy, and says what it waits for', () => {
  const over = { state: 'waiting', waiting: { what: 'the store', deadline: AT + 1_000 } };
  const shown = lines(200, { over });
  assert.match(shown[0] ?? '', /^HEALTHY/);
  assert.ok(shown.some((line) => line.endsWith('waits for the store')));
  assert.equal(lines(200, { over: { state: 'starting' } })[0], 'STARTING  1 starting');
  assert.equal(lines(200, { over: { state: 'unresponsive' } })[0], 'FAILING  1 unresponsive');
});

test('status says first that ingest is paused, unless something is worse', () => {
  const said = (over: Record<string, unknown>, reason: string) => {
    const answer = { ...tree(over), summary: { at: AT, paused: { at: AT - 125_000, reason } } };
    return statusLines(readTree(answer), { width: 200, color: false, url: '' })[0];
  };
  assert.equal(said({}, 'disk swap'), 'PAUSED  ingest is paused for 2 min: disk swap');
  assert.equal(said({ state: 'failed' }, ''), 'FAILING  ingest is paused for 2 min, 1 failed');
});

test('status refuses an answer that is no tree', () => {
  for (const answer of [null, [], 'text', {}, { id: 'root' }])
    assert.throws(() => readTree(answer), { code: 'unavailable' });
});

test('status writes Graphviz with every actor, its state in words and what hangs below what', () => {
  const dot = statusDot(readTree(tree({ state: 'failed', last_exit: { reason: 'say "no"\\', detail: '', at: 0 } })));
  assert.match(dot, /^digraph pulso \{\n[\s\S]*\n\}\n$/);
  assert.match(dot, /"lane-0" -> "aggregator-0";/);
  assert.match(dot, /label="aggregator-0\\nfailed, epoch 1\\nrestarts 0\\nmailbox 0\\nlast exit say \\"no\\"\\\\"/);
  assert.equal(dot.match(/->/g)?.length, 5);
});

type Seen = { readonly written: string[]; readonly frames: number };

/** Watches with one step a frame; ends with the last one. */
async function watched(steps: readonly (string | Error)[], inPlace: boolean): Promise<Seen> {
  const end = new AbortController();
  const written: string[] = [];
  let frames = 0;
  const ended = watch({
    first: 'first\n',
    frame: async () => {
      const step = steps[frames++];
      if (step instanceof Error) throw step;
      return step ?? '';
    },
    write: (text) => written.push(text),
    inPlace,
    wait: async () => {
      if (frames === steps.length) end.abort();
    },
    signal: end.signal,
  });
  await ended;
  return { written, frames };
}

test('status --watch goes on while the system is away, and shows it again when it is back', async () => {
  const away = new AppError('unavailable', 'Cannot reach the pulso at http://127.0.0.1:1: refused');
  const { written } = await watched([away, 'back\n'], false);
  assert.deepEqual(written, ['first\n', 'Cannot reach the pulso at http://127.0.0.1:1: refused\n', 'back\n']);
});

test('status --watch draws over the former frame and gives the cursor back, also when drawing fails', async () => {
  const { written } = await watched(['a\nb\n'], true);
  assert.equal(written[0], '\x1b[?25l\x1b[2J');
  assert.equal(written[2], '\x1b[Ha\x1b[K\nb\x1b[K\n\x1b[J');
  assert.equal(written.at(-1), '\x1b[?25h');
  const broken: string[] = [];
  const failing = watch({
    first: '',
    frame: () => Promise.reject(new TypeError('a fault of ours')),
    write: (text) => broken.push(text),
    inPlace: true,
    wait: async () => {},
    signal: new AbortController().signal,
  });
  await assert.rejects(failing, /a fault of ours/);
  assert.equal(broken.at(-1), '\x1b[?25h');
});

test('a command takes the token from the address it is given, else from the settings', () => {
  const config = { data: '/nowhere', token: 'set' };
  assert.deepEqual(targetOf(config, 'http://h:1/?token=given', 'look'), { url: 'http://h:1', token: 'given' });
  assert.deepEqual(targetOf(config, 'http://h:1/x', 'look'), { url: 'http://h:1', token: 'set' });
  for (const bad of ['', 'h:1', 'ftp://h', 'http://']) {
    assert.throws(() => targetOf(config, bad, 'look'), { code: 'bad-parameter', field: 'url' });
  }
  assert.throws(() => targetOf(config, undefined, 'look'), /Cannot look as no pulso runs on \/nowhere/);
});
