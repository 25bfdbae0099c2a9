/**
 * Habits of senders that the standard does not know, as settings under one name: `presets: [minutes]` in the site file.
 * What the file says itself goes before them.
 */
export const HL7V2_PRESETS = {
  /** Lengths in minutes without a unit (the standard says seconds). */
  minutes: { durationUnitWhenAbsent: 'min' },
  /** The end of the visit is a copy of an older one, or of another day; its length is right. */
  'end-by-duration': { endBy: 'duration' },
  /** Who the visit is with stands in a general resource, whatever its type is called; rooms are in AIL. */
  'person-in-aig': {
    fields: { practitioner: ['AIG-3', 'AIP-3', 'PV1-7'], location: ['AIL-3', 'PV1-3'] },
    resourceTypes: { D: 'practitioner', P: 'practitioner', DR: 'practitioner', PROVIDER: 'practitioner' },
  },
  /** SCH without the fields that are empty at this sender: start in SCH-6, length in SCH-7, status in SCH-9. */
  'short-sch': {
    appointmentKey: 'placer',
    fields: {
      start: ['SCH-6', 'AIS-4', 'AIL-6', 'AIP-6'],
      duration: ['SCH-7', 'AIS-7'],
      status: ['SCH-9'],
      visitType: ['AIS-3', 'SCH-5'],
    },
  },
  /** Each occurrence of a visit that repeats comes as a message of its own, so the pattern adds nothing. */
  'occurrences-sent': { repeats: 'first' },
  /** The placer's id stays the same when a visit is moved; the filler's does not. */
  'placer-key': { appointmentKey: 'placer' },
  /** Whole hospitals that book by ADT A05 and cancel by A38, and send no SIU. */
  'adt-appointments': { adtAppointments: 'a05-a38' },
  /** Epic Cadence: the visit type is in AIS alone; SCH-25 is a list of the site that begins like this. */
  epic: { fields: { visitType: ['AIS-3'] }, statusCodes: { 1: 'Booked', SCH: 'Booked' } },
} as const;
