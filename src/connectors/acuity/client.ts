/**
 * One function per endpoint (https://developers.acuityscheduling.com/reference). Reads give the value together with the
 * text as sent and our time when the request left; writes give the vendor's refusal as a value. Everything else is a
 * HubError.
 */
import type { Clock } from '../../core/clock.ts';
import { HubError } from '../../core/errors.ts';
import type { Instant } from '../../core/instant.ts';
import type { Budget, Purpose } from '../contract.ts';
import { openHttp, type Answer, type HttpCall, type HttpClient } from '../kit/http.ts';
import { readJson } from '../kit/json.ts';
import type { AcuitySettings } from './settings.ts';
import * as wire from './wire.ts';

export interface Read<T> {
  readonly value: T;
  /** The answer as sent. */
  readonly text: string;
  readonly readAt: Instant;
}
export type Written<T> =
  | ({ readonly ok: true } & Read<T>)
  /** `code` is the vendor's word for it (`not_available`), empty when it gave none. */
  | { readonly ok: false; readonly status: number; readonly code: string };

export type Query = readonly (readonly [name: string, value: string])[];

export interface CallFor {
  readonly purpose: Purpose;
  readonly signal: AbortSignal;
}

export type WriteConnection = ReturnType<HttpClient['connect']>;

export type AcuityClient = ReturnType<typeof openClient>;

/** The role of the clinic's own people; see amend.ts for when it is taken. */
const ADMIN = ['admin', 'true'] as const;
const CREATE = { name: 'POST /appointments', method: 'POST', path: '/appointments' } as const;
const MAX_ANSWER_BYTES = 16 * 1024 * 1024;

export function openClient(site: string, settings: AcuitySettings, clock: Clock, budget: Budget) {
  const http = openSite(site, settings, clock, budget);

  async function read<T>(call: Omit<HttpCall, 'effect' | 'purpose'>, is: Is<T>, at: CallFor): Promise<Read<T>> {
    const answer = await http.send({ ...call, effect: 'read', purpose: at.purpose }, at.signal);
    if (answer.status >= 400) throw unexpected(site, call.name, answer);
    return { value: readJson(answer.text, is, call.name), text: answer.text, readAt: answer.sentAt };
  }

  async function write<T>(call: Omit<HttpCall, 'effect' | 'purpose'>, is: Is<T>, at: CallFor): Promise<Written<T>> {
    const answer = await http.send({ ...call, effect: 'write', purpose: at.purpose }, at.signal);
    if (answer.status >= 400) return { ok: false, status: answer.status, code: refusalCode(answer) };
    return { ok: true, value: readJson(answer.text, is, call.name), text: answer.text, readAt: answer.sentAt };
  }

  const list = <T>(path: string, is: Is<T>) => {
    return (query: Query, at: CallFor): Promise<Read<T>> =>
      read({ name: `GET ${path}`, method: 'GET', path, query }, is, at);
  };
  /**
   * The writes that take or free time speak for the vendor's own client role: `admin=true` would switch its checks off
   * and double-book.
   */
  const quietly: Query = settings.noEmail ? [['noEmail', 'true']] : [];
  const change = (what: '' | '/cancel', query: Query) => {
    return (id: string, json: unknown, at: CallFor): Promise<Written<wire.Appointment>> => {
      const path = `/appointments/${encodeURIComponent(id)}${what}`;
      return write({ name: `PUT /appointments/{id}${what}`, method: 'PUT', path, query, json }, wire.isAppointment, at);
    };
  };

  return {
    me: list('/me', wire.isAccount),
    calendars: list('/calendars', wire.isCalendars),
    appointmentTypes: list('/appointment-types', wire.isAppointmentTypes),
    forms: list('/forms', wire.isForms),
    labels: list('/labels', wire.isLabels),
    clients: list('/clients', wire.isClients),
    appointments: list('/appointments', wire.isAppointments),
    openDates: list('/availability/dates', wire.isOpenDates),
    openTimes: list('/availability/times', wire.isOpenTimes),
    classTimes: list('/availability/classes', wire.isClassTimes),
    blocks: list('/blocks', wire.isBlocks),
    webhooks: list('/webhooks', wire.isHooks),

    /** @throws HubError SITE_NOT_FOUND */
    appointment(id: string, at: CallFor): Promise<Read<wire.Appointment>> {
      const path = `/appointments/${encodeURIComponent(id)}`;
      return read({ name: 'GET /appointments/{id}', method: 'GET', path }, wire.isAppointment, at);
    },

    /** Changes nothing in spite of its method. */
    checkTimes(times: readonly unknown[], at: CallFor): Promise<Read<wire.CheckedTime[]>> {
      const name = 'POST /availability/check-times';
      return read({ name, method: 'POST', path: '/availability/check-times', json: times }, wire.isCheckedTimes, at);
    },

    connect: () => http.connect(),

    createAppointment(json: unknown, at: CallFor, on: WriteConnection): Promise<Written<wire.BookedAppointment>> {
      return write({ ...CREATE, query: quietly, json, on }, wire.isBookedAppointment, at);
    },

    cancelAppointment: change('/cancel', quietly),

    /** A cancel with a mark that only the admin role may set. */
    markNoShow: change('/cancel', [...quietly, ADMIN]),

    /** The vendor takes a few fields and ignores all others without a word. */
    amendAppointment: change('', [...quietly, ADMIN]),

    rescheduleAppointment(id: string, json: unknown, at: CallFor): Promise<Written<wire.BookedAppointment>> {
      const path = `/appointments/${encodeURIComponent(id)}/reschedule`;
      const name = 'PUT /appointments/{id}/reschedule';
      return write({ name, method: 'PUT', path, query: quietly, json }, wire.isBookedAppointment, at);
    },

    createBlock(json: unknown, at: CallFor): Promise<Written<wire.BlockRow>> {
      return write({ name: 'POST /blocks', method: 'POST', path: '/blocks', json }, wire.isBlock, at);
    },

    deleteBlock: (id: string, at: CallFor) => remove('/blocks', id, at),

    createWebhook(event: string, target: string, at: CallFor): Promise<Written<wire.Hook>> {
      return write(
        { name: 'POST /webhooks', method: 'POST', path: '/webhooks', json: { event, target } },
        wire.isHook,
        at,
      );
    },

    deleteWebhook: (id: number, at: CallFor) => remove('/webhooks', String(id), at),

    close: () => http.close(),
  };

  /** What a delete answers with is not documented, so only its status counts. */
  async function remove(path: string, id: string, at: CallFor): Promise<Written<null>> {
    const call = { name: `DELETE ${path}/{id}`, method: 'DELETE', path: `${path}/${encodeURIComponent(id)}` } as const;
    const answer = await http.send({ ...call, effect: 'write', purpose: at.purpose }, at.signal);
    if (answer.status >= 400) return { ok: false, status: answer.status, code: refusalCode(answer) };
    return { ok: true, value: null, text: answer.text, readAt: answer.sentAt };
  }
}

function openSite(site: string, settings: AcuitySettings, clock: Clock, budget: Budget): HttpClient {
  return openHttp({
    site,
    baseUrl: settings.baseUrl.replace(/\/$/, ''),
    headers: { authorization: authorization(settings), 'user-agent': 'slotwire' },
    clock,
    budget,
    timeout_ms: settings.timeout_ms,
    maxAnswer_bytes: MAX_ANSWER_BYTES,
    readRetries: settings.readRetries,
    isThrottle: isEdgeThrottle,
  });
}

type Is<T> = (value: unknown) => value is T;

function authorization(settings: AcuitySettings): string {
  if (settings.accessToken !== undefined) return `Bearer ${settings.accessToken}`;
  return `Basic ${Buffer.from(`${settings.userId ?? ''}:${settings.apiKey ?? ''}`).toString('base64')}`;
}

/**
 * Undocumented, seen by others: an edge layer throttles with 403 and a body of bare HTML; a real 403 is the JSON
 * envelope.
 */
function isEdgeThrottle(answer: Answer): boolean {
  return answer.status === 403 && /^\s*<|<\/html>\s*$/i.test(answer.text);
}

/** The vendor's message is never used: it repeats what was sent, e-mail addresses included. */
function refusalCode(answer: Answer): string {
  try {
    const body = readJson(answer.text, wire.isRefusal, '');
    return /^[a-z0-9_]{1,60}$/.test(body.error) ? body.error : '';
  } catch {
    return '';
  }
}

function unexpected(site: string, name: string, answer: Answer): HubError {
  const code = refusalCode(answer);
  const detail = `${name}: status ${answer.status}${code === '' ? '' : ` ${code}`}`;
  const isGone = answer.status === 404 || answer.status === 410;
  return new HubError(isGone ? 'SITE_NOT_FOUND' : 'SITE_REFUSED', { detail, site });
}
