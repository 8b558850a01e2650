/** Metrics in the text form of Prometheus. */

type Labels = Readonly<Record<string, string | number>>;
export type Sample = { readonly labels?: Labels; readonly value: number | null; readonly suffix?: string };
export type Metric = {
  readonly name: string;
  readonly help: string;
  readonly type: 'counter' | 'gauge' | 'summary';
  readonly samples: readonly Sample[];
};

export const METRICS_TYPE = 'text/plain; version=0.0.4; charset=utf-8';

/** A sample without a value is left out: there was nothing to measure. */
export function prometheusText(metrics: readonly Metric[]): string {
  return metrics
    .map(({ name, help, type, samples }) => {
      const lines = samples
        .filter(({ value }) => value !== null)
        .map(({ labels, value, suffix }) => `${name}${suffix ?? ''}${labelText(labels)} ${value}\n`);
      return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('')}`;
    })
    .join('');
}

function labelText(labels: Labels = {}): string {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escapeLabel(String(value))}"`);
  return pairs.length === 0 ? '' : `{${pairs.join(',')}}`;
}

function escapeLabel(text: string): string {
  return text.replace(/[\\"\n]/g, (char) => (char === '\n' ? '\\n' : `\\${char}`));
}
