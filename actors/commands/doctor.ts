/** `pulso doctor`: what is configured, and one line a check with the fix where it fails. Starts and changes nothing. */
import { accessSync, constants, existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AppError } from '../../protocol/errors.ts';
import { checkData } from '../backends/choose.ts';
import { findRunning } from '../backends/lock.ts';
import { type Config, describeConfig, processSources, readConfig } from '../config/read.ts';
import { type Arguments, type Command, EXIT, settingOption } from './command.ts';
import { checkListening } from './port.ts';

export const doctor: Command = {
  name: 'doctor',
  summary: 'Checks configuration, runtime and every configured backend, one line each with the fix.',
  positional: '',
  options: {
    data: settingOption('data', 'DIR'),
    host: settingOption('host', 'ADDRESS'),
    port: settingOption('port', 'N'),
    partitions: settingOption('partitions', 'P'),
  },
  run,
};

/** Undefined when all is well, else what is wrong and what helps. */
type Verdict = { readonly wrong: string; readonly fix: string } | undefined;
type Check = { readonly name: string; readonly look: (config: Config) => Verdict | Promise<Verdict> };

const CHECKS: readonly Check[] = [
  { name: 'runtime', look: checkRuntime },
  { name: 'data folder', look: checkFolder },
  { name: 'log and store', look: checkFiles },
  { name: 'page', look: checkPage },
  { name: 'port', look: checkPort },
];

async function run(args: Arguments): Promise<number> {
  const config = readConfig(processSources(args.settings));
  for (const { env, value } of describeConfig(config)) process.stdout.write(`${env.padEnd(22)} ${value}\n`);
  process.stdout.write('\n');
  let failed = 0;
  for (const { name, look } of CHECKS) {
    const verdict = await look(config);
    if (verdict !== undefined) failed++;
    process.stdout.write(
      verdict === undefined ? `ok    ${name}\n` : `FAIL  ${name}: ${verdict.wrong}; fix: ${verdict.fix}\n`,
    );
  }
  return failed === 0 ? EXIT.done : EXIT.failed;
}

function checkRuntime(): Verdict {
  const [major = 0] = process.versions.node.split('.').map(Number);
  return major >= 24 || 'Deno' in globalThis
    ? undefined
    : {
        wrong: `Node ${process.versions.node} is too old`,
        fix: 'run "npm ci", and start with "npm start" or "npx pulso"',
      };
}

function checkFolder({ data }: Config): Verdict {
  let folder = resolve(data);
  while (!existsSync(folder)) folder = dirname(folder);
  try {
    accessSync(folder, constants.W_OK);
    return undefined;
  } catch {
    return {
      wrong: `${folder} cannot be written`,
      fix: 'choose another folder with PULSO_DATA, or change its permissions',
    };
  }
}

async function checkFiles(config: Config): Promise<Verdict> {
  if (!existsSync(config.data)) return undefined;
  const fix = 'start with the settings the data was made with, or on another folder with PULSO_DATA';
  return verdictOf(() => checkData(config), fix);
}

function checkPage(): Verdict {
  return existsSync(fileURLToPath(new URL('../../ui/dist/index.html', import.meta.url)))
    ? undefined
    : { wrong: 'it is not built', fix: 'run "npm run build" ("npm start" does it by itself)' };
}

/** A port that this data folder's own pulso listens on is as it should be. */
async function checkPort({ data, host, port }: Config): Promise<Verdict> {
  const running = existsSync(data) ? findRunning(data)?.url : undefined;
  if (running !== undefined && Number(new URL(running).port) === port) return undefined;
  return verdictOf(() => checkListening(host, port), 'stop what listens there, or choose another with PULSO_PORT');
}

async function verdictOf(look: () => Promise<void>, fix: string): Promise<Verdict> {
  try {
    await look();
    return undefined;
  } catch (thrown) {
    if (!(thrown instanceof AppError)) throw thrown;
    return { wrong: thrown.message, fix };
  }
}
