import assert from 'node:assert/strict';
import { createHmac } from 'node:crypto';
import { after, describe, test } from 'node:test';
import { systemClock } from '../../src/core/clock.ts';
import { DAY_MS, HOUR_MS, instant, MINUTE_MS, plus } from '../../src/core/instant.ts';
import type { Appointment, Location, Slot } from '../../src/fhir/types.ts';
import { actor, control, rowsOf, textOf } from '../conformance/control.ts';
import { bookedIn, callerOf, freeSlots, patientsOf, siteKeyOf, siteOf } from '../support/caller.ts';
import { INTAKE, MIDTOWN, NORTHSIDE, ORTIZ, RIVERSIDE, WEISS, type Edit } from '../support/config-folder.ts';
import { startHub } from '../support/hub.ts';
import { metricsOf } from '../support/metrics.ts';
import { practiceOf } from '../support/staff.ts';
import { disagreements, unrest } from '../support/truth.ts';
import { eventually, eventuallyNone } from '../support/wait.ts';

const RELOADS = 8;
const SENT_PER_RELOAD = 10;
/** What SIGHUP prints, among the lines of the log. */
const SAID = /^(?:The new configuration was refused[^]*\n|(?:(?:change|start|stop|hub) .*\n)+|nothing changes\n)/m;

const hub = await startHub({ after });
const caller = callerOf(hub);

/** SIGHUP, and what the hub says about it. */
async function reload(): Promise<string> {
  const before = hub.output().length;
  const plans = async (): Promise<number> => {
    const metrics = await metricsOf(hub);
    return metrics('slotwire_plans_total') + metrics('slotwire_plans_refused_total');
  };
  const known = await plans();
  hub.signal('SIGHUP');
  await eventually('the hub has read its files again', async () => (await plans()) > known);
  return eventually('the hub says what it did', () => SAID.exec(hub.output().slice(before))?.[0] ?? null);
}

const midtown = (change: Edit): Promise<void> => hub.config.edit(`sites/${MIDTOWN}.yaml`, change);
const northside = (change: Edit): Promise<void> => hub.config.edit(`sites/${NORTHSIDE}.yaml`, change);
const riverside = (change: Edit): Promise<void> => hub.config.edit(`sites/${RIVERSIDE}.yaml`, change);

async function nameOf(location: string): Promise<string | undefined> {
  const all = await caller.search<Location>('Location?_count=100');
  return all.find((one) => one.name?.startsWith(location) === true)?.name;
}

async function polls(): Promise<number> {
  const calls = (await practiceOf(hub, MIDTOWN).state('calls'))['calls'] as Readonly<Record<string, number>>;
  return calls['GET /api/v1/blocks 200'] ?? 0;
}

describe('a new plan is applied whole or not at all', () => {
  test('a changed interval is in force at once', async () => {
    await midtown((file) => file.setIn(['poll', 'every_s'], 3_600));
    assert.match(await reload(), /change midtown-acuity: .*poll\.every_s 5 -> 3600/);
    await midtown((file) => file.setIn(['poll', 'every_s'], 1));
    assert.match(await reload(), /poll\.every_s 3600 -> 1/);
    const before = await polls();
    await eventually('it is polled again and again', async () => (await polls()) >= before + 6);
  });

  test('and what is sent while plans change is taken, every message of it', { timeout: 240_000 }, async () => {
    const base = instant(Math.ceil((systemClock.now() + DAY_MS) / HOUR_MS) * HOUR_MS);
    const over = new AbortController();
    let [sent, wanted] = [0, 0];
    const traffic = async (): Promise<void> => {
      const [acuity, hl7] = [practiceOf(hub, MIDTOWN), actor(hub.simulator(RIVERSIDE))];
      for (let turn = 0; !over.signal.aborted; turn += 1) {
        await eventually('more is wanted', () => sent < wanted || over.signal.aborted, { every_ms: 2 });
        const start = plus(base, (turn % 96) * 15 * MINUTE_MS);
        await acuity.book({ calendar: ORTIZ, visitType: INTAKE.midtown, start, person: turn % 30 });
        await hl7('book', { practitioner: 'LINDQVIST', start: Number(start), person: 30 + (turn % 30) });
        sent += 2;
      }
    };
    // Webhooks and bookings without a pause: whatever moment a plan changes in, some are on their way.
    const [slot] = await freeSlots(caller, MIDTOWN, 'therapy-50');
    const [patientId = ''] = await patientsOf(caller, MIDTOWN);
    const booked = bookedIn(await caller.settled(await caller.book({ slot: slot!, patientId })));
    const refused = new Set<string>();
    const hammer = async (): Promise<void> => {
      const body = `action=changed&id=${siteKeyOf(booked, MIDTOWN)}`;
      const signature = createHmac('sha256', 'sandbox-midtown-key').update(body).digest('base64');
      const headers = { 'content-type': 'application/x-www-form-urlencoded', 'x-acuity-signature': signature };
      while (!over.signal.aborted) {
        const answer = await fetch(`${hub.origin()}/intake/${MIDTOWN}`, { method: 'POST', headers, body });
        if (answer.status !== 200) refused.add(`webhook: ${answer.status} ${await answer.text()}`);
        const taken = await caller.book({ slot: slot!, patientId });
        if (taken.status !== 409) refused.add(`booking: ${taken.status} ${taken.text}`);
      }
    };
    const running = Promise.all([traffic(), hammer(), hammer()]);
    for (let turn = 0; turn < RELOADS; turn += 1) {
      wanted += SENT_PER_RELOAD;
      await midtown((file) => file.setIn(['poll', 'overlap_s'], 100 + turn));
      await northside((file) => file.setIn(['poll', 'overlap_s'], 100 + turn));
      await riverside((file) => file.setIn(['locations', 'main', 'name'], `Riverside ${turn}`));
      await reload();
      await eventually('there is traffic', () => sent >= wanted);
    }
    over.abort();
    await running;
    assert.deepEqual([...refused], [], 'every webhook and every caller had the answer that there always is');
    await eventuallyNone('everything comes to rest', () => unrest(hub));
    const { webhooks } = await practiceOf(hub, MIDTOWN).state('webhooks');
    const hooks = rowsOf((webhooks as Readonly<Record<string, unknown>>)['sent']);
    assert.deepEqual(
      hooks.filter((one) => one['state'] !== 'delivered'),
      [],
      'every webhook was taken',
    );
    const frames = rowsOf((await control('GET', `${hub.simulator(RIVERSIDE)}/__sim/state?only=sent`))['sent']);
    assert.deepEqual(
      frames.filter((one) => one['state'] !== 'accepted'),
      [],
      'every frame was accepted',
    );
    await eventuallyNone('hub and sites agree', () => disagreements(hub));
    assert.match((await nameOf('Riverside ')) ?? '', /^Riverside (Clinic|Room|7)/);
  });

  test('a broken file is refused in sentences, with everything else that came with it', async () => {
    await northside((file) => file.setIn(['locations', 'clinic', 'name'], 'Northside Renamed'));
    await midtown((file) => {
      file.setIn(['poll', 'evry_s'], 5);
      file.setIn(['timeZone'], 'America/Chicgo');
      file.setIn(['visitTypes', 5512], 'no-such-type');
    });
    const refused = (await metricsOf(hub))('slotwire_plans_refused_total');
    const said = await reload();
    assert.match(said, /refused/);
    for (const field of ['poll.evry_s', 'timeZone', 'visitTypes']) {
      assert.match(said, new RegExp(`midtown-acuity\\.yaml:\\d+ ${field.replace('.', '\\.')}.*: .+; .+`), field);
    }
    assert.equal((await metricsOf(hub))('slotwire_plans_refused_total'), refused + 1);
    assert.equal(await nameOf('Northside'), 'Northside Clinic', 'the sound half of the plan is not in force either');
    const [slot] = await freeSlots(caller, MIDTOWN, 'therapy-50');
    const [patientId = ''] = await patientsOf(caller, MIDTOWN);
    bookedIn(await caller.settled(await caller.book({ slot: slot!, patientId })));

    await midtown((file) => {
      file.deleteIn(['poll', 'evry_s']);
      file.setIn(['timeZone'], 'America/Chicago');
      file.setIn(['visitTypes', 5512], 'therapy-50');
    });
    await reload();
    await eventually('once mended all of it is', async () => (await nameOf('Northside')) === 'Northside Renamed');
  });

  test('what is no YAML at all, and what needs a restart, is refused too', async () => {
    await hub.config.write(`sites/third.yaml`, 'kind: [acuity\n  oh: no');
    assert.match(await reload(), /refused[^]*third\.yaml/);
    await hub.config.remove('sites/third.yaml');
    await hub.config.edit('hub.yaml', (file) => file.setIn(['limits', 'databaseConnections'], 11));
    assert.match(await reload(), /limits\.databaseConnections takes effect only at a restart/);
    await hub.config.edit('hub.yaml', (file) => file.deleteIn(['limits', 'databaseConnections']));
    assert.match(await reload(), /nothing changes/);
  });

  test('a site whose file is gone stops: readable, not offered, back under its ids with its file', async () => {
    const admin = callerOf(hub, 'admin');
    const act = practiceOf(hub, NORTHSIDE);
    const visit = { calendar: WEISS, visitType: INTAKE.northside, person: 26 };
    const base = instant(Math.ceil((systemClock.now() + 2 * DAY_MS) / HOUR_MS) * HOUR_MS);
    const key = await act.book({ ...visit, start: base });
    const identifier = encodeURIComponent(`urn:slotwire:site:${NORTHSIDE}:appointment|${key}`);
    const [known] = await eventually('the visit is in the hub', async () => {
      const found = await admin.search<Appointment>(`Appointment?identifier=${identifier}`);
      return found.length === 1 && found;
    });
    const offered = await freeSlots(caller, NORTHSIDE, 'therapy-50');
    const [patientId = ''] = await patientsOf(caller, NORTHSIDE);
    const text = await hub.config.read(`sites/${NORTHSIDE}.yaml`);
    const seed = { kind: 'acuity', seed: `sandbox/${NORTHSIDE}.yaml` };

    await hub.config.remove(`sites/${NORTHSIDE}.yaml`);
    await hub.config.edit('hub.yaml', (file) => file.deleteIn(['simulators', NORTHSIDE]));
    assert.match(await reload(), /stop +northside-acuity/);
    assert.equal((await admin.read<Appointment>(`Appointment/${known!.id ?? ''}`)).status, 'booked');
    for (const who of [admin, caller]) {
      assert.deepEqual(await freeSlots(who, NORTHSIDE, 'therapy-50'), [], 'nothing is offered');
    }
    assert.notEqual((await admin.read<Slot>(`Slot/${offered[0]!.id ?? ''}`)).status, 'free');
    const tried = await admin.book({ slot: offered[0]!, patientId });
    assert.ok([404, 409, 422].includes(tried.status), tried.text);
    const webhook = await fetch(`${hub.origin()}/intake/${NORTHSIDE}`, { method: 'POST', body: 'action=changed&id=1' });
    assert.ok(webhook.status >= 400 && webhook.status < 500, String(webhook.status));
    const hers = await caller.search<Slot>(`Slot?status=free&_count=500`);
    assert.ok(
      hers.some((slot) => siteOf(slot) === MIDTOWN),
      'the other practice goes on',
    );

    await hub.config.write(`sites/${NORTHSIDE}.yaml`, text);
    await hub.config.edit('hub.yaml', (file) => file.setIn(['simulators', NORTHSIDE], file.createNode(seed)));
    // Simulators are started with the hub only.
    assert.match(await reload(), /simulators\.northside-acuity\.kind takes effect only at a restart/);
    assert.equal((await hub.stop()).code, 0);
    await hub.start();
    await eventually('it is offered again, under the ids that it had', async () => {
      const ids = new Set((await freeSlots(caller, NORTHSIDE, 'therapy-50')).map((slot) => slot.id));
      return offered.filter((slot) => ids.has(slot.id)).length >= offered.length - 2;
    });
    assert.equal(textOf((await caller.read<Appointment>(`Appointment/${known!.id ?? ''}`)).status), 'booked');
    await eventuallyNone('hub and sites agree', () => disagreements(hub));
  });
});
