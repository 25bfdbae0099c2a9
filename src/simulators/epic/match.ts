/**
 * `Patient/$match`. How Epic scores is not public (sheet 3.1): this is an invented score that behaves as the standard
 * says, with grades by threshold.
 */
import type { Answer, Call } from '../kit/route.ts';
import { fhir, refusal, searchset, type Found } from './answers.ts';
import type { Hospital } from './hospital.ts';
import { PATIENTS, type Patient } from './model.ts';
import { fieldsOf, listOf, parameter, parametersOf, textOf } from './parameters.ts';
import { hasIdentifier, isTelecom, soundsLike } from './people.ts';
import { genderOf, showPatient } from './render.ts';

const GRADE = 'http://hl7.org/fhir/StructureDefinition/match-grade';
const [CERTAIN, PROBABLE, POSSIBLE] = [0.95, 0.8, 0.5];

export function match(hospital: Hospital, call: Call): Answer {
  const asked = parametersOf(hospital, call);
  const wanted = fieldsOf(parameter(asked, 'resource')?.['resource']);
  if (wanted['resourceType'] !== 'Patient') throw refusal(hospital, 400, { code: '59108', location: '/f:resource' });
  const onlyCertain = parameter(asked, 'onlyCertainMatches')?.['valueBoolean'] === true;
  const count = Number(parameter(asked, 'count')?.['valueInteger'] ?? 100);
  const found = call.view
    .all(PATIENTS)
    .filter((one) => one.mergedInto === null && !one.isRestricted)
    .map((patient) => ({ patient, score: scoreOf(hospital, call, patient, wanted) }))
    .filter(({ score }) => score >= (onlyCertain ? CERTAIN : POSSIBLE))
    .sort((one, other) => other.score - one.score)
    .slice(0, count)
    .map(({ patient, score }): Found => {
      const grade = score >= CERTAIN ? 'certain' : score >= PROBABLE ? 'probable' : 'possible';
      return {
        resource: showPatient(hospital, call.view, patient),
        score,
        extension: [{ url: GRADE, valueCode: grade }],
      };
    });
  return fhir(searchset(hospital, 'R4', `${hospital.base()}/api/FHIR/R4/Patient/$match`, found));
}

/** 0 to 1. A record number alone is not certain: it may have been typed wrong, so a name or birth date must agree. */
function scoreOf(hospital: Hospital, call: Call, patient: Patient, wanted: Readonly<Record<string, unknown>>): number {
  const names = listOf(wanted['name']).map(fieldsOf);
  const family = names.some((one) => soundsLike(patient.family, textOf(one['family'])));
  const exact = names.some((one) => textOf(one['family']).toLowerCase() === patient.family.toLowerCase());
  const given = names.some((one) => listOf(one['given']).some((name) => soundsLike(patient.given, textOf(name))));
  const born = wanted['birthDate'] === patient.birthDate;
  const telecom = listOf(wanted['telecom']).some((one) => isTelecom(patient, textOf(fieldsOf(one)['value'])));
  const numbered = listOf(wanted['identifier']).some((one) => {
    const { system, value } = fieldsOf(one);
    const token = textOf(system) === '' ? textOf(value) : `${textOf(system)}|${textOf(value)}`;
    return hasIdentifier(hospital, call.view, patient, token);
  });
  const points: readonly (readonly [boolean, number])[] = [
    [family, exact ? 0.25 : 0.15],
    [given, 0.2],
    [born, 0.3],
    [wanted['gender'] === genderOf(patient), 0.05],
    [telecom, 0.2],
    [numbered, 0.5],
  ];
  const sum = points.reduce((total, [isSo, worth]) => total + (isSo ? worth : 0), 0);
  return Math.min(1, Math.round(sum * 100) / 100);
}
