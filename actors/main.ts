/** The pulso command: picks the subcommand, and turns whatever it throws into a sentence and an exit code. */
import { readFileSync } from 'node:fs';
import { AppError } from '../protocol/errors.ts';
import { archive } from './commands/archive.ts';
import { bench } from './commands/bench.ts';
import { chaos } from './commands/chaos.ts';
import { type Command, EXIT, helpOf, readArguments } from './commands/command.ts';
import { doctor } from './commands/doctor.ts';
import { generate } from './commands/generate.ts';
import { query } from './commands/query.ts';
import { replay } from './commands/replay.ts';
import { start } from './commands/start.ts';
import { status } from './commands/status.ts';

const COMMANDS: readonly Command[] = [start, replay, generate, status, query, archive, chaos, doctor, bench];
const USAGE_CODES = ['bad-parameter', 'bad-config', 'data-locked', 'data-mismatch'];

function version(): string {
  const text = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
  return (JSON.parse(text) as { version: string }).version;
}

function overview(): string {
  const width = Math.max(...COMMANDS.map(({ name }) => name.length));
  return [
    'Usage: pulso [command] [options]',
    '',
    ...COMMANDS.map(({ name, summary }) => `  ${name.padEnd(width)}  ${summary}`),
    '',
    'Without a command: start. "pulso COMMAND --help" shows the options of one.',
    '',
  ].join('\n');
}

async function main(argv: readonly string[]): Promise<number> {
  if (argv[0] === '--version') {
    process.stdout.write(`${version()}\n`);
    return EXIT.done;
  }
  if (argv[0] === '--help' || argv[0] === 'help') {
    process.stdout.write(overview());
    return EXIT.done;
  }
  const named = argv[0] !== undefined && !argv[0].startsWith('-');
  const command = named ? COMMANDS.find(({ name }) => name === argv[0]) : start;
  if (command === undefined) {
    const known = COMMANDS.map(({ name }) => name).join(', ');
    throw new AppError(
      'bad-parameter',
      `Cannot run "pulso ${argv[0]}" as there is no such command: known are ${known}`,
    );
  }
  const rest = named ? argv.slice(1) : argv;
  if (rest.includes('--version')) {
    process.stdout.write(`${version()}\n`);
    return EXIT.done;
  }
  const args = readArguments(command, rest);
  if (args.options.help === true) {
    process.stdout.write(helpOf(command));
    return EXIT.done;
  }
  return command.run(args);
}

function exitCodeOf(thrown: unknown): number {
  return thrown instanceof AppError && USAGE_CODES.includes(thrown.code) ? EXIT.usage : EXIT.failed;
}

main(process.argv.slice(2)).then(
  (code) => process.exit(code),
  (thrown: unknown) => {
    process.stderr.write(`pulso: ${thrown instanceof AppError ? thrown.message : (thrown as Error).stack}\n`);
    process.exit(exitCodeOf(thrown));
  },
);
