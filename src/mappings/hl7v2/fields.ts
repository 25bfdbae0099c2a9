/**
 * Every field that the mapping reads, with what it becomes, and every field of the guide's maps (HL7 V2-to-FHIR: SCH,
 * TQ1, RGS, AIS, AIG, AIL, AIP, PID, PD1, NK1, PV1, PV2, NTE, DG1) and of master files that it deliberately does not
 * keep, with the reason. What is not kept stays in the stored message. A site file may name other fields (`fields`,
 * `adtFields`, `visitKey`, `orderingTime`); those are read instead of the ones here.
 */
export type MappedField = {
  /** `SCH-11`: whole fields; which components hold what is said in the text. */
  readonly path: string;
} & ({ readonly becomes: string } | { readonly notKept: string });

type Rows = readonly (readonly [numbers: string, text: string])[];

const becomes = (segment: string, rows: Rows): readonly MappedField[] =>
  rows.flatMap(([numbers, text]) => each(segment, numbers).map((path) => ({ path, becomes: text })));
const notKept = (segment: string, rows: Rows): readonly MappedField[] =>
  rows.flatMap(([numbers, text]) => each(segment, numbers).map((path) => ({ path, notKept: text })));

/** `3 5-7`: 3, 5, 6 and 7. */
function each(segment: string, numbers: string): readonly string[] {
  return numbers.split(' ').flatMap((text) => {
    const [from = 0, to = from] = text.split('-').map(Number);
    return Array.from({ length: to - from + 1 }, (_, index) => `${segment}-${from + index}`);
  });
}

const OWN_TIME = 'when and how long the resource itself is taken: participant.period and its busy row';
const START_TOO = `${OWN_TIME}; the visit's own time where SCH and TQ1 give none`;
const CONTACT = 'a contact, who takes no part in the visit: as a participant it would block their calendar';
const PERSON = 'what someone is, not who: nothing that a schedule needs';

export const MAPPED_FIELDS: readonly MappedField[] = [
  ...becomes('MSH', [
    ['7', 'ordering time (settings.orderingTime), and Appointment.created of an S12'],
    ['9', 'which rule applies; the trigger decides status and action where nothing else does'],
  ]),
  ...notKept('MSH', [
    ['3-6', 'decide which site the message is of, before it is mapped; the site is meta.source'],
    ['10', 'kept with the stored message, for duplicates and answers; no fact of a visit'],
    ['11', 'compared with the environment of the site by the listener'],
    ['12', 'fields are read by what is filled, since senders mix versions'],
    ['18', 'the character set in which the bytes were read'],
  ]),
  ...becomes('EVN', [
    ['2 6', 'ordering time (settings.orderingTime)'],
    ['4', 'cancelationReason of a planned visit that is undone (A38)'],
  ]),
  ...becomes('SCH', [
    ['1', 'identifier PLAC; names the visit where SCH-2 is empty or appointmentKey says so'],
    ['2', 'identifier FILL; names the visit'],
    ['3', 'the occurrence in the name of the visit (F-1#2)'],
    ['4', 'extension urn:slotwire:group'],
    ['5', 'the calendar, where the site file lists it and no person or place is named'],
    ['6', 'cancelationReason of a cancel'],
    ['7', 'reasonCode, with SNOMED CT for table 0276; the visit type where nothing else says it'],
    ['8', 'appointmentType; pending where it says Tentative; the visit type where AIS-3 does not say it'],
    ['9 10', 'length of the visit where its end is not told'],
    ['11', 'start (4), end (5), length (3); repeated: one appointment for each time; a pattern (2, 12) alone: parked'],
    ['23 24', 'extension urn:slotwire:parent; a moved visit is looked for by it'],
    ['25', 'status'],
    ['26 27', 'basedOn: the number of the order'],
  ]),
  ...notKept('SCH', [
    ['12-19', CONTACT],
    ['20-22', 'who typed it in: the audit of the site, not of the visit'],
    ['28', 'of version 2.9 alone; the group is SCH-4'],
  ]),
  ...becomes('TQ1', [
    ['6', 'length of the visit where TQ1-8 is empty'],
    ['7 8', 'start and end, before SCH-11; repeated: one appointment for each time'],
    ['3 14', 'a pattern whose times are not written down: parked, or the first time (settings.repeats)'],
  ]),
  ...notKept('TQ1', [['2 4-5 9-13', 'how an order is to be repeated or how urgent it is; a visit has its times']]),
  ...becomes('RGS', [['2', 'what is done with all resources of the group: D removes them']]),
  ...notKept('RGS', [['3', 'names a group of resources for people; each resource is kept by itself']]),
  ...becomes('AIS', [
    ['2', 'action: a removed service is left out; in S18-S22 what is done with it'],
    ['3', 'serviceType, one for each AIS; the first is the visit type'],
    ['4', "the visit's start where SCH and TQ1 give none: a service is nobody whose time is taken"],
    ['7 8', 'length of the visit where nothing before it says so'],
    ['10', 'status where SCH-25 is empty (not in S18-S22)'],
  ]),
  ...notKept('AIS', [
    ['5 6', 'an offset of a service: its people and rooms have their own'],
    ['9', 'whether something else would do: a question of booking'],
    ['11 12', 'how the service is done: for who does it'],
  ]),
  ...becomes('AIG', [
    ['2', 'action, as AIS-2'],
    ['3 4', 'participant: device, person, place or calendar, by the site file and the type'],
    ['8-12', START_TOO],
    ['14', 'participant.status'],
  ]),
  ...notKept('AIG', [
    ['5-7', 'group and number of the resource: each is kept by itself'],
    ['13', 'whether something else would do: a question of booking'],
  ]),
  ...becomes('AIL', [
    ['2', 'action, as AIS-2'],
    ['3', 'participant: the finest place that the site file lists; its zone is that of the visit'],
    ['6-10', START_TOO],
    ['12', 'participant.status'],
  ]),
  ...notKept('AIL', [
    ['4 5', 'what kind of place it is: the site file says so'],
    ['11', 'whether something else would do: a question of booking'],
  ]),
  ...becomes('AIP', [
    ['2', 'action, as AIS-2'],
    ['3', 'participant: one person under all the ids of its repetitions, the NPI first'],
    ['4', 'participant.type, where it says what part someone has (ATND, PPRF ...)'],
    ['6-10', START_TOO],
    ['12', 'participant.status'],
  ]),
  ...notKept('AIP', [
    ['5', 'a group of people: each is kept by themselves'],
    ['11', 'whether someone else would do: a question of booking'],
  ]),
  ...becomes('NTE', [
    ['3', 'comment, one line for each (settings.notes)'],
    ['2', 'comment, where NTE-3 is empty and it holds words instead of the code of a source'],
  ]),
  ...notKept('NTE', [['1 4', 'number and kind of a note: its words are kept']]),
  ...becomes('DG1', [['3 4', 'reasonCode, where settings.diagnoses says so; else not read']]),
  ...notKept('DG1', [['5-6', 'a diagnosis in full is the record of the patient, not of the visit']]),
  ...becomes('PID', [
    ['2 3 4 19', 'Patient.identifier, by the authorities of the site file'],
    ['5', 'Patient.name: the legal one'],
    ['7', 'Patient.birthDate'],
    ['8', 'Patient.gender'],
    ['11', 'Patient.address'],
    ['13 14 40', 'Patient.telecom: the first number and the first e-mail address'],
    ['15', 'language'],
    ['29 30', 'Patient.deceasedBoolean'],
    ['31', 'whether name and birth date are to be believed'],
  ]),
  ...notKept('PID', [
    ['6 9 10 12 16 17 18 20-28', `${PERSON}, and no site may match people by it here`],
    ['33 34', 'when and where the record was changed: the message has its own time'],
  ]),
  ...becomes('PD1', [['12', 'meta.security R where Y']]),
  ...notKept('PD1', [['3 4', 'who cares for the patient in general: not who the visit is with']]),
  ...becomes('PV1', [
    ['3', 'participant: the place, where no AIL or AIG names one; of a visit booked by ADT'],
    ['7', 'participant: the person, where no AIP or AIG names one; of a visit booked by ADT'],
    ['9 17', 'participant of a visit booked by ADT (settings.adtFields)'],
    ['10 18', 'visit type of a visit booked by ADT (settings.adtFields)'],
    ['16', 'meta.security by sensitivity.codes'],
    ['19', 'identifier VN; by it an ADT finds the visit (settings.visitKey)'],
    ['50', 'another number of the visit, where an ADT says that it changed'],
  ]),
  ...notKept('PV1', [
    ['2 4-6 11-15 20 36-43', 'about a stay; the hub keeps appointments'],
    ['8', 'who sent the patient: their time is not taken'],
    ['44 45', 'when a stay began and ended; an ADT tells it by its trigger'],
  ]),
  ...becomes('PV2', [
    ['3', 'reasonCode of a visit booked by ADT'],
    ['8', 'start of a visit booked by ADT'],
  ]),
  ...notKept('PV2', [['9 12 13 25', 'about a stay; the hub keeps appointments']]),
  ...becomes('MRG', [
    ['1 2 4', 'the record that is not to be used any more'],
    ['3', 'the account, where the person carries its number'],
    ['5 6', 'the number that a visit had'],
  ]),
  ...notKept('MRG', [['7', 'the name that a record had: the record is told by its number']]),
  ...becomes('MFI', [['3', 'a warning where the whole file is replaced: what it does not list stays']]),
  ...becomes('MFE', [
    ['1', 'PractitionerRole.active, Location.status'],
    ['4', 'code of the person or place where STF-1 or LOC-1 has none'],
  ]),
  ...becomes('STF', [
    ['1 2', 'identifier of the PractitionerRole, and the NPI where it says so'],
    ['3', 'Practitioner.name'],
    ['7', 'PractitionerRole.active'],
  ]),
  ...notKept('STF', [['4-6 8-38', `${PERSON}; telephone and address of staff are not shown to patients`]]),
  ...becomes('PRA', [
    ['1', 'code of the person where STF-1 has none'],
    ['5', 'PractitionerRole.specialty, by the table of the site file (specialties)'],
    ['6', 'the NPI'],
  ]),
  ...notKept('PRA', [['2-4 7-12', 'groups and privileges: the site file says who may be booked for what']]),
  ...becomes('ORG', [['6-8', 'PractitionerRole.specialty, the finest of the three, by the table of the site file']]),
  ...notKept('ORG', [['1-5 9-12', 'units that people belong to: the site file says where who may be booked']]),
  ...becomes('LOC', [
    ['1', 'code of the place'],
    ['2', 'Location.name, where the site file does not list the place'],
  ]),
  ...notKept('LOC', [['3-9', 'kind, address and telephone of a place: the site file says what patients are shown']]),
  ...becomes('LDP', [['6', 'Location.status: inactive where all of its departments are']]),
  ...notKept('LDP', [['1-5 7-12', 'departments and services of a place: the site file lists what is booked']]),
  ...notKept('LCH', [['1-5', 'characteristics of a place, such as smoking or beds: nothing that a schedule needs']]),
  ...notKept('OBX', [['1-25', 'observations are the record of the patient, not of the visit']]),
  ...becomes('NK1', [
    ['2', 'RelatedPerson.name, and which one of those of the patient it is'],
    ['3 7', 'RelatedPerson.relationship'],
    ['4', 'RelatedPerson.address'],
    ['5 6 40', 'RelatedPerson.telecom: the first number and the first e-mail address'],
    ['8 9', 'RelatedPerson.period, and active where it is over'],
    ['15 16', 'RelatedPerson.gender, birthDate'],
  ]),
  ...notKept('NK1', [['1 10-14 17-39', 'number in the message, work, and what a schedule does not need of them']]),
  ...becomes('GT1', [
    ['3', 'RelatedPerson.name, with the relationship GUAR'],
    ['5', 'RelatedPerson.address'],
    ['6 7', 'RelatedPerson.telecom: never the contact of the patient'],
    ['8 9', 'RelatedPerson.birthDate, gender'],
    ['11', 'RelatedPerson.relationship'],
    ['13 14', 'RelatedPerson.period'],
  ]),
  ...notKept('IN1', [['1-53', 'insurance is asked for where a site turns it on, by booking']]),
];
