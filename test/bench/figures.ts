/** A measured figure, and a table of them. */
export type Figure = { readonly name: string; readonly value: number; readonly unit: string };

export function printTable(figures: readonly Figure[]): void {
  const shown = figures.map(({ name, value, unit }) => ({ name, value: rounded(value), unit }));
  const width = (key: 'name' | 'value') => Math.max(...shown.map((row) => row[key].length));
  for (const { name, value, unit } of shown) {
    console.log(`${name.padEnd(width('name'))}  ${value.padStart(width('value'))} ${unit}`);
  }
}

function rounded(value: number): string {
  const digits = Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2;
  return value.toLocaleString('en', { maximumFractionDigits: digits, minimumFractionDigits: digits });
}

/** Work done in a second of this process's CPU time. */
export async function perCpuSecond(work: () => Promise<number> | number): Promise<number> {
  const before = process.cpuUsage();
  const count = await work();
  const { user, system } = process.cpuUsage(before);
  return count / ((user + system) / 1e6);
}
