/**
 * A person as a record describes them, before and after normalising. The engine knows no site, no database and no time:
 * what it needs of them is handed to it. Nothing here is ever logged.
 */

/** What a record says, as it says it. Every part may be missing; missing is no evidence, for or against. */
export interface PersonRecord {
  /** The first is the name in use; further ones are earlier names, maiden names and aliases. */
  readonly names: readonly RecordName[];
  /** As sent: `1980-02-29`, `19800229`, `2/29/1980`, `1980-02`, `1980`. */
  readonly birthDate?: string | undefined;
  /** Administrative gender, in whatever code the record has. */
  readonly gender?: string | undefined;
  readonly addresses?: readonly RecordAddress[];
  readonly phones?: readonly string[];
  readonly emails?: readonly string[];
  readonly identifiers?: readonly RecordIdentifier[];
  /** Patient.multipleBirth: true, or the order of birth, where the record tells that there are others. */
  readonly multipleBirth?: boolean | undefined;
}

export interface RecordName {
  readonly family?: string | undefined;
  /** First and middle names, in order; one string may hold several. */
  readonly given?: readonly string[];
  readonly suffix?: string | undefined;
}

export interface RecordAddress {
  /** Lines of the street address, or the street alone where `number` is told apart. */
  readonly lines: readonly string[];
  readonly number?: string | undefined;
  readonly city?: string | undefined;
  readonly state?: string | undefined;
  readonly postalCode?: string | undefined;
}

/**
 * What an identifier proves. `social`: one per person and country, entered by hand (SSN, national id). `social-end`:
 * the last four digits of one. `person`: one per person and given by whoever runs the system (a medical record number,
 * an enterprise id). `family`: may be shared by a family (an insurance member id).
 */
export type IdentifierKind = 'social' | 'social-end' | 'person' | 'family';

export interface RecordIdentifier {
  readonly kind: IdentifierKind;
  /** Two identifiers are compared only within one system. */
  readonly system: string;
  readonly value: string;
  /**
   * How far the number reaches, of `person`: 0 a site, 1 a group of sites, 2 the enterprise. Of two that say different
   * things the one that reaches farther is believed. Absent: 0.
   */
  readonly reach?: number;
}

/** How dates, phones and addresses are read where the text alone does not tell. */
export interface Conventions {
  /** `2/3/1980` is the second of March. Default: the third of February. */
  readonly dayFirst?: boolean;
  /** Country calling code of numbers without one, digits only. Default `1`. */
  readonly callingCode?: string;
}

/** The normalised person. Empty text and null mean that nothing is known. */
export interface Person {
  readonly given: GivenName;
  readonly family: FamilyName;
  /** Canonical generation: `sr`, `2`, `3`, `4`, `5`; empty: none told. `jr` is `2`. */
  readonly suffix: string;
  readonly birth: BirthDate | null;
  readonly sex: '' | 'f' | 'm' | 'x';
  readonly addresses: readonly Address[];
  /** E.164 where the number can be read, else its digits. */
  readonly phones: readonly string[];
  readonly emails: readonly string[];
  readonly identifiers: readonly RecordIdentifier[];
  readonly multipleBirth: boolean;
  /**
   * The name is one that stands for a name: BABY BOY, UNKNOWN, TEST, JOHN DOE. Such a record is never linked by itself.
   */
  readonly placeholderName: boolean;
}

export interface GivenName {
  /** All words of the first and middle names, joined: `maryann`. */
  readonly whole: string;
  /** The first word. */
  readonly first: string;
  /** The other words: middle names, or parts of a first name of several words. */
  readonly rest: readonly string[];
  /** All words once more, each letter with its accents behind it; empty where there are none. */
  readonly accents: readonly string[];
}

export interface FamilyName {
  /** All words joined, particles included: `vanderberg`. */
  readonly whole: string;
  /** Words without particles, for double-barrelled and shortened names: `smith`, `jones`. */
  readonly parts: readonly string[];
  /** Earlier family names, joined. */
  readonly previous: readonly string[];
}

export interface BirthDate {
  /** Eight digits, `00` for a month or day that is not known. Compared digit by digit, so also for what is no date. */
  readonly digits: string;
  readonly year: number;
  readonly month: number;
  readonly day: number;
  /** How much of it is known. */
  readonly precision: 'year' | 'month' | 'day';
  /** A date of the calendar. A month 14 is a slip of the finger, and its other digits still tell something. */
  readonly valid: boolean;
  /** 1 January, and days that systems fill in: many share it, so that it says less. */
  readonly weak: boolean;
}

export interface Address {
  /** Name of the street without its type, joined; `pobox` for a post office box. */
  readonly street: string;
  readonly number: string;
  /** Flat, building or second line, joined. */
  readonly unit: string;
  readonly city: string;
  readonly state: string;
  readonly postcode: string;
  /**
   * Street, number and postcode as one text, by which an address that hundreds share is known; empty without a street.
   */
  readonly key: string;
}
