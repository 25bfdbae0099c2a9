/** A person who is erased: what goes, what stays, and what becomes of news that their site still sends. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { randomUUID } from 'node:crypto';
import { HubError } from '../../src/core/errors.ts';
import { plus, type Instant } from '../../src/core/instant.ts';
import { canonicalId } from '../../src/fhir/canonical-ids.ts';
import type { Appointment } from '../../src/fhir/types.ts';
import type { Booking } from '../../src/store/contract-bookings.ts';
import { nameOf } from '../../src/identity/placing/memory.ts';
import { hl7Site } from '../fixtures/siu/site.ts';
import { ADMIN, erasingWorld, type ErasingWorld } from './erasing-world.ts';
import { adt, merge, MRN, pid, siu } from './feed-world.ts';

const because = 'she asked for it in writing';
const ANN = { name: 'OKONKWO^ANNALISE', born: '19631117' };
const BEN = { name: 'MILLER^BENEDICT', born: '19720304' };
/** Nothing of her is to be found, in clear or by any key that is left. */
const OF_ANN = /okonkwo|annalise|1963-?11-?17|ANN-77|sore throat|worried/i;

const idOf = (mrn: string): string => canonicalId.patient(hl7Site().identity, `${mrn}^HOSP_A`);

/** With words about the person. */
function visit(key: string, mrn: string, person: typeof ANN, start: string, time = '20261101120000'): string {
  return siu('S12', time, key, mrn, { start })
    .replace(pid(mrn), pid(mrn, person))
    .replace('|||||CHECKUP|', '|||||CHECKUP^sore throat|')
    .replace('RGS|', 'NTE|1||worried about her voice\rRGS|');
}

/** Ann and Ben, both with a visit that is over. */
async function twoPeople(world: ErasingWorld): Promise<void> {
  await world.tell(
    adt('A04', '20261001080000', pid('ANN-77', ANN)),
    adt('A08', '20261002080000', pid('ANN-77', { ...ANN, name: 'OKONKWO^ANNALISE^M' })),
    adt('A04', '20261001080000', pid('BEN-8', BEN)),
    visit('F1', 'ANN-77', ANN, '20261110090000'),
    visit('F2', 'BEN-8', BEN, '20261111090000').replaceAll(/sore throat|worried/g, 'knee'),
  );
  await world.settle();
}

function bookingOf(patientId: string, now: Instant): Booking {
  const during = { start: plus(now, 3_600_000), end: plus(now, 5_400_000) };
  const visitOfAnn: Appointment = {
    resourceType: 'Appointment',
    status: 'booked',
    comment: 'sore throat',
    participant: [],
  };
  const nothing = { siteKey: null, reference: null, refusedBecause: null, detail: null, waitsUntil: null };
  return {
    ...nothing,
    id: randomUUID(),
    client: 'portal',
    requestKey: randomUUID(),
    requestDigest: 'd',
    action: 'place',
    site: 'hl7',
    state: 'booked',
    stateAt: now,
    appointmentId: randomUUID(),
    slotId: null,
    during,
    resources: [],
    patientId,
    attempts: 1,
    absences: 0,
    deadlineAt: null,
    nextCheckAt: null,
    createdAt: now,
    createdBy: 'client:portal',
    order: {
      place: {
        ...during,
        correlation: 'c1',
        calendar: 'C1',
        visitType: 'V1',
        channel: 'staff',
        comment: 'worried',
        patient: { identifiers: [], family: 'Okonkwo', given: 'Annalise', birthDate: '1963-11-17' },
      },
      appointmentJson: JSON.stringify(visitOfAnn),
    },
  };
}

function erase(world: ErasingWorld, ...mrns: readonly string[]): ReturnType<ErasingWorld['desk']['erase']> {
  return world.desk.erase(ADMIN, { records: mrns.map(idOf), reason: because });
}

function refusedWith(detail: RegExp): (error: unknown) => boolean {
  return (error) => error instanceof HubError && error.code === 'RULE_BROKEN' && detail.test(error.detail);
}

describe('a person who is erased', () => {
  it('is in no table any more, in clear or under a key that is left, and nobody else is touched', async (t) => {
    const world = await erasingWorld(t);
    await twoPeople(world);
    const value = { family: 'OKONKWO', given: ['ANNALISE'] };
    await world.desk.override(ADMIN, { person: idOf('ANN-77'), attribute: 'name', value, reason: 'her passport' });
    assert.match(await world.everything(), OF_ANN);
    const came = await erase(world, 'ANN-77');
    assert.deepEqual([came.erased, came.gone, came.visits], [[idOf('ANN-77')], [], 1]);
    await world.sweep();
    const left = await world.everything();
    assert.doesNotMatch(left, OF_ANN);
    assert.match(left, /MILLER[\s\S]*BENEDICT/);
    assert.match(left, /BEN-8/);
    assert.match(left, /knee/);
    assert.equal((await world.patient('BEN-8'))?.name?.[0]?.family, 'MILLER');
  });

  it('is gone for readers by the same id, with all versions, and is found by no search', async (t) => {
    const world = await erasingWorld(t);
    await twoPeople(world);
    await erase(world, 'ANN-77');
    const id = idOf('ANN-77');
    for (const version of [undefined, 1, 2, 3]) assert.equal((await world.served(id, version))?.deleted, true);
    assert.deepEqual(await world.foundBy(`Patient/${id}`), []);
    assert.deepEqual(await world.found('BEN-8'), ['F2']);
    const kept = await world.visit('F1^HOSP_A');
    assert.deepEqual(
      [kept?.patients, kept?.body.comment, kept?.body.reasonCode, kept?.body.start],
      [[id], undefined, undefined, '2026-11-10T09:00:00-06:00'],
    );
  });

  it('is remembered by nobody who compares, not even by whoever had read them before', async (t) => {
    const world = await erasingWorld(t);
    await twoPeople(world);
    const [ann, ben] = [idOf('ANN-77'), idOf('BEN-8')];
    const records = await world.write((tx) => tx.index.people([ann, ben]));
    const [ofAnn, ofBen] = [ann, ben].map((id) => records.find((one) => one.id === id));
    assert.ok(ofAnn !== undefined && ofBen !== undefined);
    const isKnown = (): readonly boolean[] =>
      [ofAnn, ofBen].map((record) => world.memory.known(nameOf(record)) !== undefined);
    assert.deepEqual(isKnown(), [true, true]);
    await world.tell(visit('F3', 'ANN-77', ANN, '20261201090000'));
    await assert.rejects(erase(world, 'ANN-77'));
    assert.deepEqual(isKnown(), [true, true]);
    await world.tell(visit('F3', 'BEN-8', BEN, '20261201090000', '20261102120000'));
    await erase(world, 'ANN-77');
    assert.deepEqual(isKnown(), [false, true]);
    assert.equal(world.memory.personOf(ofAnn).family.whole, 'okonkwo');
    assert.deepEqual(isKnown(), [false, true]);
  });

  it('is written down with who did it and why, and asking again changes nothing', async (t) => {
    const world = await erasingWorld(t);
    await twoPeople(world);
    await erase(world, 'ANN-77');
    const [erasure] = await world.rows('SELECT erased_by, reason FROM patient_erasure');
    assert.deepEqual(erasure, { erased_by: 'client:ana', reason: because });
    const [entry] = await world.rows(`SELECT data, actor FROM ledger WHERE kind = 'patient-erased'`);
    assert.deepEqual(JSON.parse(String(entry?.['data'])), { patient: idOf('ANN-77'), reason: because });
    const audited = await world.rows(`SELECT resource_id FROM audit WHERE action = 'operate'`);
    assert.deepEqual(audited, [{ resource_id: idOf('ANN-77') }]);
    assert.deepEqual(await erase(world, 'ANN-77').then(({ erased, gone }) => [erased, gone]), [[], [idOf('ANN-77')]]);
    await assert.rejects(world.desk.erase(ADMIN, { records: [idOf('nobody')], reason: because }), {
      code: 'NOT_FOUND',
    });
  });

  it('has no visits to come, and no record that is left out', async (t) => {
    const world = await erasingWorld(t);
    await twoPeople(world);
    await world.tell(visit('F3', 'ANN-77', ANN, '20261201090000'));
    await assert.rejects(erase(world, 'ANN-77'), refusedWith(/visits to come; have them cancelled first/));
    assert.equal((await world.patient('ANN-77'))?.name?.[0]?.family, 'OKONKWO');
    await world.tell(
      siu('S15', '20261120120000', 'F3', 'ANN-77', { start: '20261201090000' }).replace(
        pid('ANN-77'),
        pid('ANN-77', ANN),
      ),
    );
    await world.tell(adt('A04', '20261003080000', pid('ANN-78', ANN)), merge('20261004080000', 'ANN-78', 'ANN-77'));
    await assert.rejects(erase(world, 'ANN-77'), refusedWith(new RegExp(`other records.*${idOf('ANN-78')}`)));
    const came = await erase(world, 'ANN-77', 'ANN-78');
    assert.equal(came.erased.length, 2);
    await world.sweep();
    assert.doesNotMatch(await world.everything(), /okonkwo|annalise|ANN-7/i);
  });

  it('is in no order that was placed for them, and goes only when all of those are settled', async (t) => {
    const world = await erasingWorld(t);
    await twoPeople(world);
    const now = world.clock.now();
    const refused = { ...bookingOf(idOf('ANN-77'), now), state: 'refused', detail: 'OKONKWO owes us money' } as const;
    const open = { ...bookingOf(idOf('ANN-77'), now), state: 'unknown' } as const;
    await world.write(async (tx) => {
      await tx.bookings.insert(refused);
      await tx.bookings.insert(open);
    });
    await assert.rejects(erase(world, 'ANN-77'), refusedWith(new RegExp(`not settled yet.*${open.id}`)));
    await world.write((tx) => tx.bookings.move(open.id, ['unknown'], 'booked', now, {}));
    assert.equal((await erase(world, 'ANN-77')).bookings, 2);
    await world.sweep();
    assert.doesNotMatch(await world.everything(), OF_ANN);
    const left = await world.write((tx) => tx.bookings.get(refused.id));
    assert.deepEqual([left?.state, left?.detail, left?.order.place?.calendar], ['refused', null, 'C1']);
    assert.deepEqual(left?.order.place?.patient, { identifiers: [], family: '', given: '' });
    assert.equal((JSON.parse(left.order.appointmentJson ?? '') as Appointment).comment, undefined);
  });

  it('leaves to those who were compared with them their decisions, without what was compared', async (t) => {
    const world = await erasingWorld(t);
    await twoPeople(world);
    const [ann, ben] = [idOf('ANN-77'), idOf('BEN-8')];
    await world.desk.decide(ADMIN, { one: ann, other: ben, verdict: 'different', reason: 'two women' });
    await world.write(async (tx) => {
      const [lo, hi] = [ann, ben].sort() as [string, string];
      const now = world.clock.now();
      const pair = { lo, hi, why: 'review', score: 1, probability: 0.5, modelId: 'm', dueAt: now } as const;
      await tx.identity.openReview({ ...pair, evidence: { steps: ['given 3.1'] } }, now);
      const hub = { kind: 'hub', id: 'slotwire' } as const;
      const said = { actor: hub, reason: 'x', at: now, supersedes: null, toldBy: null, attribute: null, value: null };
      await tx.identity.append(
        { ...said, kind: 'unlink', one: ann, other: ben, modelId: 'm', evidence: { score: 9 } },
        now,
      );
    });
    await erase(world, 'ANN-77');
    assert.deepEqual(await world.desk.reviews(ADMIN, 10, null), { pairs: [], next: null });
    const log = await world.write((tx) => tx.identity.about([ben]));
    assert.deepEqual(
      log.map(({ kind, evidence }) => [kind, evidence]),
      [
        ['not-same', null],
        ['unlink', null],
      ],
    );
    await assert.rejects(
      world.desk.decide(ADMIN, { one: ann, other: ben, verdict: 'same', reason: 'x' }),
      (error: unknown) => error instanceof HubError && error.code === 'NOT_FOUND',
    );
    for (const table of ['patient_key', 'patient_contact', 'patient_indexed', 'patient_due']) {
      assert.deepEqual(await world.rows(`SELECT FROM ${table} WHERE patient_id = '${ann}'`), [], table);
    }
  });
});

describe('messages of a person who is erased', () => {
  it('are emptied and cannot be replayed; those that name somebody else too, or nobody, are kept', async (t) => {
    const world = await erasingWorld(t);
    await twoPeople(world);
    const [both = 0] = await world.tell(adt('A24', '20261005080000', pid('ANN-77', ANN), pid('BEN-8', BEN)));
    await erase(world, 'ANN-77');
    await world.sweep();
    const messages = await world.write((tx) => tx.inbox.list({ limit: 100 }));
    const empty = messages.filter(({ body }) => body.length === 0).map(({ id }) => id);
    assert.deepEqual(empty, [1, 2, 4]);
    assert.match(Buffer.from((await world.message(both)).body).toString(), /OKONKWO/);
    await world.replay(1);
    assert.equal((await world.message(1)).status, 'applied');
    assert.equal((await world.served(idOf('ANN-77')))?.deleted, true);
    assert.deepEqual(
      (await world.parked()).map(({ id }) => id),
      [both],
    );
  });

  it('that waited for a person are set aside', async (t) => {
    const world = await erasingWorld(t);
    await twoPeople(world);
    const [circular = 0] = await world
      .tell(merge('20261004080000', 'ANN-78', 'ANN-77'), merge('20261004090000', 'ANN-77', 'ANN-78'))
      .then((ids) => ids.slice(1));
    assert.equal((await world.message(circular)).status, 'parked');
    await erase(world, 'ANN-77', 'ANN-78');
    await world.sweep();
    const aside = await world.message(circular);
    assert.deepEqual([aside.status, aside.reason, aside.body.length], ['ignored', 'the person was erased', 0]);
    assert.deepEqual(await world.workItems(), []);
  });
});

describe('news of a person who was erased', () => {
  it('keeps the time of a visit and nothing else, brings nobody back, and is told in the ledger', async (t) => {
    const world = await erasingWorld(t);
    await twoPeople(world);
    await erase(world, 'ANN-77');
    await world.sweep();
    const ids = await world.tell(
      adt('A08', '20261123080000', pid('ANN-77', ANN)),
      visit('F9', 'ANN-77', ANN, '20261203090000', '20261123080000'),
      visit('F1', 'ANN-77', ANN, '20261110090000', '20261123080000'),
    );
    const came = await world.visit('F9^HOSP_A');
    assert.deepEqual([came?.patients, came?.body.comment], [[idOf('ANN-77')], undefined]);
    assert.equal((await world.served(idOf('ANN-77')))?.deleted, true);
    await world.settle();
    await world.sweep();
    assert.doesNotMatch(await world.everything(), OF_ANN);
    const told = await world.rows(`SELECT cause FROM ledger WHERE kind = 'patient-erased-news' ORDER BY id`);
    const messages = ids.map((id) => `message:${String(id)}`);
    assert.deepEqual([...new Set(told.map(({ cause }) => cause))], messages);
    assert.deepEqual(await world.parked(), []);
  });

  it('decides nothing about records any more: merges, links, removals and restorations', async (t) => {
    const world = await erasingWorld(t);
    await twoPeople(world);
    await erase(world, 'ANN-77');
    await world.tell(
      merge('20261123080000', 'ANN-77', 'BEN-8'),
      merge('20261123081000', 'BEN-8', 'ANN-77'),
      adt('A24', '20261123082000', pid('ANN-77', ANN), pid('BEN-8', ANN)),
      adt('A37', '20261123083000', pid('ANN-77', ANN), pid('BEN-8', ANN)),
      adt('A29', '20261123084000', pid('ANN-77', ANN)),
      adt('A28', '20261123085000', pid('ANN-77', ANN)),
      siu('S14', '20261123086000'.replace('86', '59'), 'F1', 'ANN-77', { start: '20261110090000' }),
      siu('S12', '20261123090000', 'F5', 'BEN-8'),
    );
    await world.settle();
    assert.deepEqual(await world.parked(), []);
    const ben = await world.patient('BEN-8');
    assert.deepEqual([ben?.active, ben?.link], [true, undefined]);
    assert.equal((await world.served(idOf('ANN-77')))?.deleted, true);
    assert.deepEqual(await world.rows('SELECT FROM identity_decision'), []);
    await world.sweep();
    assert.match(await world.everything(), new RegExp(MRN('BEN-8').split('^')[0] ?? ''));
  });

  it('at the very moment of the erasure is stored with nobody, or goes with the person', async (t) => {
    const world = await erasingWorld(t);
    await twoPeople(world);
    const news = Array.from({ length: 12 }, (_, number) =>
      adt(
        'A08',
        `202610030800${String(10 + number)}`,
        pid('ANN-77', { ...ANN, name: `OKONKWO^ANNALISE^${'ABCDEFGHIJKL'[number] ?? ''}` }),
      ),
    );
    await Promise.all([world.tell(...news), erase(world, 'ANN-77'), world.settle()]);
    await world.settle();
    await world.sweep();
    assert.equal((await world.served(idOf('ANN-77')))?.deleted, true);
    assert.doesNotMatch(await world.everything(), OF_ANN);
  });
});
