/** Sites that speak HL7 v2: they push, the hub listens. */
import { HubError } from '../../core/errors.ts';
import type { ConnectorKind } from '../contract.ts';
import { hl7Feed } from './feed.ts';
import { HL7V2_SETTINGS } from './settings.ts';
import type { Hl7v2Settings } from './wire.ts';

export const hl7v2: ConnectorKind<Hl7v2Settings> = {
  name: 'hl7v2',
  summary: 'HL7 v2 over MLLP: SIU appointments and blocks, ADT people. Listens only; takes no bookings.',
  settings: HL7V2_SETTINGS,
  cursor: {
    // A feed is not read from a position, so there is nothing to keep.
    version: 1,
    parse: () => {
      throw new HubError('CURSOR_UNREADABLE', { detail: 'an HL7 v2 feed has no cursor' });
    },
  },
  patientIdentity: 'id',
  open: (site) => ({
    hl7: hl7Feed(site),
    check: () => Promise.resolve([whatToCheck(site.settings)]),
    close: () => Promise.resolve(),
  }),
};

/** Nothing can be asked: the site connects to us. What can be told is what its interface team must send. */
function whatToCheck({ sendingApplication, sendingFacility }: Hl7v2Settings): {
  what: string;
  ok: boolean;
  detail: string;
} {
  const any = sendingApplication === '' && sendingFacility === '';
  const from = `MSH-3 ${shown(sendingApplication)} and MSH-4 ${shown(sendingFacility)}`;
  const note = any ? 'This site takes every message that no other site takes.' : '';
  return {
    what: 'feed',
    ok: true,
    detail: `There is nothing to call: the site connects to the hub and must send ${from}. ${note}`.trimEnd(),
  };
}

function shown(value: string): string {
  return value === '' ? 'anything' : `"${value}"`;
}
