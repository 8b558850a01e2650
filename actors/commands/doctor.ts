/** `pulso doctor`: what is configured, and one line a check with the fix where it fails. Starts and changes nothing. */
import { accessSync, constants, existsSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AppError } from '../../protocol/errors.ts';
import { checkData } from '../backends/choose.ts';
import { findRunning } from '../backends/lock.ts';
import { type Finding, withDeadline } from '../backends/probe.ts';
import { combinationFindings, serverProbes } from '../backends/probes.ts';
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

/** Undefined when all is well and nothing more is to be said. */
type Verdict = Finding | undefined;
type Check = { readonly name: string; readonly look: (config: Config) => Verdict | Promise<Verdict> };

const CHECKS: readonly Check[] = [
  { name: 'runtime', look: checkRuntime },
  { name: 'data folder', look: checkFolder },
  { name: 'page', look: checkPage },
  { name: 'port', look: checkPort },
];
/** Longest wait for the log and the store to be compared, which may ask servers. */
const AGREEMENT_MS = 5_000;

async function run(args: Arguments): Promise<number> {
  const config = readConfig(processSources(args.settings));
  for (const { env, value } of describeConfig(config)) process.stdout.write(`${env.padEnd(22)} ${value}\n`);
  process.stdout.write('\n');
  const states: (Finding['state'] | undefined)[] = [];
  const report = (name: string, verdict: Verdict) => {
    states.push(verdict?.state);
    process.stdout.write(lineOf(name, verdict));
  };
  for (const { name, look } of CHECKS) report(name, await look(config));
  for (const finding of combinationFindings(config)) report('backends', finding);
  const probes = serverProbes(config);
  // Side by side: each may take its deadline.
  const findings = await Promise.all(probes.map(({ look }) => look()));
  for (const [index, { name }] of probes.entries()) report(name, findings[index]);
  // What cannot be reached cannot be compared.
  if (findings.every(({ state }) => state !== 'fail')) report('log and store', await checkFiles(config));
  return states.includes('fail') ? EXIT.failed : EXIT.done;
}

function lineOf(name: string, verdict: Verdict): string {
  if (verdict === undefined) return `ok    ${name}\n`;
  if (verdict.state === 'ok') return `ok    ${name}: ${verdict.text}\n`;
  return `${verdict.state === 'fail' ? 'FAIL' : 'warn'}  ${name}: ${verdict.text}; fix: ${verdict.fix}\n`;
}

function checkRuntime(): Verdict {
  const [major = 0] = process.versions.node.split('.').map(Number);
  if (major >= 24 || 'Deno' in globalThis) return undefined;
  return wrong(`Node ${process.versions.node} is too old`, 'run "npm ci", and start with "npm start" or "npx pulso"');
}

function checkFolder({ data }: Config): Verdict {
  let folder = resolve(data);
  while (!existsSync(folder)) folder = dirname(folder);
  try {
    accessSync(folder, constants.W_OK);
    return undefined;
  } catch {
    return wrong(`${folder} cannot be written`, 'choose another folder with PULSO_DATA, or change its permissions');
  }
}

async function checkFiles(config: Config): Promise<Verdict> {
  if (!existsSync(config.data)) return undefined;
  const fix = 'start with the settings the data was made with, or on another folder with PULSO_DATA';
  return withDeadline(
    AGREEMENT_MS,
    async () => (await verdictOf(() => checkData(config), fix)) ?? { state: 'ok', text: 'they agree' },
  );
}

function checkPage(): Verdict {
  if (existsSync(fileURLToPath(new URL('../../ui/dist/index.html', import.meta.url)))) return undefined;
  return wrong('it is not built', 'run "npm run build" ("npm start" does it by itself)');
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
    return wrong(thrown.message, fix);
  }
}

function wrong(text: string, fix: string): Verdict {
  return { state: 'fail', text, fix };
}
