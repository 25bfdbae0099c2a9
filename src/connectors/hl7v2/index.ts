/** Sites that speak HL7 v2: they push, the hub listens; and where they take requests (SRM), it asks. */
import { HubError } from '../../core/errors.ts';
import type { CheckResult, ConnectorKind } from '../contract.ts';
import type { Hl7Exchange } from '../contract-hl7.ts';
import { hl7Book } from './book.ts';
import { hl7Feed } from '../kit/hl7/feed.ts';
import { hl7Register } from './register.ts';
import { hl7Seek } from './seek.ts';
import { HL7V2_SETTINGS } from '../kit/hl7/settings.ts';
import { exchangeOptions } from '../kit/hl7/requests-settings.ts';
import type { Hl7v2Settings } from '../kit/hl7/wire.ts';

export const hl7v2: ConnectorKind<Hl7v2Settings> = {
  name: 'hl7v2',
  summary: 'HL7 v2 over MLLP: SIU appointments and blocks, ADT people; bookings by SRM where the site takes them.',
  settings: HL7V2_SETTINGS,
  cursor: {
    // A feed is not read from a position, so there is nothing to keep.
    version: 1,
    parse: () => {
      throw new HubError('CURSOR_UNREADABLE', { detail: 'an HL7 v2 feed has no cursor' });
    },
  },
  patientIdentity: 'id',
  open(site, tools) {
    const { file, settings } = site;
    const { requests } = settings;
    const exchange = requests === undefined ? null : tools.hl7Sender(exchangeOptions(requests));
    const feed = hl7Feed(site);
    return {
      hl7: feed,
      ...(requests !== undefined &&
        exchange !== null && { book: hl7Book({ file, settings, requests }, exchange, tools.clock) }),
      ...(requests?.finds === 'pdq' &&
        exchange !== null && { seek: hl7Seek({ file, settings, requests }, exchange, feed, tools.clock) }),
      ...(requests !== undefined &&
        requests.registers !== 'none' &&
        exchange !== null && { register: hl7Register({ file, settings, requests }, exchange, tools.clock) }),
      check: async () => [whatToCheck(settings), ...(exchange === null ? [] : [await reaching(exchange, settings)])],
      close: () => exchange?.close() ?? Promise.resolve(),
    };
  },
};

/** A connection is opened and nothing is sent: a request that is only tried out does not exist. */
async function reaching(exchange: Hl7Exchange, { requests }: Hl7v2Settings): Promise<CheckResult> {
  const where = `${requests?.host ?? ''}:${requests?.port ?? 0}`;
  const error = await exchange.reach();
  if (error === null)
    return { what: 'requests', ok: true, detail: `${where} takes the connection; nothing was asked.` };
  return { what: 'requests', ok: false, detail: `${where}: ${error.message}` };
}

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
