/** Metrics as Prometheus reads them. */
export interface Exposition {
  /** Type and help by the name of the metric. */
  readonly families: ReadonlyMap<string, { readonly type: string; readonly help: string; readonly labels: ReadonlySet<string> }>;
  /** The sum of the series of a name (with `_bucket`, `_sum`, `_count` of histograms) whose labels contain these; null: there is none. */
  value(name: string, labels?: Readonly<Record<string, string>>): number | null;
}

interface Series {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** Reads the text format. @throws for a line that is none of it. */
export function readExposition(text: string): Exposition {
  const families = new Map<string, { type: string; help: string; labels: Set<string> }>();
  const series: Series[] = [];
  for (const line of text.split('\n').filter((one) => one !== '')) {
    const [, comment, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) ?(.*)$/.exec(line) ?? [];
    if (comment !== undefined) {
      const family = families.get(name) ?? { type: '', help: '', labels: new Set() };
      families.set(name, { ...family, ...(comment === 'HELP' ? { help: rest } : { type: rest }) });
      continue;
    }
    const [, of, written = '', value] = /^([a-z_:][\w:]*)(?:\{(.*)\})? (\S+)$/i.exec(line) ?? [];
    if (of === undefined) throw new Error(`This is no line of the text format: ${line}`);
    const labels = Object.fromEntries([...written.matchAll(/(\w+)="((?:[^"\\]|\\.)*)"/g)].map(([, label, is]) => [label, is])) as Record<
      string,
      string
    >;
    series.push({ name: of, labels, value: Number(value) });
    const family = families.get(of) ?? families.get(of.replace(/_(bucket|sum|count)$/, ''));
    if (family === undefined) throw new Error(`${of} has neither HELP nor TYPE before it`);
    for (const label of Object.keys(labels)) family.labels.add(label);
  }
  return {
    families,
    value(name, labels = {}) {
      const found = series.filter((one) => one.name === name && Object.entries(labels).every(([label, is]) => one.labels[label] === is));
      return found.length === 0 ? null : found.reduce((sum, one) => sum + one.value, 0);
    },
  };
}

/** Units that Prometheus takes for base units, as the last word before `_total`. */
const ODD_UNITS = /_(?:ms|milliseconds|microseconds|minutes|hours|days|kb|mb|gb|kilobytes|megabytes|percent)(?:_|$)/;
/** Labels whose values would be as many as there are people, repositories or jobs. */
const ENDLESS = /^(?:login|user|username|repository|repo|owner|name|path|url|id|job|job_id|request_id|trace_id|workflow_id|run_id|token)$/;

/** What `promtool check metrics` would say of names that are not prom-client's own, and labels with endless values. */
export function lintOf({ families }: Exposition): readonly string[] {
  return [...families]
    .filter(([name]) => !/^(?:nodejs|process)_/.test(name))
    .flatMap(([name, { type, help, labels }]) => {
      const isCounter = type === 'counter';
      return [
        /^[a-z][a-z0-9_]*$/.test(name) && !name.includes('__') ? [] : [`${name}: lower-case words with _ between them`],
        help === '' ? [`${name}: has no help`] : [],
        isCounter && !name.endsWith('_total') ? [`${name}: a counter ends in _total`] : [],
        !isCounter && name.endsWith('_total') ? [`${name}: only counters end in _total`] : [],
        /_(?:count|sum|bucket)$/.test(name) ? [`${name}: ends like a part of a histogram`] : [],
        ODD_UNITS.test(name) ? [`${name}: is not in base units (seconds, bytes)`] : [],
        type === 'histogram' && !/_(?:seconds|bytes)$/.test(name) ? [`${name}: a histogram ends in its unit`] : [],
        [...labels].filter((label) => ENDLESS.test(label)).map((label) => `${name}: label ${label} has endless values`),
      ].flat();
    });
}
