/** What the numbers of people mean at a site. Part of shape.ts. */

export interface IdentifierSettings {
  readonly system: string;
  /** A word of IDENTIFIER_TYPES (identifier-types.ts), which says what trust and scope are where they are absent. */
  readonly type: string;
  readonly trust?: 'proves' | 'shared' | 'ignore';
  readonly scope?: 'site' | 'group' | 'enterprise';
  /** CX.4.2 of the authority: a number that comes with another one is not of it. */
  readonly universalId?: string;
  readonly useForWriteBack: boolean;
}

export interface PatientPolicy {
  /** A booking for somebody of whom the site has no record; only where it keys people by its own numbers. */
  readonly whenUnknown: 'refuse' | 'ask' | 'search' | 'register';
}
