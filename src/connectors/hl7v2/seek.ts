/**
 * Looking for a person at a site that answers demographics queries (`requests.finds: pdq`). What is asked for is name
 * and date of birth, whole: a system that also finds what is only alike says so by naming several.
 */
import type { Clock } from '../../core/clock.ts';
import { HubError } from '../../core/errors.ts';
import { randomToken } from '../../core/ids.ts';
import { decode, encode } from '../../hl7v2/charset.ts';
import { parseMessage } from '../../hl7v2/message.ts';
import { personAnswer, personQueryText, writePersonQuery } from '../../hl7v2/person-query.ts';
import type { Hl7Feed } from '../contract.ts';
import type { Hl7Exchange } from '../contract-hl7.ts';
import type { PersonAsked, Seek, Sought } from '../contract-seek.ts';
import { headerFor, type RequestSite } from './order.ts';

export function hl7Seek(site: RequestSite, exchange: Hl7Exchange, feed: Hl7Feed, clock: Clock): Seek {
  const unknown = (detail: string): Sought => {
    return { kind: 'unknown', error: new HubError('SITE_ANSWER_UNREADABLE', { detail, site: site.file.id }) };
  };
  return {
    async person(asked: PersonAsked, signal: AbortSignal): Promise<Sought> {
      const tag = randomToken(12);
      const header = headerFor(site, { correlation: tag, calendar: null, at: clock.now() });
      const query = { ...asked, tag };
      const text = personQueryText(header, query);
      // With question marks in the name somebody else would be asked for.
      if (decode(encode(text, header.charset), header.charset).text !== text) return { kind: 'none' };
      const outcome = await exchange.send(writePersonQuery(header, query), { until: 'application', signal });
      if (outcome.kind === 'unsent' || outcome.kind === 'unknown') return { kind: 'unknown', error: outcome.error };
      if (outcome.ack.code !== 'AA') return unknown(`the site answered ${outcome.ack.code} to a query for a person`);
      const { bytes } = outcome.ack;
      const { message } = parseMessage(bytes, { defaultCharset: site.settings.charsetWhenAbsent });
      const found = personAnswer(message, tag);
      if (found === 'one') return { kind: 'one', message: feed.read(bytes, clock.now()) };
      if (found === 'none' || found === 'several') return { kind: found };
      return unknown(found === 'failed' ? 'the site could not look for the person' : 'the answer is not to the query');
    },
  };
}
