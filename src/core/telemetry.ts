/** Turns named events into log lines and metrics. */
import { pino, type Logger } from 'pino';
import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from 'prom-client';
import { EVENTS, type EventFields, type EventName } from './events.ts';

export interface Telemetry {
  emit(name: EventName, fields: EventFields): void;
  readonly log: Logger;
  /** Prometheus text. */
  metrics(): Promise<string>;
  /** A value that is read when metrics are asked for. */
  gauge(name: string, help: string, labels: readonly string[], read: () => Promise<readonly Measured[]>): void;
}

export interface Measured {
  readonly labels: Record<string, string>;
  readonly value: number;
}

export interface TelemetryOptions {
  readonly level: string;
  /** Where lines go; absent: standard error, so that standard output stays for people. */
  readonly write?: (line: string) => void;
}

const SECONDS = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];

export function createTelemetry(options: TelemetryOptions): Telemetry {
  const log = pino(
    { level: options.level, base: null, timestamp: pino.stdTimeFunctions.isoTime },
    options.write === undefined ? pino.destination({ dest: 2, sync: false }) : { write: options.write },
  );
  const registry = new Registry();
  collectDefaultMetrics({ register: registry, prefix: 'slotwire_' });
  const metrics = new Map<EventName, Counter | Histogram>();
  for (const name of Object.keys(EVENTS) as EventName[]) metrics.set(name, makeMetric(name, registry));

  return {
    log,
    emit(name, fields) {
      const { level, text } = EVENTS[name];
      log[level]({ event: name, ...fields }, text);
      const spec: { labels: readonly string[]; observe?: string; add?: string } = EVENTS[name].metric;
      const labels = Object.fromEntries(spec.labels.map((label) => [label, String(fields[label] ?? '')]));
      const metric = metrics.get(name);
      if (metric instanceof Histogram) metric.observe(labels, Number(fields[spec.observe ?? ''] ?? 0) / 1000);
      else if (metric instanceof Counter)
        metric.inc(labels, spec.add === undefined ? 1 : Number(fields[spec.add] ?? 0));
    },
    metrics: () => registry.metrics(),
    gauge(name, help, labels, read) {
      new Gauge({
        name,
        help,
        labelNames: [...labels],
        registers: [registry],
        async collect() {
          this.reset();
          for (const { labels: of, value } of await read()) this.set(of, value);
        },
      });
    },
  };
}

function makeMetric(name: EventName, registry: Registry): Counter | Histogram {
  const spec: { name: string; help: string; labels: readonly string[]; observe?: string } = EVENTS[name].metric;
  const base = { name: spec.name, help: spec.help, labelNames: [...spec.labels], registers: [registry] };
  return spec.observe === undefined ? new Counter(base) : new Histogram({ ...base, buckets: SECONDS });
}
