/** /metrics of a whole hub. */
import assert from 'node:assert/strict';
import type { TestHub } from './hub.ts';

/** The sum over all series of the metric that carry these labels; 0 when there is none yet. */
export type Metrics = (name: string, labels?: Readonly<Record<string, string>>) => number;

export async function metricsOf(hub: Pick<TestHub, 'origin'>): Promise<Metrics> {
  const answer = await fetch(`${hub.origin()}/metrics`);
  const text = await answer.text();
  assert.equal(answer.status, 200, text);
  return (name, labels = {}) => {
    const series = text.split('\n').filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`));
    const wanted = Object.entries(labels).map(([label, value]) => `${label}="${value}"`);
    return series
      .filter((line) => wanted.every((part) => line.includes(part)))
      .reduce((sum, line) => sum + Number(line.slice(line.lastIndexOf(' ') + 1)), 0);
  };
}
