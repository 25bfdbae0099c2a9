/**
 * Status, comment and attendance of a visit. An account tells the status by labels, of which the vendor takes one on a
 * visit; nobody having come is a cancelled visit with a mark, and that the vendor cannot undo. Both the mark and the
 * notes take the vendor's admin role. It is taken for these calls alone: they leave the time as it is, so that the
 * checks which it switches off have nothing to check.
 */
import { sameText } from '../../fhir/amendment.ts';
import type { AmendOrder, SettableStatus, StatusOrder } from '../contract-book.ts';
import type { Book, Found, Site, WriteOutcome } from '../contract.ts';
import type { AcuityClient, CallFor, Written } from './client.ts';
import { amendable, hasOwnLabel, statusOf } from './labels.ts';
import { refused, unsent } from './outcome.ts';
import { readOrNull, type ProvenWrite } from './proven.ts';
import type { AcuitySettings } from './settings.ts';
import { siteBooking, type ReadAppointment } from './state.ts';

type Changes = Required<Pick<Book, 'statuses' | 'setStatus'>> & Pick<Book, 'amends' | 'amend'>;

export function acuityChanges(site: Site<AcuitySettings>, client: AcuityClient, write: ProvenWrite): Changes {
  const { settings } = site;
  const { labels } = settings;

  /** Looks first, since a change is never made over what the clinic has made of the visit meanwhile. */
  async function change(
    order: StatusOrder | AmendOrder,
    label: number | null,
    send: (at: CallFor) => Promise<Written<unknown>>,
    signal: AbortSignal,
  ): Promise<WriteOutcome> {
    const at: CallFor = { purpose: 'booking', signal };
    let read: ReadAppointment | null;
    try {
      read = await readOrNull(client, order.key, at);
    } catch (error) {
      return unsent(error);
    }
    if (read !== null) {
      const stands = standing(read, order, settings);
      if (stands === 'as-asked') return { kind: 'booked', at: siteBooking(read, settings) };
      if (read.canceled) return refused('not-allowed', FINAL);
      if (stands === 'otherwise') return refused('rule', OTHERWISE);
      if (label !== null && hasOwnLabel(read, settings)) return refused('not-allowed', OWN_LABEL);
    }
    return write(
      () => send(at),
      (_now, shown) => standing(shown, order, settings) === 'as-asked',
      at,
    );
  }

  const amends: NonNullable<Book['amends']> = [
    ...(settings.comments ? (['comment'] as const) : []),
    ...(labels.confirmed === undefined ? [] : (['attendance'] as const)),
  ];
  function amend(order: AmendOrder, signal: AbortSignal): Promise<WriteOutcome> {
    const { comment, attendance } = order.to;
    const label = attendance === undefined ? null : attendance === 'accepted' ? labels.confirmed : labels.booked;
    if (label === undefined) return Promise.resolve(refused('not-allowed', UNMAPPED));
    const json = {
      ...(comment === undefined ? {} : { notes: comment }),
      ...(label === null ? {} : { labels: [{ id: label }] }),
    };
    return change(order, label, (at) => client.amendAppointment(order.key, json, at), signal);
  }

  return {
    statuses: SETTABLE.filter((status) => status === 'noshow' || labels[status] !== undefined),
    setStatus(order, signal) {
      const { key, status, reason } = order;
      if (status === 'noshow') {
        const note = reason === undefined ? {} : { cancelNote: reason };
        return change(order, null, (at) => client.markNoShow(key, { noShow: true, ...note }, at), signal);
      }
      const label = labels[status];
      if (label === undefined) return Promise.resolve(refused('not-allowed', UNMAPPED));
      return change(order, label, (at) => client.amendAppointment(key, { labels: [{ id: label }] }, at), signal);
    },
    ...(amends.length === 0 ? {} : { amends, amend }),
  };
}

const SETTABLE: readonly SettableStatus[] = ['booked', 'arrived', 'checked-in', 'fulfilled', 'noshow'];
const FINAL =
  'The visit is cancelled or marked as not come at the site, which cannot take that back. Place a new booking.';
const OTHERWISE = 'The visit stands otherwise at the site by now. Read it again before you change it.';
const OWN_LABEL =
  'The visit carries a label of the clinic’s own at the site, which keeps only one. Remove that label there first.';
const UNMAPPED = 'The site file maps no label of the account to that.';

/** How a change that was asked for and the record agree, for a call whose answer was lost. */
export async function findChange(
  site: Site<AcuitySettings>,
  client: AcuityClient,
  order: StatusOrder | AmendOrder,
  at: CallFor,
): Promise<Found> {
  const read = await readOrNull(client, order.key, at);
  if (read === null) return { kind: 'absent' };
  return { kind: 'found', at: siteBooking(read, site.settings), stands: standing(read, order, site.settings) };
}

function standing(
  read: ReadAppointment,
  order: StatusOrder | AmendOrder,
  settings: AcuitySettings,
): 'as-asked' | 'as-before' | 'otherwise' {
  const status = statusOf(read, settings);
  if ('status' in order)
    return status === order.status ? 'as-asked' : status === order.from ? 'as-before' : 'otherwise';
  if (read.canceled) return 'otherwise';
  const { from, to } = order;
  const now = amendable(read, settings);
  const isComment = to.comment === undefined || sameText(now.comment, to.comment);
  const isAttendance = to.attendance === undefined || now.attendance === to.attendance;
  if (isComment && isAttendance) return 'as-asked';
  // Notes that the hub has not seen yet would be lost; and whoever has arrived is not asked any more if they come.
  const isOverwritten = !isComment && now.comment !== undefined && !sameText(now.comment, from.comment);
  return isOverwritten || (!isAttendance && status !== 'booked') ? 'otherwise' : 'as-before';
}
