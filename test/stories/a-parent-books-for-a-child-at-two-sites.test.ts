/**
 * A mother of whom one site tells books for her child there, by HL7 v2, and at an Acuity practice that knows nothing of
 * her: who acted stays known in the hub, whatever the sites say of the visits, and is told to neither.
 */
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { actingIn } from '../../src/fhir/acting.ts';
import type { Appointment, OperationOutcome, Patient, RelatedPerson, Schedule, Slot } from '../../src/fhir/types.ts';
import { rowsOf } from '../conformance/control.ts';
import { bookBody, bookedIn, callerOf, freeSlots, siteKeyOf, siteOf, type Answer } from '../support/caller.ts';
import { MIDTOWN, ORTIZ, RIVERSIDE, type ConfigFolder } from '../support/config-folder.ts';
import { sendFrame } from '../support/frames.ts';
import { startHub } from '../support/hub.ts';
import { freePort, OFFICE_HOURS, takesRequests } from '../support/requesting-site.ts';
import { practiceOf } from '../support/staff.ts';
import { eventually } from '../support/wait.ts';

async function bookable(config: ConfigFolder): Promise<void> {
  await takesRequests(config, await freePort(), {
    lindqvist: { practitioner: 'LINDQVIST', location: 'main', blocks: OFFICE_HOURS },
  });
  await config.edit(`sites/${MIDTOWN}.yaml`, (site) => site.setIn(['poll', 'every_s'], 1));
}

const hub = await startHub({ after }, { sites: [MIDTOWN, RIVERSIDE], configure: bookable });
const caller = callerOf(hub);
const there = await eventually('times are open at riverside', async () => {
  const open = await freeSlots(caller, RIVERSIDE, 'office-visit-30');
  return open.length > 12 && open;
});
// Of Ben Ortiz: Dr. Rao works at Riverside too, and what she has there takes her time here.
const [ortiz] = await caller.search<Schedule>(
  `Schedule?identifier=${encodeURIComponent(`urn:slotwire:site:${MIDTOWN}:calendar|${ORTIZ}`)}`,
);
const here = (await freeSlots(caller, MIDTOWN, 'therapy-50')).filter(
  ({ schedule }) => schedule.reference === `Schedule/${ortiz?.id ?? ''}`,
);
const riverside = practiceOf(hub, RIVERSIDE);
// Idris Petrov, eleven years old, at both sites.
await riverside.act('book', {
  practitioner: 'RAO',
  visitType: 'OFFICE',
  start: Date.parse(there[0]!.start),
  person: 5,
});

async function record(site: string): Promise<Patient> {
  return eventually(`the child is known at ${site}`, async () => {
    const found = await caller.search<Patient>('Patient?family=petrov&given=idris');
    return found.find((one) => siteOf(one) === site) ?? false;
  });
}

const child = await record(RIVERSIDE);
const typed = await record(MIDTOWN);
const phone = child.telecom?.find(({ system }) => system === 'phone')?.value ?? '';
const mrn = child.identifier?.find(({ system }) => system === 'https://riverside.example/mrn')?.value ?? '';
assert.ok(phone !== '' && mrn !== '');
await sendFrame(
  hub,
  [
    'MSH|^~\\&|RIVERSIDE_SCHED|RIVERSIDE|SLOTWIRE|HUB|20260301120000||ADT^A31^ADT_A05|KIN1|P|2.5.1|||AL|NE',
    'EVN||20260301120000',
    `PID|1||${mrn}^^^RIVERSIDE^MR||Petrov^Idris`,
    'NK1|1|Petrov^Vesna|MTH^Mother^HL70063',
    `GT1|1||Petrov^Vesna|||${phone}^PRN^PH||||||MTH`,
    '',
  ].join('\n'),
);
const [mother] = await eventually('the mother is known', async () => {
  const found = await caller.search<RelatedPerson>(`RelatedPerson?patient=Patient/${child.id ?? ''}`);
  return found.length > 0 && found;
});
const acting = mother?.id ?? '';

interface Asked {
  readonly slot: Slot;
  readonly of: Patient;
  readonly key?: string;
  readonly by?: string;
}

interface Body {
  readonly resourceType: string;
  readonly parameter: readonly {
    readonly name: string;
    readonly resource?: Appointment;
    readonly valueBoolean?: boolean;
  }[];
}

function body({ slot, of, by = acting }: Asked): Body {
  const { resourceType, parameter } = bookBody({ slot, patientId: of.id ?? '' }) as Body;
  const who = { actor: { reference: `RelatedPerson/${by}` }, status: 'accepted' } as const;
  const named = parameter.map((one) =>
    one.resource === undefined
      ? one
      : { ...one, resource: { ...one.resource, participant: [...one.resource.participant, who] } },
  );
  return { resourceType, parameter: [...named, { name: 'allow-patient-overlap', valueBoolean: true }] };
}

const book = async (asked: Asked): Promise<Answer> =>
  caller.settled(
    await caller.ask('/fhir/R4/Appointment/$book', {
      method: 'POST',
      body: body(asked),
      headers: { 'idempotency-key': asked.key ?? asked.slot.id ?? '' },
    }),
  );
const shown = (id: string | undefined, as = caller): Promise<Appointment> => as.read(`Appointment/${id ?? ''}`);

/** The version made by news of the site. */
async function toldOf(id: string | undefined): Promise<Appointment> {
  return eventually('the site has told of the visit', async () => {
    const visit = await shown(id);
    return (visit.meta?.source ?? '').includes('#') && visit;
  });
}

describe('a parent who books for a child', () => {
  test('of the site that tells of her: the visit names her before and behind its news, the request does not', async () => {
    const visit = bookedIn(await book({ slot: there[4]!, of: child }));
    assert.deepEqual(actingIn(visit), [acting]);
    assert.deepEqual(actingIn(await toldOf(visit.id)), [acting]);
    const requests = JSON.stringify(rowsOf((await riverside.state('answered'))['answered']));
    assert.ok(requests.length > 2 && !/vesna/i.test(requests));
    assert.equal((await book({ slot: there[4]!, of: child })).status, 200);
    const other = await book({ slot: there[4]!, of: child, by: child.id ?? '' });
    assert.equal(other.status, 422);
    assert.match(other.text, /with another body/);
  });

  test('of another site: only when somebody has said that both records are the child’s', async () => {
    const slot = here[2]!;
    const early = await book({ slot, of: typed, key: 'early' });
    assert.equal(early.status, 422);
    assert.match(early.text, /acts for another patient/);
    const decided = await callerOf(hub, 'admin').ask(`/ops/api/identity/pairs/${typed.id ?? ''}/${child.id ?? ''}`, {
      method: 'POST',
      contentType: 'application/json',
      body: { verdict: 'same', reason: 'asked his mother' },
    });
    assert.equal(decided.status, 200, decided.text);
    const visit = bookedIn(await book({ slot, of: typed }));
    assert.deepEqual(actingIn(await toldOf(visit.id)), [acting]);
    const practice = practiceOf(hub, MIDTOWN);
    assert.ok(!/vesna/i.test(JSON.stringify(await practice.state('appointments'))));
    // Whoever sees the practice alone is not told that another site tells of his mother.
    const atPractice = callerOf(hub, MIDTOWN);
    assert.deepEqual(actingIn(await shown(visit.id, atPractice)), []);
    assert.deepEqual(await atPractice.search(`Appointment?actor=RelatedPerson/${acting}`), []);
    // Staff move it.
    const later = here.find(
      ({ start, schedule }) => start > slot.end && schedule.reference === slot.schedule.reference,
    );
    await practice.move(siteKeyOf(visit, MIDTOWN), Date.parse(later!.start) as never);
    const moved = await eventually('the move is seen', async () => {
      const now = await shown(visit.id);
      return Date.parse(now.start ?? '') === Date.parse(later!.start) && now;
    });
    assert.deepEqual(actingIn(moved), [acting]);
  });

  test('of both as one: every visit of the set names her, and all are found by her', async () => {
    const wanted = [
      { slot: here[9]!, of: typed },
      { slot: there.find(({ start }) => start.slice(0, 10) !== here[9]!.start.slice(0, 10))!, of: child },
    ];
    const answer = await caller.settled(
      await caller.ask('/fhir/R4/Appointment/$book-set', {
        method: 'POST',
        body: {
          resourceType: 'Parameters',
          parameter: wanted.map((asked) => ({ name: 'visit', part: body(asked).parameter })),
        },
      }),
    );
    assert.ok(answer.status < 202, answer.text);
    const { entry } = JSON.parse(answer.text) as {
      entry: readonly { readonly resource: Appointment | OperationOutcome }[];
    };
    const visits = entry.map(({ resource }) => resource).filter((one) => one.resourceType === 'Appointment');
    assert.deepEqual(visits.map(actingIn), [[acting], [acting]]);
    const found = await caller.search<Appointment>(`Appointment?actor=RelatedPerson/${acting}`);
    assert.equal(found.length, 4);
    const cancelled = await caller.settled(await caller.cancelByPatch(visits[1]?.id ?? ''));
    assert.equal(cancelled.status, 200, cancelled.text);
    assert.deepEqual(actingIn(await shown(visits[1]?.id)), [acting]);
  });

  test('has a phone that is hers: it is no contact of the child’s golden record', async () => {
    const person = await eventually('the records are placed', async () => {
      const { link = [] } = await caller.read<Patient>(`Patient/${child.id ?? ''}`);
      const golden = link.find(({ type }) => type === 'refer')?.other.reference;
      return golden !== undefined && (await caller.read<Patient>(golden));
    });
    assert.deepEqual(
      person.telecom?.map(({ system }) => system),
      ['email'],
    );
  });
});
