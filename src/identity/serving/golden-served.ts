/** Golden records as they are served: made when they are read, from what the reader may see, and kept nowhere. */
import { sha256 } from '../../core/ids.ts';
import { formatInstant, instant, type Instant } from '../../core/instant.ts';
import { isOfGuarantor } from '../../fhir/contact-of.ts';
import { EXTENSIONS, type Extension, type Patient } from '../../fhir/types.ts';
import type { KnownRecord } from '../../store/contract-identity.ts';
import type { Served } from '../../store/contract-resources.ts';
import type { Tx } from '../../store/contract.ts';
import type { ServedPerson } from '../contract-serve.ts';
import { isPair, type Decision } from '../golden/decision.ts';
import type { Member, Origin, Survivorship } from '../golden/member.ts';
import { goldenRecord } from '../golden/record.ts';
import { decisionsOf } from '../placing/decisions-of.ts';
import type { SeenPerson } from './people-seen.ts';

/** `meta.tag`: tells a golden record from a site's. */
export const GOLDEN_TAG = { system: 'urn:slotwire:record', code: 'golden' } as const;

export async function goldenServed(
  tx: Tx,
  people: readonly SeenPerson[],
  survivorship: Survivorship,
): Promise<readonly ServedPerson[]> {
  const records = people.flatMap((person) => person.records);
  const texts = await patientsServed(tx, records.map(({ id }) => id)); // prettier-ignore
  const said = await tx.sight.saidAt(records);
  const log = decisionsOf(await tx.identity.about(records.map(({ id }) => id)));
  return people.map(({ goldenId, records: own }) => {
    const shown = own.flatMap((record) => {
      const served = texts.get(record.id);
      return served === undefined ? [] : [{ served, member: memberOf(record, served, said.get(record.id)) }];
    });
    const members = shown.map(({ member }) => member);
    const { patient, origins } = goldenRecord(goldenId, members, survivorship, log);
    const times = [...shown.map(({ served }) => served.lastUpdated), ...decidedAt(log, members)];
    return rendered(patient, times, origins, members.map(({ id }) => id)); // prettier-ignore
  });
}

/** Of an id that stands for nobody now, and leads to these. */
export async function pointerServed(tx: Tx, pointer: Patient, people: readonly SeenPerson[]): Promise<ServedPerson> {
  const records = people.flatMap((person) => person.records);
  const ids = new Set(records.map(({ id }) => id));
  const log = decisionsOf(await tx.identity.about([...ids])).filter(isPair);
  const decided = log.filter(({ one, other }) => ids.has(one) && ids.has(other)).map(({ at }) => at);
  return rendered(pointer, [...records.map(({ since }) => since), ...decided], [], []);
}

/** Those of them that the scope may see. */
export async function patientsServed(tx: Tx, ids: readonly string[]): Promise<ReadonlyMap<string, Served>> {
  if (ids.length === 0) return new Map();
  const { matches } = await tx.resources.search({
    type: 'Patient',
    criteria: [{ kind: 'token', param: '_id', negate: false, anyOf: ids.map((code) => ({ code })) }],
    includes: [],
    sort: [],
    count: ids.length,
    total: false,
    after: null,
  });
  return new Map(matches.map((served) => [served.id, served]));
}

/** No site says what it has checked. Whose a phone is, is marked where it is written (guarantor-contacts.ts). */
function memberOf(record: KnownRecord, served: Served, saidAt: Instant | undefined): Member {
  const patient = JSON.parse(served.json) as Patient;
  return {
    id: record.id,
    site: record.site,
    since: record.since,
    patient,
    statedAt: saidAt ?? served.lastUpdated,
    inUse: record.survivorId === null && record.removedAt === null && patient.active !== false,
    verified: [],
    withheld: (patient.telecom ?? []).flatMap((one, index) =>
      isOfGuarantor(one) ? [{ element: 'telecom' as const, index, why: 'guarantor' as const }] : [],
    ),
  };
}

/**
 * When what is shown was decided, of decisions that name only these records: one that names a hidden record would tell
 * of it. A site's own word shows in its records, whose versions tell when.
 */
function decidedAt(log: readonly Decision[], members: readonly Member[]): readonly Instant[] {
  const ids = new Set(members.map(({ id }) => id));
  return log
    .filter((one) => one.actor.kind !== 'site' && ids.has(one.one) && (!isPair(one) || ids.has(one.other)))
    .map(({ at }) => at);
}

function rendered(
  { resourceType, id = '', meta, ...rest }: Patient,
  times: readonly Instant[],
  origins: readonly Origin[],
  records: readonly string[],
): ServedPerson {
  const lastUpdated = instant(times.reduce((last, at) => Math.max(last, at), 0));
  const shown = { ...(origins.length === 0 ? {} : { extension: origins.map(originShown) }), ...rest };
  const versionId = sha256(JSON.stringify([id, meta, shown])).slice(0, 16);
  const { security } = meta ?? {};
  const json = JSON.stringify({
    resourceType,
    id,
    meta: {
      versionId,
      lastUpdated: formatInstant(lastUpdated),
      source: 'urn:slotwire:hub',
      ...(security === undefined ? {} : { security }),
      tag: [GOLDEN_TAG],
    },
    ...shown,
  });
  return { id, versionId, lastUpdated, json, records };
}

const ELEMENTS: Readonly<Partial<Record<Origin['attribute'], string>>> = {
  gender: 'Patient.gender',
  birthDate: 'Patient.birthDate',
  deceased: 'Patient.deceased',
};

/** Where a value comes from and why it is shown, beside the record and not in it. */
function originShown({ attribute, index, source, ground, decision }: Origin): Extension {
  return {
    url: EXTENSIONS.origin,
    extension: [
      { url: 'element', valueString: ELEMENTS[attribute] ?? `Patient.${attribute}[${index}]` },
      { url: 'record', valueReference: { reference: `Patient/${source}` } },
      { url: 'ground', valueCode: ground },
      ...(decision === null ? [] : [{ url: 'decision', valueInteger: decision }]),
    ],
  };
}
