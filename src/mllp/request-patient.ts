/** Whom a request (SRM) is for: exactly one person, by identifiers of authorities that are known for the client. */
import type { PatientIdentifier, RequestPatient, SchedulingRequest } from '../hl7v2/request-facts.ts';
import type { Patient } from '../fhir/types.ts';
import type { ClientHl7 } from '../settings/client-hl7-shape.ts';
import type { SiteSettings } from '../settings/shape.ts';
import type { Tx } from '../store/contract.ts';
import { denial, type Denial } from './request-denial.ts';

export interface FoundPatient {
  readonly kind: 'found';
  readonly id: string;
}

/** `site`: of several records of the person the one that this site keeps is taken. */
export async function patientOf(
  tx: Tx,
  hl7: ClientHl7,
  request: SchedulingRequest,
  site: Pick<SiteSettings, 'id' | 'identity'>,
): Promise<FoundPatient | Denial> {
  const [patient, ...others] = request.patients;
  if (patient === undefined) return denial('101', 'The request names no patient (PID).', 'PID');
  if (others.length > 0) return denial('100', 'A request is for one patient; this one has several PID.', 'PID');
  const anyOf = patient.identifiers.flatMap((one) => codeOf(hl7, one));
  if (anyOf.length === 0) {
    const text =
      'No identifier of PID-3 is of an authority that the hub knows of this sender. Set hl7.identifiers of the client.';
    return denial('204', text, 'PID-3');
  }
  const { matches } = await tx.resources.search({
    type: 'Patient',
    criteria: [{ kind: 'token', param: 'identifier', negate: false, anyOf }],
    includes: [],
    sort: [],
    count: MOST,
    total: false,
    after: null,
  });
  const records = await standing(
    tx,
    matches.map(({ json }) => JSON.parse(json) as Patient),
  );
  const [first] = records;
  if (first?.id === undefined) {
    return denial('204', 'No patient record that this sender may see carries an identifier of PID-3.', 'PID-3');
  }
  const linked = new Set([first.id, ...(await tx.resources.linkedPatients(first.id))]);
  if (records.some(({ id }) => id === undefined || !linked.has(id))) {
    return denial('204', 'The identifiers of PID-3 name more than one person.', 'PID-3', 'patient-ambiguous');
  }
  const chosen = records.find((one) => isOf(one, site)) ?? first;
  if (!isBornThen(records, patient)) {
    const text = 'The date of birth (PID-7) is not that of the patient whom PID-3 names.';
    return denial('204', text, 'PID-7', 'patient-mismatch');
  }
  return { kind: 'found', id: chosen.id ?? first.id };
}

/** More records than one person has. */
const MOST = 50;

/** The system and value of an identifier; of an authority that is not known nothing. */
function codeOf(hl7: ClientHl7, identifier: PatientIdentifier): readonly { system: string; code: string }[] {
  const { id, namespace = '', universalId, type = '' } = identifier;
  if (id === '') return [];
  const names = [`${namespace}^${type}`, namespace];
  const known = names.find((name) => name !== '' && Object.hasOwn(hl7.identifiers, name));
  const system = known === undefined ? undefined : hl7.identifiers[known];
  if (system !== undefined) return [{ system, code: id }];
  return universalId !== undefined && /^[0-2](\.\d+)+$/.test(universalId)
    ? [{ system: `urn:oid:${universalId}`, code: id }]
    : [];
}

/** Records that were merged away stand for those that replaced them; each once. */
async function standing(tx: Tx, found: readonly Patient[]): Promise<readonly Patient[]> {
  const records = new Map<string, Patient>();
  for (const one of found) {
    const by = one.link?.find(({ type }) => type === 'replaced-by')?.other.reference?.replace('Patient/', '');
    const served = by === undefined ? null : await tx.resources.read('Patient', by);
    const record = served === null || served.deleted ? one : (JSON.parse(served.json) as Patient);
    if (record.id !== undefined && (record.active !== false || by === undefined)) records.set(record.id, record);
  }
  return [...records.values()];
}

function isOf(patient: Patient, { id, identity }: Pick<SiteSettings, 'id' | 'identity'>): boolean {
  const source = patient.meta?.source?.split('#')[0];
  return [id, identity].some((name) => source === `urn:slotwire:site:${name}`);
}

/** A number typed wrong names somebody else: what both sides know of the birth must agree. */
function isBornThen(records: readonly Patient[], { birthDate }: RequestPatient): boolean {
  const known = records.flatMap((one) => (one.birthDate === undefined ? [] : [one.birthDate]));
  if (birthDate === undefined || known.length === 0) return true;
  const agrees = (one: string): boolean => one.startsWith(birthDate) || birthDate.startsWith(one);
  return known.some(agrees);
}
