/**
 * The incoming scheduling interface, where a site licenses it: SRM S01 to S04 in, SRR out (sheet 4.2; the vendor's own
 * field rules are not public, so the standard's are followed: standard sheet sections 3, 7 and 11).
 */
import { systemClock } from '../../core/clock.ts';
import type { Instant } from '../../core/instant.ts';
import { components, escape, segment } from '../kit/hl7-encode.ts';
import { Incoming, readTime } from '../kit/hl7-read.ts';
import type { Answered } from '../kit/request-port.ts';
import type { Writer } from '../kit/store.ts';
import { settingsOf, type Hospital } from './hospital.ts';
import { msh } from './letter.ts';
import { PATIENTS, REQUESTS, VISITS, type Patient, type Visit } from './model.ts';
import { scheduled } from './siu.ts';
import { isFree, type Offer } from './templates.ts';
import { endVisit, moveVisit, openVisit, told } from './visits.ts';

/** Why a request is not granted: ERR-1 and the text of MSA-3. */
class Denied extends Error {
  /** Place in the message, and code of table 0357. */
  readonly place: readonly string[];

  constructor(text: string, place: readonly string[]) {
    super(text);
    this.place = place;
  }
}

const WORK: Readonly<Record<string, (hospital: Hospital, tx: Writer, asked: Incoming) => Visit>> = {
  S01: place,
  S02: reschedule,
  S03: modify,
  S04: (hospital, tx, asked) => {
    const visit = openVisitOf(tx, asked);
    return endVisit(hospital, tx, visit, 'cancelled', asked.first('ARQ')?.get(6) ?? '');
  },
};

export class Requests {
  readonly #hospital: Hospital;

  constructor(hospital: Hospital) {
    this.#hospital = hospital;
  }

  /** Null: the connection is cut without an answer. */
  async answer(text: string): Promise<Answered | null> {
    const { faults, feed, store } = this.#hospital;
    const asked = Incoming.read(text);
    if (asked === null) return null;
    const trigger = asked.header.get(9, 2);
    const label = `SRM^${trigger}`;
    const latency_ms = faults.felt('latencyMs');
    if (latency_ms > 0) await systemClock.sleep(latency_ms);
    const before = store.get(REQUESTS, asked.header.get(10));
    const answer = before?.answer ?? (faults.takeShare('errorRate') ? this.#failed(asked) : this.#decide(asked, label));
    const queued = feed.takeQueued();
    if (queued.length > 0 && faults.take('dropAnswer', label)) {
      feed.ring();
      return null;
    }
    if (queued.length > 0 && faults.take('echoFirst', label)) await feed.firstAttempts(queued, ECHO_LIMIT_MS);
    const delay_ms = faults.felt('answerDelayMs');
    if (delay_ms > 0) await systemClock.sleep(delay_ms);
    return { text: answer, after: () => feed.ring() };
  }

  /** The decision, the change and what is answered are one write: the same request again is answered alike. */
  #decide(asked: Incoming, label: string): string {
    const { store, faults } = this.#hospital;
    const controlId = asked.header.get(10);
    const work = asked.header.get(9) === 'SRM' ? WORK[asked.header.get(9, 2)] : undefined;
    if (work === undefined) return this.#answer(asked, 'AR', { denied: new Denied('unsupported event', UNSUPPORTED) });
    try {
      return store.write(
        (tx) => {
          const visit = work(this.#hospital, tx, asked);
          const answer = this.#answer(asked, 'AA', { visit });
          tx.put(REQUESTS, controlId, { controlId, event: label, code: 'AA', csn: visit.csn, answer });
          return answer;
        },
        faults.take('silentDrop', label),
      );
    } catch (error) {
      if (!(error instanceof Denied)) throw error;
      return this.#answer(asked, 'AE', { denied: error });
    }
  }

  #failed(asked: Incoming): string {
    return this.#answer(asked, 'AE', { denied: new Denied('internal error', ['MSH', '1', '', '207']) });
  }

  #answer(asked: Incoming, code: string, said: { readonly visit?: Visit; readonly denied?: Denied }): string {
    const { seed, store, clock } = this.#hospital;
    const { visit, denied } = said;
    const settings = settingsOf(this.#hospital);
    const controlId = `R${asked.header.get(10)}`;
    const letter = { seed, settings, event: `SRR^${asked.header.get(9, 2)}`, controlId, sentAt: clock.now() };
    const patient = visit === undefined ? undefined : store.get(PATIENTS, visit.patient);
    return [
      msh(letter, 'SRR_S01'),
      segment('MSA', {
        1: code,
        2: escape(asked.header.get(10)),
        ...(denied === undefined ? {} : { 3: escape(denied.message) }),
      }),
      denied === undefined ? '' : segment('ERR', { 1: components(...denied.place) }),
      ...(visit === undefined || patient === undefined ? [] : scheduled(letter, visit, patient)),
    ].join('');
  }
}

const ECHO_LIMIT_MS = 5000;
const UNSUPPORTED = ['MSH', '1', '9', '201'];

/** S01: a free time of a template that staff could book; nothing is booked over what is taken. */
function place(hospital: Hospital, tx: Writer, asked: Incoming): Visit {
  const patient = patientOf(tx, asked);
  const code = asked.first('AIS')?.get(3) ?? '';
  const type = hospital.seed.visitTypes.find((one) => one.code === code);
  if (type === undefined) throw new Denied('unknown visit type', ['AIS', '1', '3', '103']);
  const practitioners = peopleOf(hospital, asked);
  const [practitioner = ''] = practitioners;
  const named = asked.first('RGS')?.get(3) ?? '';
  const template = hospital.seed.templates.find(
    (one) =>
      one.practitioner === practitioner &&
      one.visitTypes.includes(type.code) &&
      (named === '' || one.department === named),
  );
  if (template === undefined) throw new Denied('the practitioner has no such visits', ['AIP', '1', '3', '204']);
  const { department } = template;
  const start = startOf(hospital, asked);
  const plan = { practitioner, department, visitType: type.code, start, minutes: type.minutes };
  checkFree(hospital, tx, plan);
  const placer = asked.first('ARQ')?.lists(1)[0] ?? [];
  const note = asked.first('NTE')?.get(3) ?? '';
  return openVisit(hospital, tx, { ...plan, practitioners, patient: patient.id, placer, note });
}

function reschedule(hospital: Hospital, tx: Writer, asked: Incoming): Visit {
  const visit = openVisitOf(tx, asked);
  const start = startOf(hospital, asked);
  const [practitioner = ''] = visit.practitioners;
  // The visit itself is no obstacle to where it goes.
  tx.put(VISITS, visit.csn, { ...visit, status: 'cancelled' });
  checkFree(hospital, tx, { ...visit, practitioner, start });
  return moveVisit(hospital, tx, visit, { start });
}

function modify(hospital: Hospital, tx: Writer, asked: Incoming): Visit {
  const visit = openVisitOf(tx, asked);
  return told(hospital, tx, 'S14', { ...visit, note: asked.first('NTE')?.get(3) ?? visit.note });
}

function checkFree(hospital: Hospital, tx: Writer, offer: Offer): void {
  if (offer.start < hospital.clock.now() || !isFree(hospital.seed, tx, 'staff', offer)) {
    throw new Denied('the time is not available', ['ARQ', '1', '11', '207']);
  }
}

/** By the CSN in ARQ-2, else by the placer's own id. */
function openVisitOf(tx: Writer, asked: Incoming): Visit {
  const [placer, csn] = [asked.first('ARQ')?.get(1) ?? '', asked.first('ARQ')?.get(2) ?? ''];
  const visit = tx
    .all(VISITS)
    .find((one) => (csn === '' ? placer !== '' && one.placer[0] === placer : one.csn === csn));
  if (visit === undefined) throw new Denied('unknown appointment', ['ARQ', '1', '2', '204']);
  if (visit.status !== 'booked') throw new Denied('the appointment is not open', ['ARQ', '1', '2', '207']);
  return visit;
}

/** Any number in PID-3 that this site gave. */
function patientOf(tx: Writer, asked: Incoming): Patient {
  const numbers = (asked.first('PID')?.lists(3) ?? []).map(([id = '']) => id);
  const patient = tx.all(PATIENTS).find((one) => numbers.includes(one.mrn) || numbers.includes(one.epi));
  if (patient === undefined) throw new Denied('unknown patient', ['PID', '1', '3', '204']);
  if (patient.mergedInto !== null) throw new Denied('the patient was merged', ['PID', '1', '3', '207']);
  return patient;
}

function peopleOf(hospital: Hospital, asked: Incoming): readonly string[] {
  const ids = asked.all('AIP').map((one) => one.get(3));
  const isKnown = (id: string): boolean => hospital.seed.practitioners.some((one) => one.id === id);
  if (ids.length === 0 || !ids.every(isKnown)) throw new Denied('unknown practitioner', ['AIP', '1', '3', '204']);
  return ids;
}

/** The first place that says when: AIP-6, AIS-4, or the start of the range in ARQ-11. */
function startOf(hospital: Hospital, asked: Incoming): Instant {
  const said = [asked.first('AIP')?.get(6), asked.first('AIS')?.get(4), asked.first('ARQ')?.get(11)];
  const text = said.find((one) => one !== undefined && one !== '') ?? '';
  const at = readTime(text, hospital.seed.site.timezone);
  if (at === null) throw new Denied('no start', ['ARQ', '1', '11', '101']);
  return at;
}
