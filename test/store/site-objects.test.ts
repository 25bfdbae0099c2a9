import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import type { CompleteWindow } from '../../src/connectors/contract.ts';
import { derivedId } from '../../src/core/ids.ts';
import type { Instant } from '../../src/core/instant.ts';
import type { AppointmentStatus } from '../../src/fhir/types.ts';
import { at, NOON, openedStore, state } from './opened.ts';

const { write } = await openedStore({ after });

let sites = 0;
const newSite = (): string => `site-${(sites += 1)}`;

test('the newest read applied is kept, and never moves back', async () => {
  const site = newSite();
  const applied = (): Promise<Instant | null> => write((tx) => tx.inbox.appliedReadAt(site, 'appointment:1'));
  assert.equal(await applied(), null);
  await write((tx) => tx.inbox.setAppliedReadAt(site, 'appointment:1', at(2)));
  await write((tx) => tx.inbox.setAppliedReadAt(site, 'appointment:1', at(1)));
  assert.equal(await applied(), at(2));
  assert.equal(await write((tx) => tx.inbox.appliedReadAt(newSite(), 'appointment:1')), null);
});

interface Known {
  readonly status?: AppointmentStatus;
  readonly start?: Instant;
  readonly calendar?: string;
  readonly orderedAt?: Instant;
}
async function appointment(site: string, siteKey: string, known: Known = {}): Promise<void> {
  const start = known.start ?? at(60);
  const id = derivedId('appointment', site, siteKey);
  await write((tx) =>
    tx.resources.putAppointment(
      {
        id,
        site,
        siteKey,
        during: { start, end: (start + 1_800_000) as Instant },
        visitType: null,
        specialty: null,
        patients: [],
        actors: [],
        slots: [],
        tokens: [`calendar:${known.calendar ?? '84021'}`],
        locations: [],
        security: [],
        orderedAt: known.orderedAt ?? at(-10),
        resource: { resourceType: 'Appointment', status: known.status ?? 'booked', participant: [] },
      },
      { site, messageId: null, siteTime: null, now: NOON },
    ),
  );
}
async function missing(site: string, objects: readonly string[]): Promise<readonly string[]> {
  const window: CompleteWindow = {
    objectKind: 'appointment',
    calendar: '84021',
    window: { start: NOON, end: at(24 * 60) },
    objects,
    readAt: NOON,
  };
  return (await write((tx) => tx.inbox.missingFrom(site, window, window.readAt))).map((one) => one.siteKey);
}

test('a live appointment that a complete listing does not name is missing', async () => {
  const site = newSite();
  for (const key of ['1', '2', '3']) await appointment(site, key);
  assert.deepEqual((await missing(site, ['appointment:2'])).toSorted(), ['1', '3']);
  assert.deepEqual(await missing(site, ['appointment:1', 'appointment:2', 'appointment:3']), []);
  assert.deepEqual(await missing(newSite(), []), []);
});

test('what is over, elsewhere, in another calendar or outside of the window is not missing', async () => {
  const site = newSite();
  for (const status of ['cancelled', 'fulfilled', 'noshow', 'entered-in-error', 'proposed'] as const) {
    await appointment(site, status, { status });
  }
  await appointment(site, 'calendar', { calendar: '84022' });
  await appointment(site, 'before', { start: at(-1) });
  await appointment(site, 'after', { start: at(24 * 60) });
  assert.deepEqual(await missing(site, []), []);
  for (const status of ['pending', 'booked', 'arrived', 'checked-in', 'waitlist'] as const) {
    await appointment(site, status, { status });
  }
  assert.equal((await missing(site, [])).length, 5);
});

test('what we heard of after the listing left is not missing', async () => {
  const site = newSite();
  await appointment(site, 'ordered', { orderedAt: NOON });
  await appointment(site, 'applied');
  await write((tx) => tx.inbox.setAppliedReadAt(site, 'appointment:applied', at(1)));
  await appointment(site, 'received');
  await write((tx) => tx.inbox.insert(site, 'fetch', [state('appointment:received', 'A', at(1))], NOON, null));
  await appointment(site, 'read before');
  await write((tx) => tx.inbox.setAppliedReadAt(site, 'appointment:read before', at(-1)));
  assert.deepEqual(await missing(site, []), ['read before']);
});
