/** What a caller is told of a booking that waits for more than the site's answer, and of a site that is down. */
import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { HubError } from '../../src/core/errors.ts';
import { ids } from '../store/search-world.ts';
import { issues, startTestHub, type Answer } from './hub.ts';

const hub = await startTestHub({ after });
const BOOKING = '01930000-0000-7000-8000-000000000001';

const book = (): Promise<Answer> =>
  hub.fhir('scheduler', '/Appointment/$book', {
    method: 'POST',
    headers: { 'content-type': 'application/fhir+json' },
    body: JSON.stringify({
      resourceType: 'Parameters',
      parameter: [
        {
          name: 'appointment-resource',
          resource: {
            resourceType: 'Appointment',
            status: 'pending',
            start: '2026-12-01T09:00:00Z',
            end: '2026-12-01T10:00:00Z',
            slot: [{ reference: `Slot/${ids.slot('north', 'r9')}` }],
            participant: [{ actor: { reference: `Patient/${ids.annNorth}` }, status: 'accepted' }],
          },
        },
      ],
    }),
  });

test('a site that is down and refuses is 503, and the caller is told when to come back', async () => {
  hub.desk.answer = new HubError('SITE_DOWN', { site: 'north', retryAfter_ms: 7_200 });
  const answer = await book();
  assert.equal(answer.status, 503);
  assert.equal(answer.headers.get('retry-after'), '8');
  assert.match(JSON.stringify(issues(answer)), /Try again in 8 s/);
});

test('a booking that waits for its site to come back is 202 with a status address, and the reason', async () => {
  hub.desk.answer = { kind: 'pending', bookingId: BOOKING, until: 'site-back' };
  const answer = await book();
  assert.equal(answer.status, 202);
  assert.match(answer.headers.get('content-location') ?? '', new RegExp(`booking-status/${BOOKING}$`));
  assert.equal(answer.headers.get('retry-after'), '30');
  assert.match(JSON.stringify(issues(answer)), /site is down/);
});

test('a booking that was never sent is 422, and says what to do', async () => {
  const error = new HubError('BOOKING_NOT_SENT', { detail: 'The site was down. Book another time.' });
  hub.desk.answer = { kind: 'refused', bookingId: BOOKING, error, because: null };
  const answer = await book();
  assert.equal(answer.status, 422);
  assert.match(JSON.stringify(issues(answer)), /Book another time/);
});
