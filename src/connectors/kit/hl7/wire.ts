/** How an HL7 v2 feed is read, as its site file says, and which messages are taken. The mapping reads by the same. */
import type { RefusalReason } from '../../contract.ts';
import type { Hl7Address, Hl7Listen } from '../../../settings/mllp-shape.ts';

/** Unit of a duration that names none: seconds by the standard, minutes at many senders. */
export type DurationUnit = 's' | 'min';

/** What a general resource (AIG) is. `ignore`: it occupies nothing. */
export type ResourceType = 'practitioner' | 'location' | 'device' | 'ignore';

/** Where a sender puts things, as paths `SEG-field[.component]`; the first that holds something counts. */
export interface FieldOrders {
  readonly start: readonly string[];
  /** Of the whole visit, where the end is not told; the unit stands in the next field, or the next component. */
  readonly duration: readonly string[];
  readonly status: readonly string[];
  readonly practitioner: readonly string[];
  readonly location: readonly string[];
  readonly visitType: readonly string[];
}

export interface Hl7v2Settings {
  /** MSH-3.1 and MSH-4.1 of this site; empty matches anything. */
  readonly sendingApplication: string;
  readonly sendingFacility: string;
  /** MSH-5.1 and MSH-6.1, as the site addresses the hub; empty matches anything. */
  readonly receivingApplication: string;
  readonly receivingFacility: string;
  readonly listen: Hl7Listen;
  /** `SIU^S12`, `ADT^A08`; the rest is answered AR 201. */
  readonly accepts: readonly string[];
  /** Where the moment of the change stands; decides which of two messages is the newer. */
  readonly orderingTime: readonly string[];
  readonly durationUnitWhenAbsent: DurationUnit;
  /** Fields (`MSH-7`) that an interface engine on the way writes anew: they tell no two messages apart. */
  readonly engineRewrites: readonly string[];
  /** So many messages within five minutes begin a replay window; 0: only an operator begins one. */
  readonly burst_per_5min: number;
  /** `auto`, or the name of a character set as in MSH-18. */
  readonly charsetWhenAbsent: string;
  readonly fields: FieldOrders;
  /** Local status (SCH-25, AIx-10, AIx-12), in any case, to a value of table 0278 or `Arrived`. */
  readonly statusCodes: Readonly<Record<string, string>>;
  /** Triggers that decide the status even where SCH-25 says otherwise. */
  readonly triggerWins: readonly string[];
  readonly appointmentKey: 'filler' | 'placer';
  /** AIG-4 code or text, in any case. */
  readonly resourceTypes: Readonly<Record<string, ResourceType>>;
  /** Where ADT has the number of the visit. */
  readonly visitKey: readonly string[];
  /** What A04 makes of a visit that is known. */
  readonly registered: 'arrived' | 'checked-in';
  /** `a05-a38`: the site books by ADT A05 and cancels by A38. */
  readonly adtAppointments: 'off' | 'a05-a38';
  /** Where an ADT that books has things. */
  readonly adtFields: Omit<FieldOrders, 'status'>;
  /** Length of such a visit where neither the message nor its visit type tells it. */
  readonly adtDuration_min: number;
  /** Notes (NTE) behind which segments become the comment. */
  readonly notes: readonly string[];
  /** Names of `HL7V2_PRESETS`; what they say is in the other settings already. */
  readonly presets: readonly string[];
  /** What decides the end of a visit where both are told. */
  readonly endBy: 'end' | 'duration';
  /** Triggers whose messages list only the resources that change. */
  readonly changesOnly: readonly string[];
  /** What is done with a visit that repeats by a pattern whose times are not written down. */
  readonly repeats: 'park' | 'first';
  /** True: DG1 becomes reasons of the visit. */
  readonly diagnoses: boolean;
  /** Absent: the hub cannot book there. */
  readonly requests?: RequestSettings;
}

/** Where messages of this site arrive, and by which names they are told from those of others. */
export function addressOf(settings: Hl7v2Settings): Hl7Address {
  return {
    from: { application: settings.sendingApplication, facility: settings.sendingFacility },
    to: { application: settings.receivingApplication, facility: settings.receivingFacility },
    listen: settings.listen,
  };
}

/** Why a site says no, as a booking's caller is told it. */
export type RefusalWord = RefusalReason;

/** Where and how the site is asked for appointments (SRM). */
export interface RequestSettings {
  readonly host: string;
  readonly port: number;
  readonly tls?: {
    readonly ca?: string;
    readonly certificate?: string;
    readonly key?: string;
    readonly serverName?: string;
  };
  /** Our MSH-3 and MSH-4. */
  readonly application: string;
  readonly facility: string;
  /** Of our own references (ARQ-1, SCH-1). */
  readonly namespace: string;
  readonly version: string;
  readonly charset: string;
  readonly times: 'with-offset' | 'local';
  readonly acknowledgement: 'original' | 'enhanced';
  readonly enteredBy: string;
  readonly roles: 'AIP' | 'AIG';
  readonly connectWithin_ms: number;
  readonly answerWithin_ms: number;
  readonly decideWithin_ms: number;
  readonly keepOpen_s: number;
  readonly showsWithin_s: number;
  /** What a booking is believed by: the site's answer (SRR), or its SIU, which shows that the visit was written. */
  readonly bookedBy: 'siu' | 'answer';
  /** Whether the site can be asked who it has: pdq is QBP Q22, as IHE profiles it. */
  readonly finds: 'none' | 'pdq';
  /** By which event the site registers a person when it is asked to (ADT). */
  readonly registers: 'none' | 'a28' | 'a04';
  /** The site's own codes of a denial, in any case. */
  readonly refusals: Readonly<Record<string, RefusalWord>>;
}

/** Every scheduling trigger that the mapping reads. S25 is a query, and withdrawn. */
// prettier-ignore
export const SIU_EVENTS = [
  'SIU^S12', 'SIU^S13', 'SIU^S14', 'SIU^S15', 'SIU^S16', 'SIU^S17', 'SIU^S18', 'SIU^S19', 'SIU^S20', 'SIU^S21',
  'SIU^S22', 'SIU^S23', 'SIU^S24', 'SIU^S26', 'SIU^S27',
] as const;

/** Messages about people and their stays: read, parked, or ignored with a reason, as the mapping's tables say. */
// prettier-ignore
export const ADT_EVENTS = [
  'ADT^A01', 'ADT^A02', 'ADT^A03', 'ADT^A04', 'ADT^A05', 'ADT^A06', 'ADT^A07', 'ADT^A08', 'ADT^A09', 'ADT^A10',
  'ADT^A11', 'ADT^A12', 'ADT^A13', 'ADT^A14', 'ADT^A15', 'ADT^A16', 'ADT^A17', 'ADT^A18', 'ADT^A20', 'ADT^A21',
  'ADT^A22', 'ADT^A23', 'ADT^A24', 'ADT^A25', 'ADT^A26', 'ADT^A27', 'ADT^A28', 'ADT^A29', 'ADT^A30', 'ADT^A31',
  'ADT^A32', 'ADT^A33', 'ADT^A34', 'ADT^A35', 'ADT^A36', 'ADT^A37', 'ADT^A38', 'ADT^A39', 'ADT^A40', 'ADT^A41',
  'ADT^A42', 'ADT^A43', 'ADT^A44', 'ADT^A45', 'ADT^A46', 'ADT^A47', 'ADT^A48', 'ADT^A49', 'ADT^A50', 'ADT^A51',
  'ADT^A52', 'ADT^A53', 'ADT^A54', 'ADT^A55', 'ADT^A60', 'ADT^A61', 'ADT^A62',
] as const;

export const MASTER_FILE_EVENTS = ['MFN^M02', 'MFN^M05'] as const;

/**
 * Answers that arrive as messages of their own (enhanced acknowledgement): stored, then ignored as nothing was asked.
 */
// prettier-ignore
export const ANSWER_EVENTS = [
  'ACK', 'SRR^S01', 'SRR^S02', 'SRR^S03', 'SRR^S04', 'SRR^S05', 'SRR^S06', 'SRR^S07', 'SRR^S08', 'SRR^S09', 'SRR^S10',
  'SRR^S11',
] as const;

/**
 * Taken when nothing else is set. Requests (SRM) are not among them: an AA would tell the asking system that its
 * booking was accepted, and this hub books for nobody by SRM, so AR 201 is the true answer.
 */
export const ACCEPTED_EVENTS: readonly string[] = [
  ...SIU_EVENTS,
  ...ADT_EVENTS,
  ...MASTER_FILE_EVENTS,
  ...ANSWER_EVENTS,
];
