/** The log of the process: JSON lines on stderr, or a readable line when stderr is a terminal. */
const LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type Level = (typeof LEVELS)[number];

export type Log = (level: Exclude<Level, 'silent'>, text: string, facts?: Readonly<Record<string, unknown>>) => void;

export type LogSettings = {
  readonly least: Level;
  readonly pretty: boolean;
  readonly now: () => number;
  readonly write: (line: string) => void;
};

export function createLog({ least, pretty, now, write }: LogSettings): Log {
  const threshold = LEVELS.indexOf(least);
  return (level, text, facts = {}) => {
    if (LEVELS.indexOf(level) < threshold) return;
    const at = new Date(now()).toISOString();
    write(pretty ? prettyLine(at, level, text, facts) : `${JSON.stringify({ at, level, text, ...facts })}\n`);
  };
}

function prettyLine(at: string, level: Level, text: string, facts: Readonly<Record<string, unknown>>): string {
  const details = Object.entries(facts).map(
    ([key, value]) => ` ${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
  );
  return `${at.slice(11, 23)} ${level.padEnd(5)} ${text}${details.join('')}\n`;
}
