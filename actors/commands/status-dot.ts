/** The supervision tree for Graphviz: `pulso status --dot | dot -Tsvg`. Pure. */
import type { StatusRow, StatusTree } from './status-tree.ts';

/** Fill and line by state: beside the word in the label, never instead of it. */
const COLORS: Readonly<Record<string, readonly [fill: string, line: string]>> = {
  running: ['#e7f6ec', '#1a7f37'],
  starting: ['#e8f0fe', '#1f5fd6'],
  waiting: ['#e8f0fe', '#1f5fd6'],
  draining: ['#e8f0fe', '#1f5fd6'],
  'backing-off': ['#fff1dc', '#8f5600'],
  restarting: ['#fff1dc', '#8f5600'],
  stopped: ['#eef0f2', '#5b6470'],
  failed: ['#fde8e8', '#b42318'],
  unresponsive: ['#fde8e8', '#b42318'],
};
const OTHER = ['#ffffff', '#b42318'] as const;

export function statusDot({ rows }: StatusTree): string {
  return [
    'digraph pulso {',
    '  rankdir=LR;',
    '  node [fontname="sans-serif", fontsize=10, style="filled,rounded"];',
    ...rows.map(node),
    ...rows.flatMap(({ parent, id }) => (parent === undefined ? [] : [`  ${quoted(parent)} -> ${quoted(id)};`])),
    '}',
    '',
  ].join('\n');
}

function node(row: StatusRow): string {
  const [fill, line] = COLORS[row.state] ?? OTHER;
  const lines = [row.id, `${row.state}, epoch ${row.epoch}`, `restarts ${row.restarts}`];
  if (!row.supervisor) lines.push(`mailbox ${row.depth}`);
  if (row.lastExit !== undefined) lines.push(`last exit ${row.lastExit.reason}`);
  const shape = row.supervisor ? 'folder' : 'box';
  return `  ${quoted(row.id)} [shape=${shape}, fillcolor="${fill}", color="${line}", label=${quoted(lines.join('\n'))}];`;
}

function quoted(text: string): string {
  return `"${text.replaceAll('\\', '\\\\').replaceAll('"', '\\"').replaceAll('\n', '\\n')}"`;
}
