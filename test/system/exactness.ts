/**
 * Runs the real command as a child process and watches it from outside: start, replay, kill -9, post events, wait
 * until everything is counted. Used by the tests that hold pulso against the model.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { FIELDS } from '../../actors/config/fields.ts';
import { ask } from '../model/questions.ts';
import { endBeforeFolder } from './folder.ts';

const COMMAND = fileURLToPath(new URL('../../actors/main.ts', import.meta.url));
/** Not what the tests judge: servers and machines that others use too are slow. */
const READY_MS = 60_000;
const KEPT_LINES = 200;
/** Between two looks at something that comes about by itself. */
const LOOK_MS = 20;

/** `readyMs`: how long it may take until the page is served. */
export type PulsoOptions = { dataDir: string; env?: Record<string, string>; readyMs?: number };
export type Ended = { code: number | null; signal: NodeJS.Signals | null };
export type Pulso = {
  readonly url: string;
  readonly token: string;
  readonly child: ChildProcess;
  /** What it has said on stderr, the newest lines. */
  log(): string;
  /** Asks it to end in order, and answers how it did. */
  stop(): Promise<Ended>;
  kill9(): Promise<void>;
  signal(name: NodeJS.Signals): void;
  ended: Promise<Ended>;
};

/** The command as a process of its own, on the runtime that runs this. */
export function spawnPulso(args: readonly string[], { dataDir, env = {} }: PulsoOptions): ChildProcess {
  const runtime = 'Deno' in globalThis ? ['run', '-A', '--no-check'] : [];
  const child = spawn(process.execPath, [...runtime, COMMAND, ...args, '--data', dataDir], {
    env: { ...surroundings(), PULSO_LOG: 'info', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  endBeforeFolder(dataDir, () => (send(child, 'SIGKILL') ? endOf(child) : undefined));
  return child;
}

/** This process's environment without settings of pulso, servers among them: a test runs with its own alone. */
function surroundings(): NodeJS.ProcessEnv {
  const settings = new Set<string>(Object.values(FIELDS).map(({ env }) => env));
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !settings.has(name) && !name.startsWith('PULSO_')),
  );
}

/** `pulso start ARGS` on a free port, once it has said that the page is served. */
export async function startPulso(args: readonly string[], options: PulsoOptions): Promise<Pulso> {
  const child = spawnPulso(['start', '--port', '0', ...args], options);
  const kept = keepLines(child);
  const ended = endOf(child);
  const { url, token } = await readyLine(child, kept, options.readyMs ?? READY_MS);
  const signal = (name: NodeJS.Signals) => void send(child, name);
  return {
    url,
    token,
    child,
    ended,
    log: () => kept.join('\n'),
    stop() {
      signal('SIGTERM');
      return ended;
    },
    signal,
    async kill9() {
      signal('SIGKILL');
      await ended;
    },
  };
}

/** Runs the command to its end. */
export async function runPulso(args: readonly string[], options: PulsoOptions): Promise<Ended & { output: string }> {
  const child = spawnPulso(args, options);
  const kept = keepLines(child);
  child.stdout?.setEncoding('utf8').on('data', (text: string) => kept.push(text));
  return { ...(await endOf(child)), output: kept.join('\n') };
}

export async function replay(file: string, options: PulsoOptions): Promise<void> {
  const { code, output } = await runPulso(['replay', file], options);
  if (code !== 0) throw new Error(`replay ended with ${code}: ${output}`);
}

/** `pulso start --no-generator --exit-when-done`: its exit code, and what it said. */
export function workOff(options: PulsoOptions): Promise<Ended & { output: string }> {
  return runPulso(['start', '--port', '0', '--no-generator', '--exit-when-done'], options);
}

export type LedgerTotal = { in: number; counted: number; late: number; dead: number; duplicates: number; lag: number };

export async function ledgerTotal(url: string): Promise<LedgerTotal> {
  return ((await ask(url, '/ledger')) as { total: LedgerTotal }).total;
}

/** Waits until so many events are in the ledger and nothing of the log is left. */
export async function untilCounted(url: string, events: number, limitMs = 120_000): Promise<void> {
  await until(`${events} events counted`, limitMs, async () => {
    const total = await ledgerTotal(url);
    return { done: total.in >= events && total.lag === 0, state: total };
  });
}

/** Looks again and again; past the limit it fails with what was seen last. */
export async function until(
  what: string,
  limitMs: number,
  look: () => Promise<{ done: boolean; state?: unknown }>,
): Promise<void> {
  const deadline = performance.now() + limitMs;
  for (;;) {
    const { done, state } = await look();
    if (done) return;
    if (performance.now() > deadline)
      throw new Error(`Not within ${limitMs} ms: ${what}; last ${JSON.stringify(state)}`);
    await sleep(LOOK_MS);
  }
}

/** Waits until every lane runs and has caught up once. */
export function untilReady(url: string, limitMs = READY_MS): Promise<void> {
  return until('ready', limitMs, async () => {
    const answer = await fetch(new URL('/readyz', url)).catch(() => undefined);
    return { done: answer?.status === 200, state: await answer?.text() };
  });
}

type Done = { status: number; body: unknown };

/** A command to an actor. Given again under the same key, it is carried out once. */
export function command(pulso: Pulso, actor: string, what: string): Promise<Done> {
  const body = { reason: 'test', idempotency_key: crypto.randomUUID() };
  return taken(() => post(pulso, `/system/actors/${actor}/${what}`, body));
}

export function setLanes(pulso: Pulso, lanes: number): Promise<Done> {
  return taken(() => post(pulso, '/system/lanes', { lanes, reason: 'test', idempotency_key: crypto.randomUUID() }));
}

/** Given again while whoever takes it, or carries it out, is away: on a busy machine any actor may be replaced at any time. */
export async function taken(give: () => Promise<Done>): Promise<Done> {
  let done: Done | undefined;
  await until('a command is taken', READY_MS, async () => {
    const state = await give().catch(String);
    if (typeof state === 'object') done = state;
    return { done: done !== undefined && ![409, 503].includes(done.status), state };
  });
  return done as Done;
}

export async function post(pulso: Pulso, path: string, body: unknown): Promise<Done> {
  const answer = await fetch(new URL(path, pulso.url), {
    method: 'POST',
    headers: { authorization: `Bearer ${pulso.token}`, 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
  const text = await answer.text();
  return { status: answer.status, body: text === '' ? null : JSON.parse(text) };
}

export type ActorNode = {
  id: string;
  kind: string;
  state: string;
  epoch: number;
  /** Of its supervisor's budget. */
  restarts: { used: number; budget: number };
  children?: ActorNode[];
};

/** Every actor of the running system (no supervisors), by id. */
export async function actors(url: string): Promise<Map<string, ActorNode>> {
  const found = new Map<string, ActorNode>();
  const visit = (node: ActorNode) => {
    if (node.kind === 'worker') found.set(node.id, node);
    for (const child of node.children ?? []) visit(child);
  };
  visit((await ask(url, '/system/tree')) as ActorNode);
  return found;
}

/** From the last command to an actor until it ran again, as the supervisor noted it. */
export async function recoveryMs(url: string, actor: string): Promise<number> {
  type Noted = { actor: string; kind: string; at: number };
  const { items } = (await ask(url, '/system/events?limit=1000')) as { items: Noted[] };
  const own = items.filter((event) => event.actor === actor);
  const command = own.findLast(({ kind }) => kind === 'command');
  const running = own.findLast(({ kind }) => kind === 'running');
  if (command === undefined || running === undefined || running.at < command.at) return Number.POSITIVE_INFINITY;
  return running.at - command.at;
}

/** Not `child.kill`: on Deno a child that was signalled so counts as ended by the signal, whatever it made of it. */
function send(child: ChildProcess, signal: NodeJS.Signals): boolean {
  if (child.exitCode !== null || child.signalCode !== null) return false;
  return process.kill(child.pid as number, signal);
}

function keepLines(child: ChildProcess): string[] {
  const kept: string[] = [];
  createInterface({ input: child.stderr as NodeJS.ReadableStream }).on('line', (line) => {
    kept.push(line);
    if (kept.length > KEPT_LINES) kept.shift();
  });
  return kept;
}

async function endOf(child: ChildProcess): Promise<Ended> {
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  return { code, signal };
}

function readyLine(
  child: ChildProcess,
  kept: readonly string[],
  readyMs: number,
): Promise<{ url: string; token: string }> {
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
  return new Promise((resolve, reject) => {
    const fail = (why: string) => {
      clearTimeout(limit);
      reject(new Error(`pulso start ${why}: ${kept.join('\n')}`));
    };
    const limit = setTimeout(() => {
      child.kill('SIGKILL');
      fail(`said no ready line within ${readyMs} ms`);
    }, readyMs);
    child.once('close', (code) => fail(`ended with ${code}`));
    lines.on('line', (line) => {
      const match = /^ready (http\S+)\/\?token=(\S+)$/.exec(line);
      if (!match) return;
      clearTimeout(limit);
      resolve({ url: match[1] as string, token: match[2] as string });
    });
  });
}
