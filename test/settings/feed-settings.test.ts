/** A kind whose sites have more than an HL7 v2 feed keeps the settings of the feed under `hl7`. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { HL7V2_PRESETS } from '../../src/connectors/kit/hl7/presets.ts';
import { HL7V2_SETTINGS } from '../../src/connectors/kit/hl7/settings.ts';
import { addressOf, type Hl7v2Settings } from '../../src/connectors/kit/hl7/wire.ts';
import { objectOf } from '../../src/settings/declare.ts';
import { feedSettings } from '../../src/settings/feed-settings.ts';
import type { AnySettingsSpec, SettingsSpec } from '../../src/settings/spec.ts';
import { appointment, edit, fixture, hl7Settings, hl7Site } from '../fixtures/siu/site.ts';
import { folder } from './folder.ts';

interface Both {
  readonly baseUrl: string;
  readonly hl7?: Hl7v2Settings;
}

const BOTH: SettingsSpec<Both> = {
  fields: {
    baseUrl: { schema: { type: 'string' }, prose: 'Address of its API.' },
    hl7: { schema: objectOf(HL7V2_SETTINGS.fields), prose: 'Its feed.', optional: true },
  },
  presets: HL7V2_PRESETS,
  hl7: ({ hl7 }) => (hl7 === undefined ? null : addressOf(hl7)),
};
const KINDS = new Map<string, AnySettingsSpec>([
  ['hl7v2', HL7V2_SETTINGS],
  ['both', BOTH],
]);

const file = (kind: string, settings: string): string =>
  `kind: ${kind}\nenvironment: sandbox\nstage: live\ntimeZone: America/Chicago\nsettings: ${settings}\n`;

interface Planned {
  readonly sentences: readonly string[];
  readonly settings: (site: string) => Readonly<Record<string, unknown>>;
}

async function planned(sites: Readonly<Record<string, string>>): Promise<Planned> {
  await using config = await folder({ 'sites/north.yaml': file('both', '{ baseUrl: b }'), ...sites }, KINDS);
  const { plan } = await config.plan();
  return {
    sentences: await config.issues(),
    settings: (site) => plan?.sites.find(({ id }) => id === site)?.settings ?? {},
  };
}

test('its settings are completed and its presets lie below them, as of a site that is a feed alone', async () => {
  const own = 'sendingApplication: A, presets: [short-sch], durationUnitWhenAbsent: min';
  const { sentences, settings } = await planned({
    'sites/east.yaml': file('both', `{ baseUrl: b, hl7: { ${own} } }`),
    'sites/west.yaml': file('hl7v2', `{ ${own.replace('A,', 'B,')} }`),
  });
  assert.deepEqual(sentences, []);
  assert.equal(settings('east')['baseUrl'], 'b');
  const { sendingApplication, ...feed } = feedSettings(settings('east'));
  const { sendingApplication: other, ...alone } = settings('west');
  assert.deepEqual([sendingApplication, other], ['A', 'B']);
  assert.deepEqual(feed, alone);
  assert.equal(feed['appointmentKey'], 'placer');
});

test('two sites of different kinds that nobody could tell apart are refused, where the names stand', async () => {
  const { sentences } = await planned({
    'sites/east.yaml': file('hl7v2', '{ sendingApplication: A }'),
    'sites/west.yaml': file('both', '{ baseUrl: b, hl7: { sendingApplication: A } }'),
  });
  assert.equal(sentences.length, 1, sentences.join('\n'));
  assert.match(sentences[0] ?? '', /west\.yaml.*settings\.hl7.*sites\/east\.yaml names the same sender/s);
});

test('a site of such a kind may have no feed', async () => {
  const { sentences, settings } = await planned({ 'sites/east.yaml': file('hl7v2', '{ sendingApplication: A }') });
  assert.deepEqual(sentences, []);
  assert.equal(feedSettings(settings('north'))['burst_per_5min'], undefined);
  assert.equal(feedSettings(settings('east'))['burst_per_5min'], 0);
});

test('a message is read by the settings of the feed, wherever they stand', () => {
  const message = edit(fixture('v1-booked'), 'SCH-25', 'CONF');
  const own = { appointmentKey: 'placer', statusCodes: { CONF: 'Pending' } } as const;
  const alone = appointment(message, hl7Site({}, own)).change;
  const settings = { baseUrl: 'b', hl7: hl7Settings(own) };
  assert.deepEqual(appointment(message, hl7Site({ settings })).change, alone);
  assert.equal(alone.status, 'pending');
});
