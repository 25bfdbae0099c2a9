/** Which site a frame belongs to, and what is answered. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { SiteEvent } from '../../src/connectors/contract.ts';
import { systemClock } from '../../src/core/clock.ts';
import { HubError } from '../../src/core/errors.ts';
import { readAcknowledgement } from '../../src/hl7v2/acknowledge.ts';
import { frameParts } from '../../src/hl7v2/acknowledge-frame.ts';
import type { Peer } from '../../src/mllp/admission.ts';
import { hl7Intake, type StoredHl7 } from '../../src/mllp/intake.ts';
import type { Hl7Site } from '../../src/mllp/routes.ts';
import type { Hl7Address, Hl7Listen } from '../../src/settings/mllp-shape.ts';
import type { SiteSettings } from '../../src/settings/shape.ts';

const OPEN: Hl7Listen = { allow: { addresses: [], certificates: [] } };

interface More extends Partial<SiteSettings> {
  readonly to?: Hl7Address['to'];
  readonly listen?: Partial<Hl7Listen>;
}

function site(id: string, application: string, facility: string, more: More = {}): Hl7Site {
  const { to = { application: '', facility: '' }, listen = {}, ...file } = more;
  return {
    site: { id, environment: 'sandbox', timeZone: 'UTC', ...file } as SiteSettings,
    feed: {
      address: { from: { application, facility }, to, listen: { ...OPEN, ...listen } },
      accepts: ['SIU^S12', 'ACK'],
      read: (frame) => ({
        shape: 'event',
        kind: 'SIU^S12',
        id,
        occurredAt: null,
        sequenceKeys: ['appointment:1'],
        controlId: frameParts(frame).parts[0]?.head.controlId ?? '',
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

interface Way {
  readonly fails?: boolean;
  readonly door?: string;
  readonly peer?: Peer;
}

async function take(sites: readonly Hl7Site[], message: string, way: Way = {}): Promise<Taken> {
  const { answer, stored } = await takeFrame(sites, message, way);
  const ack = answer === null ? null : readAcknowledgement(Buffer.from(answer, 'latin1'));
  return { site: stored[0]?.site ?? null, code: ack?.code ?? null, text: ack?.text ?? '' };
}

interface Outcome {
  readonly answer: string | null;
  /** One entry per call of the store. */
  readonly stored: readonly { readonly site: string; readonly bodies: readonly string[] }[];
  readonly fresh: readonly StoredHl7[];
  readonly refused: readonly string[];
}

async function takeFrame(sites: readonly Hl7Site[], frame: string, way: Way = {}): Promise<Outcome> {
  const stored: { site: string; bodies: string[] }[] = [];
  const fresh: StoredHl7[] = [];
  const refused: string[] = [];
  const receive = hl7Intake({
    clock: systemClock,
    sites: () => sites,
    ...(way.door === undefined ? {} : { door: way.door }),
    answered: () => undefined,
    refused: (of, reason) => refused.push(`${of ?? 'nobody'}: ${reason}`),
    stored: (_site, messages) => fresh.push(...messages),
    receiver: {
      store: (id, _via, messages) => {
        if (way.fails === true) return Promise.reject(new HubError('DATABASE_UNREACHABLE'));
        const bodies = messages.map((one) => Buffer.from((one as SiteEvent).body).toString('latin1'));
        stored.push({ site: id, bodies });
        return Promise.resolve(bodies.map((_, at) => ({ kind: 'inserted', id: at + 1 }) as const));
      },
      stop: () => Promise.resolve(),
    },
  });
  const answer = await receive(Buffer.from(frame, 'latin1'), way.peer);
  return { answer: answer === null ? null : Buffer.from(answer).toString('latin1'), stored, fresh, refused };
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

test('of two sites that fit alike, which no plan holds, the same one takes every message', async () => {
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
  const taken = await take([ANY], message('X', 'Y', 'ORM^O01'));
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
  await assert.rejects(take(ALL, message('APP', 'FAC'), { fails: true }), { code: 'DATABASE_UNREACHABLE' });
});

test('a sender that wants no acknowledgement gets none, and its message is stored', async () => {
  assert.deepEqual(await take(ALL, message('APP', 'FAC', 'SIU^S12', '|7|P|2.5|||NE|NE')), {
    site: 'both',
    code: null,
    text: '',
  });
});

const SENT_TO = (application: string, facility: string): string =>
  `MSH|^~\\&|APP|FAC|${application}|${facility}|20260101||SIU^S12|7|P|2.5\rSCH|1\r`;

test('sites of one sender are told apart by the receiver that it names, the more exact one first', async () => {
  const sites = [
    site('sender', 'APP', 'FAC'),
    site('clinic', 'APP', 'FAC', { to: { application: '', facility: 'CLINIC' } }),
    site('north', 'APP', 'FAC', { to: { application: 'HUB', facility: 'CLINIC' } }),
  ];
  for (const order of [sites, [...sites].reverse()]) {
    assert.equal((await take(order, SENT_TO('HUB', 'CLINIC'))).site, 'north');
    assert.equal((await take(order, SENT_TO('ELSE', 'CLINIC'))).site, 'clinic');
    assert.equal((await take(order, SENT_TO('HUB', 'WARD^1.2^ISO'))).site, 'sender');
  }
  assert.equal((await take(sites.slice(1), SENT_TO('HUB', 'WARD'))).code, 'AR');
});

const OWN = site('own', 'APP', 'FAC', { listen: { port: 6661 } });

test('a message on a port of its own belongs to that site; one that names another sender is refused', async () => {
  const sites = [OWN, site('other', 'OTHER', 'FAC'), ANY];
  assert.equal((await take(sites, message('APP', 'FAC'), { door: ':6661' })).site, 'own');
  const stranger = await take(sites, message('OTHER', 'FAC'), { door: ':6661' });
  assert.deepEqual([stranger.site, stranger.code], [null, 'AR']);
  assert.match(stranger.text, /other names in MSH-3 to MSH-6/);
  const open = [site('own', '', '', { listen: { port: 6661 } }), ANY];
  assert.equal((await take(open, message('OTHER', 'X'), { door: ':6661' })).site, 'own');
});

test('what belongs to a port of its own is not taken at the shared one, by nobody', async () => {
  const taken = await take([OWN, ANY], message('APP', 'FAC'));
  assert.deepEqual([taken.site, taken.code], [null, 'AR']);
  assert.match(taken.text, /a port of its own/);
  assert.equal((await take([OWN, BOTH], message('APP', 'FAC'))).site, 'both');
});

test('on a shared port each site has its own list of who may send', async () => {
  const listed = site('listed', 'APP', '', { listen: { allow: { addresses: ['10.0.0.0/8'], certificates: [] } } });
  const peer = (address: string): Way => ({ peer: { address, port: 1 } });
  assert.equal((await take([listed, BOTH], message('APP', ''), peer('10.1.2.3'))).site, 'listed');
  const refused = await takeFrame([listed, ANY], message('APP', ''), peer('192.0.2.1'));
  assert.deepEqual(refused.stored, []);
  assert.deepEqual(refused.refused, ['listed: This sender may not send messages of this site.']);
});

test('a site that is about to start is not answered; one that is suspended is refused, and nobody else takes it', async () => {
  const address = BOTH.feed.address;
  const resting = (rests: 'starting' | 'suspended'): Hl7Site => ({ site: BOTH.site, feed: { address }, rests });
  await assert.rejects(take([resting('starting'), ANY], message('APP', 'FAC')), { code: 'NOT_READY' });
  const taken = await take([resting('suspended'), ANY], message('APP', 'FAC'));
  assert.deepEqual([taken.site, taken.code], [null, 'AR']);
  assert.match(taken.text, /suspended/);
  assert.equal((await take([resting('suspended'), ANY], message('X', 'Y'))).site, 'any');
});

test('several messages in one frame: each is routed and answered for itself, in one frame and in order', async () => {
  const frame = [message('APP', 'FAC'), message('NOBODY', ''), message('APP', 'OTHER')].join('');
  const { answer, stored, fresh, refused } = await takeFrame([BOTH, APPLICATION], frame);
  assert.deepEqual(
    stored.map((one) => [one.site, one.bodies.length]),
    [
      ['both', 1],
      ['application', 1],
    ],
  );
  assert.deepEqual(answer?.match(/MSA\|\w\w\|\w+/g), ['MSA|AA|7', 'MSA|AR|7', 'MSA|AA|7']);
  assert.deepEqual(
    fresh.map(({ controlId }) => controlId),
    ['7', '7'],
  );
  assert.equal(refused.length, 1);
});

test('a batch is answered by a batch; one that was cut short is refused whole', async () => {
  const batch = (count: number): string =>
    `BHS|^~\\&|APP|FAC|HUB|HERE\r${message('APP', 'FAC')}${message('APP', 'FAC')}BTS|${count}\r`;
  const whole = await takeFrame([BOTH], batch(2));
  assert.deepEqual(
    whole.stored.map(({ bodies }) => bodies.length),
    [2],
  );
  assert.match(whole.answer ?? '', /^BHS.*\rMSH[^]*MSA\|AA[^]*MSA\|AA[^]*BTS\|2\r$/);
  const cut = await takeFrame([BOTH], batch(3));
  assert.deepEqual(cut.stored, []);
  assert.deepEqual(cut.answer?.match(/MSA\|\w\w/g), ['MSA|AR', 'MSA|AR']);
});
