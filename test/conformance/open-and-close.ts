/**
 * A process of its own that opens a connector, rehearses, closes it, and then has nothing more to do: what it leaves
 * open keeps it alive. Reads one line of JSON: the kind and the site file as it was checked.
 */
import { createBudgets } from '../../src/connectors/kit/budget.ts';
import { kinds } from '../../src/connectors/registry.ts';
import { lendSender } from '../../src/hub-answers.ts';
import { loneTokens } from '../../src/hub-keys.ts';
import { systemClock } from '../../src/core/clock.ts';
import type { SiteSettings } from '../../src/settings/shape.ts';

const parts: Buffer[] = [];
for await (const part of process.stdin) parts.push(part as Buffer);
const file = JSON.parse(Buffer.concat(parts).toString('utf8')) as SiteSettings;
const kind = kinds.get(file.kind);
if (kind === undefined) throw new Error(`there is no kind ${file.kind}`);
const tools = {
  clock: systemClock,
  budget: createBudgets(systemClock),
  webhookUrl: null,
  hl7Sender: lendSender(systemClock),
  backendToken: loneTokens(systemClock).lend(file.id),
};
const connector = kind.open({ id: file.id, file, settings: file.settings }, tools);
const signal = new AbortController().signal;
await connector.check(signal);
await connector.poll?.page(null, signal);
await connector.close();
await connector.close();
process.stdout.write('closed\n');
