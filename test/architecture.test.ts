/** The rules of who may import whom, drawn from the imports themselves: a wrong import fails here, with the rule it breaks. */
import assert from 'node:assert/strict';
import { globSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { test } from 'node:test';

type Rule = {
  readonly files: RegExp;
  /** Every import must match one of these. */
  readonly may: readonly RegExp[];
  readonly because: string;
};

const PROTOCOL = /^protocol\//;
const PURE_KPI = /^actors\/kpi\//;
/** What reader, archiver and jobs share of hot and archived history. */
const HISTORY = /^actors\/history\//;
/** The archive's files as bytes: writing, reading back, comparing. */
const ARCHIVE = /^actors\/archive\//;
/** Stands for the folder of the importing file, whichever it is. */
const SAME_FOLDER = /^same-folder$/;

/** The first rule that fits a file counts. */
const RULES: readonly Rule[] = [
  { files: /^protocol\//, may: [PROTOCOL], because: 'protocol is the language of all folders and knows none of them' },
  {
    files: /^supervisor\/(spawn|child)\.ts$/,
    may: [PROTOCOL, /^supervisor\//, /^node:/],
    because: 'only spawn.ts makes threads and knows runtimes, only child.ts runs inside one',
  },
  {
    files: /^supervisor\/control(-port|-child)?\.ts$/,
    may: [PROTOCOL, /^supervisor\//, /^comlink$/],
    because: 'only the control interface goes over comlink, in both threads',
  },
  { files: /^supervisor\//, may: [PROTOCOL, /^supervisor\//], because: 'supervisor is a library that knows no actor' },
  { files: /^actors\/ports\//, may: [PROTOCOL, /^actors\/ports\//], because: 'ports are interfaces and nothing else' },
  { files: /^actors\/kpi\//, may: [PROTOCOL, PURE_KPI], because: 'KPIs are computed by pure code' },
  {
    files: ARCHIVE,
    may: [PROTOCOL, PURE_KPI, ARCHIVE, /^actors\/ports\//, /^node:/, /^(hyparquet|hyparquet-writer|parquetjs-lite)$/],
    because: 'files of the archive are made and read from what ports hand out',
  },
  {
    files: HISTORY,
    may: [PROTOCOL, PURE_KPI, HISTORY, ARCHIVE, /^actors\/(ports\/|backends\/cursor\.ts)/, /^node:(zlib|crypto|util)$/],
    because: 'history is read and written through ports, by whichever actor',
  },
  {
    files: /^actors\/[\w-]+\/(core|lane|pace|view|channels|publisher|listener|pieces)\.ts$/,
    may: [PROTOCOL, PURE_KPI, HISTORY, ARCHIVE, /^actors\/ports\//, SAME_FOLDER],
    because: 'a core decides; clocks, threads and drivers are handed to it',
  },
  {
    files: /^actors\/jobs\/(plan|timing|findings|data-quality|generation-health|performance)\.ts$/,
    may: [PROTOCOL, /^actors\/ports\//, SAME_FOLDER],
    because: 'what jobs judge by is pure; what they look at is handed to them',
  },
  {
    files: /^actors\/commands\/chaos\/(schedule|timeline|tree|invariants|report)\.ts$/,
    may: [PROTOCOL, /^actors\/(commands\/chaos\/|generator\/random\.ts$)/],
    because: 'the plan and the judgement of chaos are pure',
  },
  {
    files:
      /^actors\/(main|tree|system|audit|desk|group|accept-gap|incidents|incident-file|line-file|ingest|notes|poison-keeper)\.ts$|^actors\/commands\//,
    may: [/./],
    because: 'the composition root sees everything',
  },
  {
    files: /^actors\/backends\/choose\.ts$/,
    may: [PROTOCOL, /^actors\/(ports|backends|config)\//, /^node:/],
    because: 'only choose.ts sees all backends',
  },
  {
    files: /^actors\/backends\/kafka-codecs\.ts$/,
    may: [PROTOCOL, /^hyparquet$/],
    because: 'it unpacks bytes and knows no driver',
  },
  {
    files: /^actors\/backends\//,
    may: [PROTOCOL, /^actors\/(ports|backends)\//, /^node:/, /^(kafkajs|mongodb|webhdfs|thrift)(\/|$)/],
    because: 'a backend knows its port and its driver',
  },
  {
    files: /^actors\/replay\//,
    may: [PROTOCOL, ARCHIVE, /^actors\/(ports|config|replay)\//, /^node:/],
    because: 'a replay reads files, those of the archive too, and writes through ports',
  },
  {
    files: /^actors\/config\/|^actors\/(lanes|lane-moves|log|requests)\.ts$/,
    may: [PROTOCOL, /^actors\/(ports|config|replay)\//, /^node:/],
    because: 'helpers of the composition root know no actor',
  },
  {
    files: /^actors\/[\w-]+\//,
    may: [
      PROTOCOL,
      PURE_KPI,
      HISTORY,
      ARCHIVE,
      /^supervisor\/(child|status|events|incidents|preview)\.ts$/,
      /^actors\/(ports\/|backends\/choose\.ts|requests\.ts)/,
      SAME_FOLDER,
      /^node:/,
      /^(ws|comlink|@faker-js\/faker)/,
    ],
    because:
      'an actor knows its own folder, the ports, the protocol and what the supervisor tells as data, never another actor',
  },
  {
    files: /^ui\//,
    may: [PROTOCOL, /^ui\//, /^(lit|uplot|comlink|vite)(\/|$)/],
    because: 'the page speaks the protocol; it never reaches into the server',
  },
];

/** `actors/gateway` for all that lies below it; elsewhere the folder itself. */
function roomOf(file: string): string {
  return /^actors\/[\w-]+(?=\/)/.exec(file)?.[0] ?? dirname(file);
}

const sources = globSync(['protocol/**/*.ts', 'supervisor/**/*.ts', 'actors/**/*.ts', 'ui/**/*.ts'], {
  exclude: ['ui/dist/**'],
})
  .map((file) => file.replaceAll('\\', '/'))
  .filter((file) => !file.startsWith('ui/dist/') && !file.endsWith('.d.ts'));

/** Imports that remain at run time, and types: both tie files together. Types of the runtime tie to nothing. */
function importsOf(file: string): string[] {
  const text = readFileSync(file, 'utf8').replace(/^import type [^;]*'node:[^']*';/gm, '');
  const found = [
    ...text.matchAll(/^(?:import|export)\s[^'"]*?from\s+'([^']+)'|^import\s+'([^']+)'|import\('([^']+)'\)/gm),
  ];
  return found.map((match) => {
    const name = (match[1] ?? match[2] ?? match[3]) as string;
    if (!name.startsWith('.')) return name;
    return normalize(join(dirname(file), name))
      .replaceAll('\\', '/')
      .replace(/\?.*$/, '');
  });
}

test('imports follow the rules of the house', () => {
  const broken: string[] = [];
  for (const file of sources) {
    const rule = RULES.find(({ files }) => files.test(file));
    assert.ok(rule, `no rule covers ${file}`);
    for (const name of importsOf(file)) {
      const inFolder = roomOf(name) === roomOf(file);
      const allowed = rule.may.some((pattern) => pattern.test(name) || (inFolder && pattern.test('same-folder')));
      if (!allowed) broken.push(`${file} imports ${name}: ${rule.because}`);
    }
  }
  assert.deepEqual(broken, []);
});

test('imports have no cycle', () => {
  const graph = new Map(sources.map((file) => [file, valueImportsOf(file)]));
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]): void => {
    assert.ok(!path.includes(file), `cycle: ${[...path.slice(path.indexOf(file)), file].join(' -> ')}`);
    if (done.has(file)) return;
    for (const next of graph.get(file) ?? []) visit(next, [...path, file]);
    done.add(file);
  };
  for (const file of sources) visit(file, []);
});

/** Imports of types alone vanish, and may point both ways. */
function valueImportsOf(file: string): string[] {
  const text = readFileSync(file, 'utf8').replace(/^(?:import|export) type [^;]*;/gm, '');
  return [...text.matchAll(/^(?:import|export)\s[^'"]*?from\s+'(\.[^']+)'/gm)].map((match) =>
    normalize(join(dirname(file), match[1] as string)).replaceAll('\\', '/'),
  );
}

test('the top level holds what was agreed and nothing else', () => {
  const agreed = new Set([
    ...[
      'actors',
      'supervisor',
      'protocol',
      'ui',
      'test',
      'docker-compose.yml',
      'Dockerfile',
      'package.json',
      'package-lock.json',
    ],
    ...['tsconfig.json', 'deno.json', 'README.md', 'LICENSE', 'CHANGELOG.md', 'node_modules', 'data', 'bench.json'],
  ]);
  const surplus = globSync('*').filter((name) => !agreed.has(name) && !name.startsWith('.'));
  assert.deepEqual(surplus, []);
});

test('no file grows beyond 400 lines, but for tables', () => {
  const large = globSync(['{protocol,supervisor,actors,ui,test}/**/*.{ts,mjs,css}'])
    .filter((file) => !/dist\/|profile|\/styles\/|i18n/.test(file))
    .filter((file) => readFileSync(file, 'utf8').split('\n').length > 400);
  assert.deepEqual(large, []);
});
