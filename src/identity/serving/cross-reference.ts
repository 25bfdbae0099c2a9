/** Which other identifiers a person has (IHE PIXm ITI-83), of the records in use that the reader may see. */
import type { Identifier, Patient } from '../../fhir/types.ts';
import type { Tx } from '../../store/contract.ts';
import type { CrossReferenceAsked, CrossReferenced } from '../contract-serve.ts';
import { patientsServed } from './golden-served.ts';
import { peopleSeen } from './people-seen.ts';

/** More records than carry one identifier where it is one person's. */
const CARRYING_MAX = 50;

export async function crossReferenced(tx: Tx, asked: CrossReferenceAsked): Promise<CrossReferenced> {
  const { system, value, targets } = asked;
  const { matches } = await tx.resources.search({
    type: 'Patient',
    criteria: [
      { kind: 'token', param: 'identifier', negate: false, anyOf: [{ system, code: value }] },
      { kind: 'token', param: 'active', negate: false, anyOf: [{ code: 'true' }] },
    ],
    includes: [],
    sort: [],
    count: CARRYING_MAX,
    total: false,
    after: null,
  });
  const sources = matches.map(({ id }) => id);
  const people = await peopleSeen(tx, sources);
  const [person, ...more] = people;
  if (person === undefined) return { kind: 'unknown' };
  if (more.length > 0) return { kind: 'several' };
  const records = person.records.map(({ id }) => id);
  const texts = await patientsServed(tx, records);
  const inUse = records.flatMap((id) => {
    const served = texts.get(id);
    const patient = served === undefined ? null : (JSON.parse(served.json) as Patient);
    return patient === null || patient.active === false ? [] : [{ id, patient }];
  });
  const isTarget = (one: Identifier): boolean =>
    one.system !== undefined &&
    one.value !== undefined &&
    !(one.system === system && one.value === value) &&
    (targets.length === 0 || targets.includes(one.system));
  const told = inUse.map(({ id, patient }) => ({ id, identifiers: (patient.identifier ?? []).filter(isTarget) }));
  const identifiers = new Map(
    told.flatMap(({ identifiers: own }) => own.map((one) => [`${one.system ?? ''}|${one.value ?? ''}`, one])),
  );
  const others = told.filter(({ id, identifiers: own }) =>
    targets.length === 0 ? !sources.includes(id) : own.length > 0,
  );
  return {
    kind: 'known',
    identifiers: [...identifiers.values()],
    patients: [...others.map(({ id }) => id), ...(targets.length === 0 ? [person.goldenId] : [])],
    records,
  };
}
