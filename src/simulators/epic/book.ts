/** `Appointment/$book`: consumes a proposal (sheet 3.5). */
import type { Answer, Call } from '../kit/route.ts';
import type { Caller } from './access.ts';
import { fhir, outcome, refusal, type Issue } from './answers.ts';
import { shownId, settingsOf, type Hospital } from './hospital.ts';
import { PATIENTS, QUESTIONS, type Patient, type Visit } from './model.ts';
import { fieldsOf, parameter, parametersOf, textOf } from './parameters.ts';
import type { Proposals } from './proposals.ts';
import { showOffer, showVisit } from './render.ts';
import { isFree, type Offer } from './templates.ts';
import { openVisit } from './visits.ts';

export function book(hospital: Hospital, proposals: Proposals, call: Call, caller: Caller): Answer {
  const asked = parametersOf(hospital, call);
  const named = (name: string): string => {
    const id = textOf(fieldsOf(parameter(asked, name)?.['valueIdentifier'])['value']);
    if (id === '') throw refusal(hospital, 400, { code: '59108', location: `/f:${name}` });
    return id;
  };
  const [patientId, proposalId] = [named('patient'), named('appointment')];
  const note = parameter(asked, 'appointmentNote');
  const settings = settingsOf(hospital);
  const patient = patientOf(hospital, patientId);
  const proposal = proposals.take(proposalId);
  if (proposal === undefined || proposal.channel !== caller.channel) {
    throw refusal(hospital, settings.unknownProposalStatus, UNKNOWN_PROPOSAL);
  }
  const { offer } = proposal;
  const isAsked = hospital.store.all(QUESTIONS).some((one) => one.visitType === offer.visitType);
  if (isAsked) throw refusal(hospital, 400, { code: '59159', diagnostics: 'decision tree: answers are needed' });
  const taken = call.write((tx): Answer | Visit => {
    if (!isFree(hospital.seed, tx, proposal.channel, offer)) return takenAnswer(hospital, proposalId, offer);
    return openVisit(hospital, tx, {
      ...offer,
      practitioners: [offer.practitioner],
      patient: patient.id,
      // Sent as an identifier by a client that works (sheet 3.5); the documented form is a string.
      note: textOf(note?.['valueString']) || textOf(fieldsOf(note?.['valueIdentifier'])['value']),
    });
  });
  if (!('csn' in taken)) return taken;
  const resource = showVisit(hospital, hospital.store, 'STU3', taken);
  return fhir(settings.bookResponse === 'bundle' ? bundle([resource]) : resource, settings.bookStatus);
}

const UNKNOWN_PROPOSAL: Issue = {
  code: '59144',
  diagnostics: 'invalid appointment ID',
  location: '/f:appointment',
};

/** @throws Refusal when the patient is not known, merged or restricted */
function patientOf(hospital: Hospital, id: string): Patient {
  const patient = hospital.store.all(PATIENTS).find((one) => one.id === id || shownId(hospital, 'STU3', one.id) === id);
  if (patient === undefined) {
    throw refusal(hospital, 400, { code: '59144', diagnostics: 'invalid patient ID', location: '/f:patient' });
  }
  if (patient.mergedInto !== null) throw refusal(hospital, 400, { code: '4107', location: '/f:patient' });
  if (patient.isRestricted) throw refusal(hospital, 403, { code: '4130', location: '/f:patient' });
  return patient;
}

/** Nobody documents how a lost race is answered: four ways that have been reported or follow from tables. */
function takenAnswer(hospital: Hospital, proposalId: string, offer: Offer): Answer {
  const rule: Issue = { code: '59159', diagnostics: 'slot no longer available' };
  const { takenStyle, unknownProposalStatus } = settingsOf(hospital);
  switch (takenStyle) {
    case '59159':
      return fhir(outcome(hospital, [rule]), 400);
    case '59144':
      return fhir(outcome(hospital, [UNKNOWN_PROPOSAL]), unknownProposalStatus);
    case 'argoCancelled': {
      const resource = { ...showOffer(hospital, proposalId, offer), status: 'cancelled' };
      return fhir(bundle([resource], outcome(hospital, [rule])));
    }
    case 'http409':
      return fhir(outcome(hospital, [{ ...rule, type: 'conflict' }]), 409);
  }
}

function bundle(resources: readonly object[], said?: object): object {
  const entry = [
    ...resources.map((resource) => ({ resource, search: { mode: 'match' } })),
    ...(said === undefined ? [] : [{ resource: said, search: { mode: 'outcome' } }]),
  ];
  return { resourceType: 'Bundle', type: 'searchset', total: resources.length, entry };
}
