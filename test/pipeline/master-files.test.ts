/** MFN M02 and M05: people and places of a site, through mapping and apply on a real database. */
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { canonicalId } from '../../src/fhir/canonical-ids.ts';
import type { Location, Practitioner, PractitionerRole } from '../../src/fhir/types.ts';
import { openSiu, SITE, siu, type SiuWorld } from './siu.ts';

const at = (minute: number): string => `2026112212${String(minute).padStart(2, '0')}`;

function mfn(event: 'M02' | 'M05', minute: number, ...segments: readonly string[]): string {
  const msh = `MSH|^~\\&|SCHED|HOSP|HUB|HUB|${at(minute)}||MFN^${event}|1|P|2.5.1`;
  return [msh, `MFI|${event === 'M02' ? 'PRA' : 'LOC'}||UPD|||AL`, ...segments, ''].join('\r');
}

async function read<T>(
  world: SiuWorld,
  type: 'Practitioner' | 'PractitionerRole' | 'Location',
  id: string,
): Promise<T> {
  const served = await world.read((tx) => tx.resources.read(type, id));
  assert.notEqual(served, null, `no ${type}`);
  return JSON.parse(served?.json ?? '') as T;
}
const byCode = (code: string): string => canonicalId.practitionerAtSite(SITE, code);
const roleOf = (practitioner: string): string => canonicalId.practitionerRole(SITE, practitioner);

describe('a master file of staff', () => {
  it('names who works here, and one with an NPI is the person that other sites know', async (t) => {
    const world = await openSiu(t);
    const kim = ['MFE|MAD|1||D7^Kim|CE', 'STF|D7|D7^^^HOSP^EI|KIM^MIN||||A'];
    const lee = ['MFE|MAD|2||D8|CE', 'STF|D8||LEE^ANN||||A', 'PRA|D8|||||1234567893^NPI'];
    await world.send(mfn('M02', 0, ...kim, ...lee));
    const person = await read<Practitioner>(world, 'Practitioner', byCode('D7'));
    assert.deepEqual(person.name, [{ text: 'MIN KIM', family: 'KIM', given: ['MIN'] }]);
    const npi = canonicalId.practitionerByNpi('1234567893');
    assert.equal((await read<PractitionerRole>(world, 'PractitionerRole', roleOf(npi))).active, true);
  });

  it('takes someone out of use, whom an old message does not bring back and a new entry does', async (t) => {
    const world = await openSiu(t);
    const entry = (action: string, flag = ''): readonly string[] => [
      `MFE|${action}|1||D7|CE`,
      `STF|D7||KIM^MIN||||${flag}`,
    ];
    const active = async (): Promise<boolean | undefined> =>
      (await read<PractitionerRole>(world, 'PractitionerRole', roleOf(byCode('D7')))).active;
    await world.send(siu('S12', { resources: ['RGS|1', 'AIP|1||D7^KIM^MIN'] }));
    assert.equal(await active(), true);
    await world.send(mfn('M02', 1, ...entry('MDC', 'A')));
    assert.equal(await active(), false, 'the action goes before a flag that was copied along');
    assert.equal((await world.visit()).resource.status, 'booked', 'nothing else is taken away');
    await world.send(siu('S12', { filler: 'F-9^HOSP', resources: ['RGS|1', 'AIL|1||HALL', 'AIP|1||D7^KIM^MIN'] }));
    assert.equal(await active(), false);
    const old = await world.send(mfn('M02', 0, ...entry('MAD', 'A')));
    assert.deepEqual([await world.ended(old), await active()], ['superseded', false]);
    await world.send(mfn('M02', 2, ...entry('MUP', 'A')));
    assert.equal(await active(), true);
    await world.send(mfn('M02', 3, ...entry('MUP', 'I')));
    assert.equal(await active(), false);
  });

  it('renames whom this site alone knows; the site file and other sites keep their names', async (t) => {
    const practitioners = { D9: { practitioner: 'local:nine', name: 'As the file says' } };
    const world = await openSiu(t, { resources: { calendars: {}, practitioners, devices: {} } });
    const entry = (code: string, name: string): readonly string[] => [`MFE|MUP|1||${code}`, `STF|${code}||${name}`];
    await world.send(siu('S12', { resources: ['RGS|1', 'AIP|1||D7^KIM^MIN'] }));
    await world.send(mfn('M02', 1, ...entry('D7', 'PARK^MIN'), ...entry('D9', 'OTHER^NAME')));
    assert.equal((await read<Practitioner>(world, 'Practitioner', byCode('D7'))).name?.[0]?.family, 'PARK');
    assert.equal((await read<Practitioner>(world, 'Practitioner', byCode('nine'))).name?.[0]?.text, 'As the file says');
  });

  it('without an entry, or with an entry that names nobody, is parked', async (t) => {
    const world = await openSiu(t);
    for (const message of [mfn('M02', 0), mfn('M02', 1, 'MFE|MAD|1', 'STF||'), mfn('M05', 2, 'MFE|MAD|1', 'LOC|')])
      assert.equal(await world.ended(await world.send(message)), 'parked MESSAGE_INCOMPLETE');
  });
});

describe('a master file of places', () => {
  it('names a place that the site file does not list, and closes it until it is open again', async (t) => {
    const world = await openSiu(t);
    const place = (): Promise<Location> => read<Location>(world, 'Location', canonicalId.location(SITE, 'ICU^01'));
    const entry = (action: string): readonly string[] => [`MFE|${action}|1||ICU`, 'LOC|ICU^01^101|Intensive care 1|N'];
    await world.send(mfn('M05', 0, ...entry('MAD')));
    assert.deepEqual([(await place()).name, (await place()).status], ['Intensive care 1', 'active']);
    await world.send(mfn('M05', 1, ...entry('MDL')));
    await world.send(siu('S12', { resources: ['RGS|1', 'AIL|1||ICU^01'] }));
    assert.deepEqual([(await place()).name, (await place()).status], ['Intensive care 1', 'inactive']);
    await world.send(mfn('M05', 2, ...entry('MAC')));
    assert.equal((await place()).status, 'active');
  });

  it('closes exactly the place that it names: a room, and not the clinic that it lies in', async (t) => {
    const world = await openSiu(t);
    await world.send(mfn('M05', 0, 'MFE|MDC|1||HALL', 'LOC|HALL^R9|A room'));
    const hall = await read<Location>(world, 'Location', canonicalId.location(SITE, 'hall'));
    assert.deepEqual([hall.name, hall.status], ['A place', 'active']);
    await world.send(mfn('M05', 1, 'MFE|MUP|1||HALL', 'LOC|HALL|Renamed there', 'LDP|HALL|1||||I', 'LDP|HALL|2||||I'));
    const closed = await read<Location>(world, 'Location', canonicalId.location(SITE, 'hall'));
    assert.deepEqual([closed.name, closed.status], ['A place', 'inactive'], "the site file's name stands");
    await world.syncDirectory();
    assert.equal((await read<Location>(world, 'Location', canonicalId.location(SITE, 'hall'))).status, 'inactive');
  });
});
