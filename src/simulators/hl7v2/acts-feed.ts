/** Acts about the feed itself: sending again, batches, and how this system sends. */
import { asHubError } from '../../core/errors.ts';
import { DAY_MS, HOUR_MS } from '../../core/instant.ts';
import { ActError } from '../kit/kind.ts';
import { OUTBOUND, TARGET } from '../kit/outbound.ts';
import type { Writer } from '../kit/store.ts';
import type { Act } from './acts-people.ts';
import { compose, newControlId, patientByMrn, settingsOf, tell, type Clinic } from './clinic.ts';
import { components, escape, segment, timestamp } from '../kit/hl7-encode.ts';
import { siu } from './messages.ts';
import { CHANGED, VISITS, type Visit } from './model.ts';
import { checkSettings } from './seed.ts';
import { textOf, visitById, type Request } from './wishes.ts';

export const FEED_ACTS: Readonly<Record<string, Act>> = {
  resend,
  resync,
  'resend-hours': resendHours,
  'send-batch': sendBatch,
  'send-raw': (clinic, tx, request) => {
    const controlId = textOf(request['controlId']);
    const message = { controlId, event: 'raw', about: '', text: textOf(request['text']) };
    return { sequence: clinic.sender.queue(tx, message) };
  },
  'set-target': (_clinic, tx, request) => setTarget(tx, request),
  'change-settings': (_clinic, tx, request) => changeSettings(tx, request),
};

/** The same bytes again: by `controlId`, by the `id` of a visit (its last message), else the last message of all. */
function resend(clinic: Clinic, tx: Writer, request: Request): object {
  const wanted = (one: { readonly controlId: string; readonly about: string }): boolean => {
    if (request['controlId'] !== undefined) return one.controlId === request['controlId'];
    return request['id'] === undefined || one.about === request['id'];
  };
  const message = tx.all(OUTBOUND).findLast(wanted);
  if (message === undefined) throw new ActError('no such message was sent');
  const { controlId, event, about, text } = message;
  return { controlId, sequence: clinic.sender.queue(tx, { controlId, event, about, text }) };
}

/** Everything booked from yesterday on, as S12 with new control ids. */
function resync(clinic: Clinic, tx: Writer): object {
  const current = currentVisits(clinic, tx);
  for (const visit of current) tell(clinic, tx, 'S12', visit);
  return { sent: current.length };
}

function currentVisits(clinic: Clinic, tx: Writer): Visit[] {
  const from = clinic.clock.now() - DAY_MS;
  return tx.all(VISITS).filter((one) => one.status === 'Booked' && one.start >= from);
}

/** What an engine does after trouble: the messages of the last `hours`, in order, with its own new MSH-7 and MSH-10. */
function resendHours(clinic: Clinic, tx: Writer, request: Request): object {
  const hours = typeof request['hours'] === 'number' ? request['hours'] : 1;
  const from = clinic.clock.now() - hours * HOUR_MS;
  const again = tx.all(OUTBOUND).filter((one) => one.queuedAt >= from && one.event !== 'raw');
  for (const { event, about, text } of again) {
    const controlId = newControlId(clinic, tx);
    clinic.sender.queue(tx, { controlId, event, about, text: restamped(clinic, tx, text, controlId) });
  }
  return { sent: again.length };
}

function restamped(clinic: Clinic, tx: Writer, text: string, controlId: string): string {
  const { offsets } = settingsOf(clinic.seed, tx);
  const at = timestamp(clinic.clock.now(), clinic.seed.clinic.timezone, offsets);
  return text.replace(/^MSH[^\r\n]*/, (header) => {
    const fields = header.split('|');
    return [...fields.slice(0, 6), at, ...fields.slice(7, 9), escape(controlId), ...fields.slice(10)].join('|');
  });
}

/**
 * S12 of the visits named by `ids` (default: all current ones) in one frame. `form`: `file` (FHS, BHS), `batch` (BHS),
 * `bare` (message after message).
 */
function sendBatch(clinic: Clinic, tx: Writer, request: Request): object {
  const { ids, form = 'file' } = request;
  const visits = Array.isArray(ids) ? ids.map((id) => visitById(tx, id)) : currentVisits(clinic, tx);
  const last = visits.at(-1);
  if (last === undefined) throw new ActError('there is no visit to send');
  const messages = visits.map((visit) =>
    compose(clinic, tx, 'SIU^S12', (letter, header) => siu(letter, header, visit, patientByMrn(tx, visit.mrn))),
  );
  const controlId = messages.at(-1)?.controlId ?? '';
  const { seed } = clinic;
  const head = (name: string): string =>
    segment(name, {
      1: '^~\\&',
      2: components(seed.clinic.application),
      3: components(seed.clinic.facility),
      6: timestamp(clinic.clock.now(), seed.clinic.timezone),
      10: escape(newControlId(clinic, tx)),
    });
  const body = messages.map(({ text }) => (/[\r\n]$/.test(text) ? text : `${text}\r`)).join('');
  const batch = form === 'bare' ? body : `${head('BHS')}${body}${segment('BTS', { 1: String(messages.length) })}`;
  const text = form === 'file' ? `${head('FHS')}${batch}${segment('FTS', { 1: '1' })}` : batch;
  const sequence = clinic.sender.queue(tx, { controlId, event: 'SIU^S12', about: last.id, text });
  return { sequence, messages: messages.length };
}

function setTarget(tx: Writer, request: Request): object {
  const host = textOf(request['host']);
  const port = Number(request['port']);
  if (host === '' || !Number.isInteger(port) || port < 1 || port > 65_535) throw new ActError('give host and port');
  tx.put(TARGET, 'target', { host, port });
  return { host, port };
}

/** `settings` as in the seed, and `habits` or `preset` beside them for short. */
function changeSettings(tx: Writer, request: Request): object {
  const short = Object.fromEntries(
    ['preset', 'habits'].flatMap((name) => (request[name] === undefined ? [] : [[name, request[name]]])),
  );
  try {
    const before = tx.get(CHANGED, 'settings') ?? {};
    const given = checkSettings({ ...(request['settings'] as object | undefined), ...short });
    const next = { ...before, ...given, habits: { ...before.habits, ...given.habits } };
    tx.put(CHANGED, 'settings', next);
    return next;
  } catch (error) {
    throw new ActError(asHubError(error).detail);
  }
}
