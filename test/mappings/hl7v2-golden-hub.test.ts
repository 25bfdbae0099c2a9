/**
 * Every sample through a whole hub: framed, stored, mapped, applied and served. Each file is sent by a site of its own
 * (MSH-3 is rewritten for that), so that nothing of one message covers what another one said.
 */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { connect } from 'node:net';
import { after, test } from 'node:test';
import type { Appointment, Patient } from '../../src/fhir/types.ts';
import { splitMessages } from '../../src/hl7v2/batch.ts';
import { encodeFrame, FrameDecoder } from '../../src/hl7v2/frame.ts';
import { callerOf, siteOf } from '../support/caller.ts';
import { RIVERSIDE } from '../support/config-folder.ts';
import { NO_SAMPLES, readGoldens, readSample, sampleNames, type Fact, type Golden } from '../support/golden.ts';
import { startHub, type TestHub } from '../support/hub.ts';
import { eventually } from '../support/wait.ts';

const samples = new Set(sampleNames());
const goldens = readGoldens().filter(({ sample }) => samples.has(sample));
const siteIds = new Map(goldens.map(({ sample }, index) => [sample, `golden-${index}`]));
const siteId = ({ sample }: Golden): string => siteIds.get(sample) ?? '';

const SETTINGS: Readonly<Record<Golden['site'], { readonly zone: string; readonly settings: string }>> = {
  plain: { zone: 'America/Chicago', settings: '' },
  'shifted-resources': {
    zone: 'America/Chicago',
    settings: '  fields: { practitioner: [AIP-2], location: [AIL-2] }\n',
  },
  'short-sch': { zone: 'America/Chicago', settings: '  presets: [short-sch]\n' },
  'adt-appointments': { zone: 'Europe/London', settings: '  presets: [adt-appointments]\n' },
};

function siteFile(golden: Golden): string {
  const { zone, settings } = SETTINGS[golden.site];
  return [
    'kind: hl7v2',
    'environment: sandbox',
    'stage: live',
    `timeZone: ${zone}`,
    'unknownIdentifiers: local-only',
    'write: read-only',
    `settings:\n  sendingApplication: ${siteId(golden)}\n${settings}`,
  ].join('\n');
}

/** The messages of a file as its site sends them. */
function messagesOf(golden: Golden): readonly Buffer[] {
  return splitMessages(readSample(golden.sample)).messages.map(({ bytes }) => {
    const text = Buffer.from(bytes).toString('latin1');
    return Buffer.from(text.replace(/^(MSH\|[^|]*\|)[^|]*/, `$1${siteId(golden)}`), 'latin1');
  });
}

/** Nobody answers an answer. */
const ANSWERS = /^[^\r\n]*\|(?:ACK|SRR)[|^]/;

/** All in one connection, one after the other; MSA-1 of each. */
async function send(hub: TestHub, messages: readonly Buffer[]): Promise<readonly string[]> {
  const socket = connect(hub.sandbox().mllp);
  await once(socket, 'connect');
  const decoder = new FrameDecoder({ maxFrame_bytes: 100_000 });
  const answers: string[] = [];
  socket.on('data', (chunk: Buffer) => {
    for (const item of decoder.push(chunk)) {
      if (item.kind === 'frame') answers.push(/MSA\|(..)/.exec(Buffer.from(item.bytes).toString('latin1'))?.[1] ?? '');
    }
  });
  for (const message of messages) socket.write(encodeFrame(message));
  const asked = messages.filter((message) => !ANSWERS.test(message.toString('latin1')));
  await eventually('every message is answered', () => answers.length === asked.length);
  socket.destroy();
  return answers;
}

type Facts = Readonly<Record<string, Fact>>;

const textOf = (fact: Fact | undefined): string => (typeof fact === 'string' ? fact : '');

function changesOf({ expected }: Golden): readonly Facts[] {
  return expected.outcome === 'applied' ? (expected.changes as readonly Facts[]) : [];
}

/** What a golden file says of people who are known afterwards. */
/** Whoever else is told of with a patient states nothing of the patient but who that is. */
function peopleOf(golden: Golden): readonly Facts[] {
  return changesOf(golden).flatMap((change) =>
    change['kind'] === 'related-people'
      ? []
      : [change['patient'], change['into'], ...((change['patients'] ?? []) as readonly Fact[])].flatMap((one) =>
          one === undefined ? [] : [one as Facts],
        ),
  );
}

/** `VN 5001 (local:AccMgr)`: 5001. */
function valuesOf(facts: Facts): readonly string[] {
  const written = (facts['identifiers'] ?? []) as readonly string[];
  return written.map((text) => text.replace(/ \([^ ]*\)$/, '').replace(/^(ID 1|\S+) /, '')).sort();
}

function identifiersOf(resource: Pick<Appointment | Patient, 'identifier'>): readonly string[] {
  return (resource.identifier ?? []).flatMap(({ value }) => value ?? []);
}

/** Whether a request is answered at the door instead of being stored. */
const isRequest = ({ sample }: Golden): boolean => sample.includes('SRM_');

if (goldens.length === 0) test('every sample through a hub', { skip: NO_SAMPLES }, () => undefined);
else {
  const hub = await startHub(
    { after },
    {
      // Its simulator is what makes the hub write down where its ports are.
      sites: [RIVERSIDE],
      configure: async (config) => {
        for (const golden of goldens) await config.write(`sites/${siteId(golden)}.yaml`, siteFile(golden));
      },
    },
  );
  const caller = callerOf(hub);
  const answers = await send(hub, goldens.flatMap(messagesOf));
  await eventually('no message waits', async () => {
    const { rows } = await hub.query(`SELECT 1 FROM inbox WHERE status = 'received' AND site LIKE 'golden-%' LIMIT 1`);
    return rows.length === 0;
  });
  const appointments = await caller.search<Appointment>('Appointment?_count=500');
  const patients = await caller.search<Patient>('Patient?_count=500');
  const byHand = goldens.filter(({ checkedByHand }) => checkedByHand === true);

  test('every message is taken save requests, and ends as its golden file says', async (context) => {
    const refused = answers.filter((answer) => answer !== 'AA' && answer !== 'CA');
    assert.deepEqual(refused, ['AE', 'CE'], 'the two SRM: no client is bound to their senders');
    const { rows } = await hub.query(`SELECT site, status, code FROM inbox WHERE site LIKE 'golden-%' ORDER BY id`);
    const counts = new Map<string, number>();
    for (const golden of goldens) {
      const ended = rows.filter(({ site }) => site === siteId(golden)).map(({ status, code }) => [status, code]);
      const { expected } = golden;
      const code = expected.outcome === 'parked' ? (expected.issues[0]?.split(' ')[1] ?? '') : null;
      const want = isRequest(golden) ? [] : messagesOf(golden).map(() => [expected.outcome, code]);
      assert.deepEqual(ended, want, golden.sample);
      const outcome = isRequest(golden) ? 'refused at the door' : expected.outcome;
      counts.set(outcome, (counts.get(outcome) ?? 0) + messagesOf(golden).length);
    }
    context.diagnostic([...counts].map(([outcome, count]) => `${count} ${outcome}`).join(', '));
  });

  test('the Appointment that is served holds the status, the time, the identifiers and the people of the golden file', async () => {
    let compared = 0;
    for (const golden of byHand) {
      const visit = changesOf(golden).findLast(({ kind }) => kind === 'appointment');
      if (visit === undefined) continue;
      const served = appointments.filter((one) => siteOf(one) === siteId(golden));
      assert.equal(served.length, 1, golden.sample);
      const one = served[0]!;
      const [start, end] = textOf(visit['during']).split('/');
      assert.equal(one.status, visit['status'], golden.sample);
      assert.equal(Date.parse(one.start ?? ''), Date.parse(start ?? ''), golden.sample);
      assert.equal(Date.parse(one.end ?? ''), Date.parse(end ?? ''), golden.sample);
      assert.equal(one.comment, visit['comment'], golden.sample);
      for (const value of valuesOf(visit)) assert.ok(identifiersOf(one).includes(value), `${golden.sample}: ${value}`);
      await compareParticipants(golden, visit, one);
      compared += 1;
    }
    assert.ok(compared >= 20);
  });

  async function compareParticipants(golden: Golden, visit: Facts, one: Appointment): Promise<void> {
    const actors = await Promise.all(
      one.participant.flatMap(({ actor }) => (actor?.reference === undefined ? [] : caller.read(actor.reference))),
    );
    // A device is told in place: the hub serves no resource of it.
    const inPlace = one.participant.filter(({ actor }) => actor?.reference === undefined);
    const told = (type: string): readonly string[] =>
      (type === 'Device' ? inPlace : actors.filter(({ resourceType }) => resourceType === type)).map((actor) =>
        JSON.stringify(actor),
      );
    const stated = visit['participants'] as readonly string[];
    assert.equal(told('Patient').length, (visit['patients'] as readonly Fact[]).length, golden.sample);
    for (const text of stated) {
      const [, kind = '', code = '', name] = /^(\w+) (.*?)(?: \(([^)]*)\))? (?:accepted|declined)/.exec(text) ?? [];
      const type = kind.charAt(0).toUpperCase() + kind.slice(1);
      // A practitioner has the name that the message gives, a place or a device that or its code.
      const words = kind === 'practitioner' ? (name ?? code).split(', ') : [name ?? code];
      assert.ok(
        told(type).some((resource) => words.every((word) => resource.includes(word))),
        `${golden.sample}: ${text} in ${told(type).join()}`,
      );
    }
  }

  test('the Patient that is served holds the identifiers and the person of the golden file', () => {
    let compared = 0;
    for (const golden of byHand) {
      for (const facts of peopleOf(golden)) {
        const key = textOf(facts['key']).split('^', 1)[0] ?? '';
        const served = patients.filter((one) => siteOf(one) === siteId(golden) && identifiersOf(one).includes(key));
        assert.equal(served.length, 1, golden.sample);
        const one = served[0]!;
        for (const value of valuesOf(facts))
          assert.ok(identifiersOf(one).includes(value), `${golden.sample}: ${value}`);
        const [name] = one.name ?? [];
        const telecom = (system: string): string | undefined =>
          one.telecom?.find((contact) => contact.system === system)?.value;
        const given = [facts['given'], facts['middle']].filter((text) => text !== undefined);
        assert.equal(name?.family, facts['family'], golden.sample);
        assert.deepEqual(name?.given ?? [], given, golden.sample);
        assert.equal(one.birthDate, facts['birthDate'], golden.sample);
        assert.equal(one.gender, facts['gender'], golden.sample);
        assert.equal(telecom('phone'), facts['phone'], golden.sample);
        assert.equal(telecom('email'), facts['email'], golden.sample);
        assert.equal(one.address?.[0]?.city, (facts['address'] as Facts | undefined)?.['city'], golden.sample);
        compared += 1;
      }
    }
    assert.ok(compared >= 40);
  });
}
