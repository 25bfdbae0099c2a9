/** Which site a frame belongs to, and what is answered. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../../src/core/clock.ts';
import { HubError } from '../../src/core/errors.ts';
import { readAcknowledgement } from '../../src/hl7v2/acknowledge.ts';
import { hl7Intake, type Hl7Site } from '../../src/mllp/intake.ts';
import type { SiteSettings } from '../../src/settings/shape.ts';

function site(id: string, application: string, facility: string, more: Partial<SiteSettings> = {}): Hl7Site {
  const settings = { id, environment: 'sandbox', timeZone: 'UTC', ...more } as SiteSettings;
  return {
    site: settings,
    feed: {
      from: { application, facility },
      accepts: ['SIU^S12', 'ACK'],
      read: (frame) => ({
        shape: 'event',
        kind: 'SIU^S12',
        id: id,
        occurredAt: null,
        sequenceKeys: ['appointment:1'],
        contentType: 'x-application/hl7-v2+er7',
        body: frame,
      }),
    },
  };
}

interface Taken {
  readonly site: string | null;
  readonly code: string | null;
  readonly text: string;
}

async function take(sites: readonly Hl7Site[], message: string, fails = false): Promise<Taken> {
  let stored: string | null = null;
  const receive = hl7Intake({
    clock: systemClock,
    sites: () => sites,
    answered: () => undefined,
    receiver: {
      store: (id) => {
        if (fails) return Promise.reject(new HubError('DATABASE_UNREACHABLE'));
        stored = id;
        return Promise.resolve([{ kind: 'inserted', id: 1 }]);
      },
      stop: () => Promise.resolve(),
    },
  });
  const answer = await receive(Buffer.from(message));
  const ack = answer === null ? null : readAcknowledgement(answer);
  return { site: stored, code: ack?.code ?? null, text: ack?.text ?? '' };
}

const message = (application: string, facility: string, type = 'SIU^S12', rest = '|7|P|2.5'): string =>
  `MSH|^~\\&|${application}|${facility}|HUB|HERE|20260101||${type}${rest}\rSCH|1\r`;

const ANY = site('any', '', '');
const APPLICATION = site('application', 'APP', '');
const FACILITY = site('facility', '', 'FAC');
const BOTH = site('both', 'APP', 'FAC');
const ALL = [ANY, FACILITY, APPLICATION, BOTH];

test('the most exact site takes a message: both names, then the application, then the facility, then any', async () => {
  for (const order of [ALL, [...ALL].reverse()]) {
    assert.equal((await take(order, message('APP', 'FAC'))).site, 'both');
    assert.equal((await take(order, message('APP', 'OTHER'))).site, 'application');
    assert.equal((await take(order, message('OTHER', 'FAC'))).site, 'facility');
    assert.equal((await take(order, message('OTHER', 'OTHER'))).site, 'any');
    assert.equal((await take(order, message('', ''))).site, 'any');
  }
  assert.equal((await take([ANY, FACILITY, APPLICATION], message('APP', 'FAC'))).site, 'application');
});

test('only the first component names a sender', async () => {
  assert.equal((await take(ALL, message('APP^1.2.3^ISO', 'FAC^4.5^ISO'))).site, 'both');
});

test('of two sites that fit alike, the same one takes every message, whatever their order', async () => {
  const twins = [site('north', 'APP', 'FAC'), site('south', 'APP', 'FAC')];
  for (const order of [twins, [...twins].reverse()])
    assert.equal((await take(order, message('APP', 'FAC'))).site, 'north');
});

test('without a site that takes everything, a stranger is refused and nothing is stored', async () => {
  const taken = await take([BOTH, APPLICATION], message('OTHER', 'FAC'));
  assert.deepEqual([taken.site, taken.code], [null, 'AR']);
  assert.match(taken.text, /No site of this hub takes messages from this MSH-3 and MSH-4/);
});

test('the catch-all takes only the messages that it lists, as every site does', async () => {
  const taken = await take([ANY], message('X', 'Y', 'SRM^S01'));
  assert.deepEqual([taken.site, taken.code], [null, 'AR']);
  assert.equal((await take([ANY], message('X', 'Y', 'ACK^S01'))).site, 'any');
});

test('a message of a test system is not taken at a production site', async () => {
  const real = site('real', 'APP', 'FAC', { environment: 'production' });
  for (const id of ['T', 'D', 't']) {
    const taken = await take([real], message('APP', 'FAC', 'SIU^S12', `|7|${id}|2.5`));
    assert.deepEqual([taken.site, taken.code], [null, 'AR'], id);
  }
  assert.equal((await take([real], message('APP', 'FAC'))).code, 'AA');
});

test('bytes without a header are refused', async () => {
  assert.equal((await take(ALL, 'hello')).site, null);
});

test('what could not be stored is not answered', async () => {
  await assert.rejects(take(ALL, message('APP', 'FAC'), true), { code: 'DATABASE_UNREACHABLE' });
});

test('a sender that wants no acknowledgement gets none, and its message is stored', async () => {
  assert.deepEqual(await take(ALL, message('APP', 'FAC', 'SIU^S12', '|7|P|2.5|||NE|NE')), {
    site: 'both',
    code: null,
    text: '',
  });
});
