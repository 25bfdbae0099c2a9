/**
 * A frame from the listener -> the site it belongs to -> its inbox -> the acknowledgement. AA or CA goes out only after
 * the commit; what is refused was not stored. Sites are told apart by MSH-3 and MSH-4; a site that names neither takes
 * what no other names.
 */
import type { Clock } from '../core/clock.ts';
import { randomToken } from '../core/ids.ts';
import type { Instant } from '../core/instant.ts';
import type { Hl7Feed } from '../connectors/contract.ts';
import { ackCode, acknowledge, mllpRefusal, type AckErrorCode, type AckOutcome } from '../hl7v2/acknowledge.ts';
import { header, type Header } from '../hl7v2/header.ts';
import type { Receiver } from '../pipeline/receive.ts';
import type { SiteSettings } from '../settings/shape.ts';

export interface Hl7Site {
  readonly site: SiteSettings;
  readonly feed: Hl7Feed;
}

export interface Hl7IntakeOptions {
  readonly clock: Clock;
  readonly receiver: Receiver;
  /** Sites in service that take HL7 v2. */
  readonly sites: () => readonly Hl7Site[];
  readonly answered: (site: string, code: string) => void;
}

/** The answer to one frame. Rejects when storing failed: no answer, the sender repeats. */
export function hl7Intake(options: Hl7IntakeOptions): (frame: Uint8Array) => Promise<Uint8Array | null> {
  const answer = (
    head: Header,
    site: SiteSettings | null,
    outcome: AckOutcome,
    refusal?: Refusal,
  ): Uint8Array | null => {
    const code = ackCode(head, outcome);
    options.answered(site?.id ?? '(none)', code ?? 'none');
    if (code === null) return null;
    return acknowledge(head, {
      code,
      controlId: randomToken(12).slice(0, 20),
      at: options.clock.now(),
      ...(site === null ? {} : { zone: site.timeZone }),
      ...(refusal === undefined ? {} : { text: refusal.text, errors: [{ code: refusal.code, text: refusal.text }] }),
    });
  };

  return async (frame) => {
    const head = header(frame);
    const now = options.clock.now();
    const refused = mllpRefusal(frame, head);
    if (refused !== null) return answer(head, null, 'rejected', { code: refused.code, text: refused.text ?? '' });
    if (!head.found) {
      return answer(head, null, 'rejected', { code: '100', text: 'There is no MSH segment.' });
    }
    const found = route(options.sites(), head);
    if (found === null) {
      return answer(head, null, 'rejected', {
        code: '204',
        text: 'No site of this hub takes messages from this MSH-3 and MSH-4. Add them to a site file.',
      });
    }
    const { site, feed } = found;
    const refusal = unacceptable(head, site, feed);
    if (refusal !== null) return answer(head, site, 'rejected', refusal);
    await store(options.receiver, site, feed, frame, now);
    return answer(head, site, 'accepted');
  };
}

interface Refusal {
  readonly code: AckErrorCode;
  readonly text: string;
}

async function store(
  receiver: Receiver,
  site: SiteSettings,
  feed: Hl7Feed,
  frame: Uint8Array,
  now: Instant,
): Promise<void> {
  await receiver.store(site.id, 'hl7', [feed.read(frame, now)], null);
}

/** The most exact match: application and facility, then one of them, then a site that names neither. */
function route(sites: readonly Hl7Site[], head: Header): Hl7Site | null {
  const fits = (named: string, sent: string): boolean => named === '' || named === sent;
  const exactness = ({ feed }: Hl7Site): number =>
    (feed.from.application === '' ? 0 : 2) + (feed.from.facility === '' ? 0 : 1);
  const candidates = sites
    .filter(
      ({ feed }) =>
        fits(feed.from.application, head.sendingApplication) && fits(feed.from.facility, head.sendingFacility),
    )
    .sort((left, right) => exactness(right) - exactness(left) || (left.site.id < right.site.id ? -1 : 1));
  return candidates[0] ?? null;
}

function unacceptable(head: Header, site: SiteSettings, feed: Hl7Feed): Refusal | null {
  // A test system that points at production by mistake must not fill real calendars (DESIGN section 6).
  if (site.environment === 'production' && /^[TD]$/i.test(head.processingId)) {
    return { code: '202', text: 'Processing id T or D (MSH-11) is not taken at a production site.' };
  }
  const { messageCode, triggerEvent } = head;
  const kind = triggerEvent === '' ? messageCode : `${messageCode}^${triggerEvent}`;
  if (feed.accepts.includes(kind) || feed.accepts.includes(messageCode)) return null;
  return { code: triggerEvent === '' ? '200' : '201', text: 'Messages of this type are not taken from this site.' };
}
