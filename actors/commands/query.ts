/** `pulso query`: a KPI query of a running pulso as a table, CSV or JSON. Every mistake names the flag it stands in. */
import { AppError } from '../../protocol/errors.ts';
import { processSources, readConfig } from '../config/read.ts';
import { csv } from '../gateway/http/csv.ts';
import { type Arguments, type Command, EXIT, settingOption } from './command.ts';
import { kpiNote, kpiTable, readKpis } from './query-table.ts';
import { askTarget, targetOf } from './target.ts';

/** Flags that are parameters of GET /kpi/query just as they are. */
const PARAMETERS = {
  metrics: 'metrics',
  'group-by': 'group_by',
  having: 'having',
  from: 'from',
  to: 'to',
  granularity: 'granularity',
  'order-by': 'order_by',
  limit: 'limit',
  source: 'source',
} as const;

export const query: Command = {
  name: 'query',
  summary: 'Asks a running pulso for KPIs: by default those of the last hour.',
  positional: '',
  options: {
    metrics: { type: 'string', value: 'LIST', meaning: 'such as total_orders,total_sales (GET /kpi/schema has all)' },
    'group-by': { type: 'string', value: 'LIST', meaning: 'such as minute,state' },
    where: { type: 'string', value: 'TEXT', meaning: 'such as "state=SP,RJ and category=toys"' },
    having: { type: 'string', value: 'TEXT', meaning: 'such as "total_sales>1000 and total_orders>=5"' },
    from: { type: 'string', value: 'TIME', meaning: 'ISO 8601 or epoch milliseconds, inclusive' },
    to: { type: 'string', value: 'TIME', meaning: 'the same, not included' },
    granularity: { type: 'string', value: '1m|5m|1h|1d', meaning: 'what the column minute is cut to (1m)' },
    'order-by': { type: 'string', value: 'LIST', meaning: 'such as -total_sales, falling' },
    limit: { type: 'string', value: 'N', meaning: 'at most so many rows (1000)' },
    source: { type: 'string', value: 'all|hot|archive', meaning: 'where to read (all)' },
    csv: { type: 'boolean', meaning: 'as CSV' },
    json: { type: 'boolean', meaning: 'the answer as JSON, on one line' },
    url: { type: 'string', value: 'URL', meaning: 'the pulso to ask (its token in the URL or in PULSO_TOKEN)' },
    data: settingOption('data', 'DIR'),
  },
  run,
};

async function run(args: Arguments): Promise<number> {
  const { csv: asCsv, json, url } = args.options;
  if (asCsv === true && json === true)
    throw new AppError('bad-parameter', 'Cannot run "pulso query" with both --csv and --json: choose one of them');
  const search = searchOf(args);
  const target = targetOf(readConfig(processSources(args.settings)), url, 'query');
  const answer = await askTarget(target, `/kpi/query?${search}`).catch((thrown: unknown) => {
    throw namedByFlag(thrown);
  });
  if (json === true) {
    process.stdout.write(`${JSON.stringify(answer)}\n`);
    return EXIT.done;
  }
  const table = readKpis(answer);
  if (asCsv === true) {
    const names = table.columns.map(({ name }) => name);
    process.stdout.write(csv(names, table.rows));
  } else process.stdout.write(kpiTable(table));
  // Beside the figures, not among them.
  process.stderr.write(kpiNote(table));
  return EXIT.done;
}

function searchOf({ options }: Arguments): URLSearchParams {
  const search = new URLSearchParams();
  for (const [flag, parameter] of Object.entries(PARAMETERS)) {
    const value = options[flag];
    if (typeof value === 'string') search.set(parameter, value);
  }
  if (typeof options.where !== 'string') return search;
  for (const part of options.where.split(/\s+and\s+/i)) {
    const [, name, values] = /^\s*([a-z_]+)\s*=\s*(.*?)\s*$/.exec(part) ?? [];
    if (name === undefined || values === undefined || values === '' || isParameter(name)) {
      throw new AppError(
        'bad-parameter',
        `Cannot use --where as it must be dimensions and their values, such as "state=SP,RJ and category=toys": current value is ${JSON.stringify(options.where)}`,
        { field: 'where' },
      );
    }
    search.append(name, values);
  }
  return search;
}

function isParameter(name: string): boolean {
  return name === 'token' || Object.values(PARAMETERS).some((parameter) => parameter === name);
}

/** The server speaks of its parameters, the user knows flags. */
function namedByFlag(thrown: unknown): unknown {
  if (!(thrown instanceof AppError) || thrown.code !== 'bad-parameter' || thrown.field === undefined) return thrown;
  const { message, field } = thrown;
  const found = Object.entries(PARAMETERS).find(([, parameter]) => parameter === field)?.[0];
  const [quoted, flag] = [`"${field}"`, found === undefined ? `--where ${field}` : `--${found}`];
  const text = message.includes(quoted) ? message.replace(quoted, flag) : `${message} (${flag})`;
  return new AppError('bad-parameter', text, { field: found ?? 'where' });
}
