/** What a subcommand is, and how its arguments are read: every mistake is a sentence and exit code 2. */
import { parseArgs } from 'node:util';
import { AppError } from '../../protocol/errors.ts';
import { FIELDS, type FieldName } from '../config/fields.ts';

export type Option = {
  readonly type: 'string' | 'boolean';
  readonly value?: string;
  readonly meaning: string;
  /** Fills this setting of the configuration. */
  readonly setting?: FieldName;
};

export type Arguments = {
  readonly options: Readonly<Record<string, string | boolean | undefined>>;
  readonly settings: Readonly<Partial<Record<FieldName, string>>>;
  readonly positionals: readonly string[];
};

export type Command = {
  readonly name: string;
  readonly summary: string;
  /** How the arguments without a name are called in the help; none are taken when empty. */
  readonly positional: string;
  /** Takes any number of them; one at most where this is not said. */
  readonly many?: true;
  readonly options: Readonly<Record<string, Option>>;
  readonly run: (args: Arguments) => Promise<number>;
};

export const EXIT = { done: 0, failed: 1, usage: 2 } as const;

/** Options that fill settings, as most commands share them. */
export function settingOption(setting: FieldName, value: string, meaning = FIELDS[setting].meaning): Option {
  return { type: 'string', value, meaning, setting };
}

export function readArguments(command: Command, args: readonly string[]): Arguments {
  const options = Object.fromEntries(
    Object.entries({ ...command.options, help: HELP }).map(([name, { type }]) => [name, { type }]),
  );
  let parsed: ReturnType<typeof parseArgs>;
  try {
    parsed = parseArgs({ args: joined(args, options), options, allowPositionals: true, strict: true });
  } catch (thrown) {
    throw new AppError(
      'bad-parameter',
      `Cannot run "pulso ${command.name}": ${firstSentence((thrown as Error).message)}`,
    );
  }
  const surplus = command.positional === '' ? parsed.positionals[0] : parsed.positionals[1];
  if (surplus !== undefined && command.many !== true) {
    throw new AppError(
      'bad-parameter',
      `Cannot run "pulso ${command.name}" as it takes no argument ${JSON.stringify(surplus)}`,
    );
  }
  const values = parsed.values as Record<string, string | boolean | undefined>;
  const settings: Partial<Record<FieldName, string>> = {};
  for (const [name, { setting }] of Object.entries(command.options)) {
    const value = values[name];
    if (setting !== undefined && typeof value === 'string') settings[setting] = value;
  }
  return { options: values, settings, positionals: parsed.positionals };
}

/** There are no options of one letter: `--rate -1` and `--order-by -total_sales` mean what they look like. */
function joined(args: readonly string[], options: Readonly<Record<string, Pick<Option, 'type'>>>): string[] {
  const whole: string[] = [];
  for (const arg of args) {
    const last = whole.at(-1) ?? '';
    const takesValue = last.startsWith('--') && options[last.slice(2)]?.type === 'string';
    if (takesValue && /^-[^-]/.test(arg)) whole[whole.length - 1] = `${last}=${arg}`;
    else whole.push(arg);
  }
  return whole;
}

const HELP: Option = { type: 'boolean', meaning: 'show this' };

export function helpOf(command: Command): string {
  const rows = Object.entries({ ...command.options, help: HELP }).map(([name, option]) => [
    `--${name}${option.value === undefined ? '' : ` ${option.value}`}`,
    option.meaning,
  ]);
  const width = Math.max(...rows.map(([left = '']) => left.length));
  const usage = ['pulso', command.name, command.positional, '[options]'].filter((word) => word !== '').join(' ');
  return [
    `Usage: ${usage}`,
    '',
    command.summary,
    '',
    ...rows.map(([left = '', right]) => `  ${left.padEnd(width)}  ${right}`),
    '',
  ].join('\n');
}

/** A number option, checked: answers undefined when it was not given. */
export function numberOption(
  args: Arguments,
  name: string,
  least: number,
  most = Number.MAX_SAFE_INTEGER,
): number | undefined {
  const text = args.options[name];
  if (text === undefined) return undefined;
  const value = Number(text);
  if (typeof text !== 'string' || text.trim() === '' || !Number.isFinite(value) || value < least || value > most) {
    throw new AppError(
      'bad-parameter',
      `Cannot use --${name} as it must be a number from ${least} to ${most}: current value is ${JSON.stringify(text)}`,
      {
        field: name,
      },
    );
  }
  return value;
}

/** The same for what is counted. */
export function wholeOption(args: Arguments, name: string, least: number, most?: number): number | undefined {
  const value = numberOption(args, name, least, most);
  if (value === undefined || Number.isSafeInteger(value)) return value;
  throw new AppError(
    'bad-parameter',
    `Cannot use --${name} as it must be a whole number: current value is ${JSON.stringify(args.options[name])}`,
    { field: name },
  );
}

/** `--rate N|max`: Infinity for max. */
export function rateOption(args: Arguments): number | undefined {
  return args.options.rate === 'max' ? Number.POSITIVE_INFINITY : numberOption(args, 'rate', 0.001, 10_000_000);
}

function firstSentence(message: string): string {
  return message.split('. ')[0] ?? message;
}
