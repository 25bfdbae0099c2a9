/**
 * A frame from a listener -> its messages -> the site each belongs to -> its inbox -> the acknowledgement. AA or CA
 * goes out only after the commit; what is refused was not stored.
 */
import type { SiteEvent } from '../connectors/contract.ts';
import type { Clock } from '../core/clock.ts';
import { HubError } from '../core/errors.ts';
import { randomToken } from '../core/ids.ts';
import { ackCode, mllpRefusal, readAcknowledgement, type AckContent, type AckError } from '../hl7v2/acknowledge.ts';
import { acknowledgeFrame, frameParts, type FramePart, type FrameParts } from '../hl7v2/acknowledge-frame.ts';
import type { Header } from '../hl7v2/header.ts';
import { writeAnswer, type AnswerContent } from '../hl7v2/schedule-write.ts';
import type { Receiver } from '../pipeline/receive.ts';
import { SHARED } from '../settings/mllp-rules.ts';
import type { SiteSettings } from '../settings/shape.ts';
import type { Peer } from './admission.ts';
import { clientOf, type BoundClient } from './request-clients.ts';
import type { Requests } from './requests.ts';
import { routes, type Hl7Site, type Routes, type TakingSite } from './routes.ts';

export interface Hl7IntakeOptions {
  readonly clock: Clock;
  readonly receiver: Receiver;
  /** Sites that speak HL7 v2, whichever port they use. The same array as long as nothing changed. */
  readonly sites: () => readonly Hl7Site[];
  /** Whether test messages (MSH-11) are refused where no site file says so. Absent: they are not. */
  readonly production?: () => boolean;
  /** Which port this is; default: the shared one. */
  readonly door?: string;
  readonly answered: (site: string, code: string) => void;
  /** A message was answered AR or CR: why, in the words that its sender reads. */
  readonly refused?: (site: string | null, reason: string) => void;
  /** Messages that were stored just now, in order; none of them is a repeat. */
  readonly stored?: (site: string, messages: readonly StoredHl7[]) => void;
  readonly owed?: (ack: OwedAck) => void;
  /** Clients that ask for appointments by SRM. Absent: nobody does. */
  readonly requests?: { readonly clients: () => readonly BoundClient[]; readonly take: Requests['take'] };
}

/** An acknowledgement of the application, owed behind CA (enhanced mode, MSH-16). */
export interface OwedAck {
  readonly id: number;
  readonly head: Header;
  readonly site: SiteSettings;
  readonly peer: Peer;
}

export interface StoredHl7 {
  readonly id: number;
  /** MSH-10; null when the sender gave none. */
  readonly controlId: string | null;
}

interface Refusal extends AckError {
  readonly text: string;
  /** A request for an appointment: it is denied in the words of its own answer (SRR AE). */
  readonly denies?: true;
}

/** What is decided about one message of a frame. */
type Decided =
  | { readonly part: FramePart; readonly site: TakingSite; readonly refusal: null }
  | { readonly part: FramePart; readonly site: null; readonly refusal: null; readonly client: BoundClient }
  /** `site`: whose it would be; null where nobody is known. */
  | { readonly part: FramePart; readonly site: Hl7Site | null; readonly refusal: Refusal };

/**
 * The answer to one frame; `peer` is who sent it, absent for a caller in this process. Rejects when storing failed: no
 * answer, the sender repeats.
 */
export function hl7Intake(options: Hl7IntakeOptions): (frame: Uint8Array, peer?: Peer) => Promise<Uint8Array | null> {
  const { clock, receiver } = options;
  const routesNow = kept(options.sites);
  /** Connections of which a message was left without an answer: what was sent behind it comes again behind it. */
  const undone = new WeakSet<Peer>();
  return async (frame, peer) => {
    const now = clock.now();
    if (peer !== undefined && undone.has(peer)) throw new HubError('NOT_READY');
    const parts = frameParts(frame);
    const routing = routesNow();
    const decided = parts.parts.map((part) => decide(part, options, routing, peer));
    // Not refused but left without an answer: its sender comes again, and it will be taken in a moment.
    const early = decided.find(({ site }) => site?.rests === 'starting');
    if (early !== undefined) {
      if (peer !== undefined) undone.add(peer);
      throw new HubError('NOT_READY', { site: early.site?.site.id ?? '' });
    }
    // All are handed over before the first is waited for: the next frame of this connection may come in meanwhile, and
    // what is handed over later is stored later.
    const storing = bySite(decided, now).map(async ({ site, events, heads }) => {
      const answers = await receiver.store(site.site.id, 'hl7', events, null, peer);
      const fresh = answers.flatMap((answer, at): readonly StoredHl7[] =>
        answer.kind === 'inserted' ? [{ id: answer.id, controlId: events[at]?.controlId ?? null }] : [],
      );
      if (fresh.length > 0) options.stored?.(site.site.id, fresh);
      if (peer?.say === undefined || site.feed.address.listen.applicationAcks === 'never') return;
      for (const [at, head] of heads.entries()) {
        const id = answers[at]?.id ?? null;
        // A repeat is owed its answer as well: the first one may have gone with its connection.
        if (id !== null && isOwedLater(head)) options.owed?.({ id, head, site: site.site, peer });
      }
    });
    const asking = decided.map(async (one) =>
      'client' in one ? ((await options.requests?.take(one.client, one.part, peer)) ?? null) : null,
    );
    const [answers] = await Promise.all([Promise.all(asking), ...storing]);
    return acknowledged(parts, decided, answers, options);
  };
}

/** Worked out once for as long as the sites stay what they are. */
function kept(sites: () => readonly Hl7Site[]): () => Routes {
  let of: readonly Hl7Site[] | null = null;
  let made: Routes = routes([]);
  return () => {
    const now = sites();
    if (now !== of) {
      of = now;
      made = routes(now);
    }
    return made;
  };
}

function decide(part: FramePart, options: Hl7IntakeOptions, routing: Routes, peer: Peer | undefined): Decided {
  const { head } = part;
  const { door = SHARED } = options;
  const refused = (refusal: Refusal, site: Hl7Site | null = null): Decided => ({ part, site, refusal });
  const broken = mllpRefusal(part.bytes, head) ?? part.refusal;
  if (broken !== null) return refused({ ...broken, text: broken.text ?? '' });
  if (!head.found) return refused({ code: '100', text: 'There is no MSH segment.' });
  if (head.messageCode === 'SRM') {
    const asked = decideRequest(head, door, options, peer);
    return 'client' in asked ? { part, site: null, refusal: null, ...asked } : refused(asked);
  }
  const route = routing(door, head);
  if (route.kind !== 'site') return refused(stranger(route.kind, door));
  const { found, admit } = route;
  if (peer !== undefined && admit(peer) !== null)
    return refused({ code: '204', text: 'This sender may not send messages of this site.' }, found);
  if (found.rests === undefined) {
    const refusal = unacceptable(head, found);
    return refusal === null ? { part, site: found, refusal } : refused(refusal, found);
  }
  return refused({ code: '207', text: `This site is ${found.rests} at the hub. Send it again later.` }, found);
}

/** A request for an appointment is a client's, whichever sites send from there. */
function decideRequest(
  head: Header,
  door: string,
  { requests, production }: Hl7IntakeOptions,
  peer: Peer | undefined,
): { readonly client: BoundClient } | Refusal {
  const client = requests === undefined ? null : clientOf(requests.clients(), door, head);
  if (client === null) return { code: '204', text: NO_CLIENT, denies: true };
  if (peer !== undefined && client.admit(peer) !== null)
    return { code: '204', text: 'This sender may not send requests of this client (hl7.allow).', denies: true };
  if (production?.() === true && /^[TD]$/i.test(head.processingId))
    return { code: '202', text: 'Processing id T or D (MSH-11) is not taken at a production hub.' };
  if (!/^S0[1-6]$/.test(head.triggerEvent))
    return { code: '201', text: 'Of requests for appointments the hub takes SRM^S01 to SRM^S06.' };
  return { client };
}

const NO_CLIENT =
  'This hub takes no bookings by SRM from this MSH-3 and MSH-4 here. ' +
  'Add hl7: { application, facility } to the client in hub.yaml.';

function stranger(kind: 'none' | 'other-port', door: string): Refusal {
  if (kind === 'other-port') return { code: '204', text: 'Messages of this sender are taken at a port of its own.' };
  if (door !== SHARED) return { code: '204', text: 'This port is for a site with other names in MSH-3 to MSH-6.' };
  const text =
    'No site of this hub takes messages from this MSH-3 and MSH-4 to this MSH-5 and MSH-6. Add them to a site file.';
  return { code: '204', text };
}

function unacceptable(head: Header, { site, feed }: TakingSite): Refusal | null {
  // A test system that points at production by mistake must not fill real calendars (DESIGN section 6).
  if (site.environment === 'production' && /^[TD]$/i.test(head.processingId)) {
    return { code: '202', text: 'Processing id T or D (MSH-11) is not taken at a production site.' };
  }
  const { messageCode, triggerEvent } = head;
  const kind = triggerEvent === '' ? messageCode : `${messageCode}^${triggerEvent}`;
  if (feed.accepts.includes(kind) || feed.accepts.includes(messageCode)) return null;
  const text = 'Messages of this type are not taken from this site.';
  return { code: triggerEvent === '' ? '200' : '201', text };
}

/** Enhanced mode: CA was said, and the application is asked too. */
function isOwedLater(head: Header): boolean {
  return ackCode(head, 'accepted') === 'CA' && /^(AL|SU|ER)$/i.test(head.component(16).trim());
}

interface ToStore {
  readonly site: TakingSite;
  readonly events: readonly SiteEvent[];
  /** One per event. */
  readonly heads: readonly Header[];
}

/** What is to be stored, in the order of the frame. */
function bySite(decided: readonly Decided[], now: ReturnType<Clock['now']>): readonly ToStore[] {
  const taken = decided.flatMap((one) => (one.refusal === null && one.site !== null ? [one] : []));
  return [...Map.groupBy(taken, ({ site }) => site)].map(([site, members]) => ({
    site,
    events: members.map(({ part }) => site.feed.read(part.bytes, now)),
    heads: members.map(({ part }) => part.head),
  }));
}

/** `ready`: answers that are written already, in the order of the frame. */
function acknowledged(
  parts: FrameParts,
  decided: readonly Decided[],
  ready: readonly (Uint8Array | null)[],
  options: Hl7IntakeOptions,
): Uint8Array | null {
  const at = options.clock.now();
  const controlId = (): string => randomToken(12).slice(0, 20);
  const answers = decided.map(({ part, site, refusal }, index): AckContent | Uint8Array | null => {
    const written = ready[index] ?? null;
    if (written !== null) {
      options.answered('(client)', readAcknowledgement(written)?.code ?? 'none');
      return written;
    }
    const code = ackCode(part.head, refusal === null ? 'accepted' : refusal.denies === true ? 'error' : 'rejected');
    options.answered(site?.site.id ?? '(none)', code ?? 'none');
    if (refusal !== null) options.refused?.(site?.site.id ?? null, refusal.text);
    if (code === null) return null;
    if (refusal?.denies === true && code === 'AE')
      return writeAnswer(part.head, { ...denied(refusal), controlId: controlId(), at });
    return {
      code,
      controlId: controlId(),
      at,
      ...(site === null ? {} : { zone: site.site.timeZone }),
      ...(refusal === null ? {} : { text: refusal.text, errors: [refusal] }),
    };
  });
  const zone = decided.find(({ site }) => site !== null)?.site?.site.timeZone;
  return acknowledgeFrame(parts, answers, { at, controlId, ...(zone === undefined ? {} : { zone }) });
}

function denied({ code, text }: Refusal): Pick<AnswerContent, 'code' | 'text' | 'errors' | 'facts' | 'asksAccept'> {
  return { code: 'AE', text, errors: [{ code, text }], facts: null, asksAccept: false };
}
