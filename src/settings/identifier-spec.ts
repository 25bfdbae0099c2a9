/** What a site file says under `identifiers`. */
import { oneOfWords, siteCode } from './declare.ts';
import type { IdentifierSettings, PatientPolicy } from './identifier-shape.ts';
import { IDENTIFIER_TYPES } from './identifier-types.ts';
import type { SettingsSpec } from './spec.ts';

export const identifier: SettingsSpec<IdentifierSettings>['fields'] = {
  system: {
    schema: {
      type: 'string',
      pattern:
        '^(urn:oid:[0-2](\\.(0|[1-9][0-9]*))+|urn:uuid:[0-9a-f-]{36}|urn:(?!oid:|uuid:)[a-z0-9-]+:\\S+|https?://\\S+)$',
      say: 'write an address like urn:oid:1.2.3 or https://example.org/mrn',
    },
    prose: 'The address of the system that gives out these identifiers.',
    example: 'urn:oid:1.2.3',
  },
  type: {
    schema: oneOfWords(...(Object.keys(IDENTIFIER_TYPES) as [string, ...string[]])),
    prose: 'What it is. It says what trust and scope are where they are left out (docs/identity.md).',
    default: 'site-mrn',
  },
  trust: {
    schema: oneOfWords('proves', 'shared', 'ignore'),
    prose: 'proves: one person has it; shared: a family may; ignore: it says nothing of who somebody is.',
    optional: true,
  },
  scope: {
    schema: oneOfWords('site', 'group', 'enterprise'),
    prose:
      'Who gives it out. site: this site alone; group, enterprise: somebody for several sites, and each of their ' +
      'files lists the same system with the same meaning.',
    optional: true,
  },
  universalId: {
    schema: siteCode,
    prose: 'HL7 v2: CX.4.2 of the authority. A number that comes with another one is not of it.',
    optional: true,
    example: '1.2.3',
  },
  useForWriteBack: {
    schema: { type: 'boolean' },
    prose: 'Whether a booking names the patient by it at this site.',
    default: false,
  },
};

export const patientPolicy: SettingsSpec<PatientPolicy>['fields'] = {
  whenUnknown: {
    schema: oneOfWords('refuse', 'ask', 'search', 'register'),
    prose:
      'A booking for somebody of whom the site has no record, where it knows people by its own numbers. refuse: the ' +
      'caller is told to have the patient registered; ask: a Task asks the site’s people to do it as well; search: ' +
      'the site is asked for the person first, where it can be, and the only one that fits is compared like news; ' +
      'register: where the site says that it has nobody, or cannot be asked, it is asked once to register the person ' +
      '(HL7 v2: with requests.registers).',
    default: 'refuse',
  },
};
