/** Real processes for tests that kill them: the same runtime that runs the test. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export type Child = {
  /** What it prints, line by line. */
  readonly lines: AsyncIterator<string>;
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
};

export function startChild(script: URL, args: readonly string[]): Child {
  const runtime = 'Deno' in globalThis ? ['run', '-A', '--no-check'] : [];
  const child: ChildProcess = spawn(process.execPath, [...runtime, fileURLToPath(script), ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const lines = createInterface({ input: child.stdout as NonNullable<ChildProcess['stdout']> });
  return {
    lines: lines[Symbol.asyncIterator](),
    async kill() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}

/** Reads lines until one fits; fails when the child ends before. */
export async function lineThat(child: Child, fits: (line: string) => boolean): Promise<string> {
  for (;;) {
    const { value, done } = await child.lines.next();
    if (done) throw new Error('Cannot go on as the child process ended too early');
    if (fits(value)) return value;
  }
}
