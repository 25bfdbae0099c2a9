/** The parts of a booking beside its time: who, answers to forms, label, certificate. */
import { parseInstant, startOfDay } from '../../core/instant.ts';
import type { Writer } from '../kit/store.ts';
import { badRequest, rule, textOf } from './answers.ts';
import { APPOINTMENTS, CLIENTS, type Answered, type Client } from './model.ts';
import type { AppointmentType } from './seed.ts';
import type { World } from './world.ts';

export function readEmail(value: unknown, mayBeEmpty: boolean): string {
  const email = textOf(value);
  if (email === '') {
    if (mayBeEmpty) return '';
    throw rule('required_email');
  }
  if (!/^[^\s@]+@[^\s@]+\.[^\s@]+$/.test(email)) throw rule('invalid_email');
  return email;
}

/** `[{"id": field, "value": text}]`. With `complete` a required field of the type's forms must be there. */
export function readAnswers(
  world: World,
  type: AppointmentType | undefined,
  given: unknown,
  tx: Writer,
  complete: boolean,
): Answered[] {
  if (given !== undefined && given !== null && !Array.isArray(given)) throw rule('invalid_fields');
  const forms = world.seed.forms.filter((form) => type?.formIDs?.includes(form.id) === true);
  const known = forms.flatMap((form) => form.fields);
  const answers = ((given ?? []) as unknown[]).map((one) => {
    if (typeof one !== 'object' || one === null) throw rule('invalid_fields');
    const { id, value } = one as Readonly<Record<string, unknown>>;
    if (!known.some((field) => field.id === Number(id))) throw rule('invalid_fields');
    return { id: tx.nextNumber('field-answer', 70_001), fieldID: Number(id), value: textOf(value) };
  });
  if (complete) {
    const missing = known.some((field) => {
      return field.required === true && !answers.some((one) => one.fieldID === field.id && one.value !== '');
    });
    if (missing) throw rule('required_field');
  }
  return answers;
}

/** At most one label is taken. */
export function readLabel(world: World, given: unknown): number | null {
  if (given === undefined || given === null) return null;
  if (!Array.isArray(given) || given.length > 1) throw badRequest('Attribute "labels" takes one label.');
  const [label] = given as unknown[];
  if (label === undefined) return null;
  const id = typeof label === 'object' && label !== null && 'id' in label ? Number(label.id) : Number(label);
  if (!world.seed.labels.some((one) => one.id === id)) throw badRequest('The label does not exist.');
  return id;
}

export function checkCertificate(world: World, type: AppointmentType, given: unknown): string | null {
  const code = textOf(given);
  if (code === '') return null;
  const certificate = world.seed.certificates.find((one) => one.certificate === code);
  if (certificate === undefined) throw rule('invalid_certificate');
  if (!certificate.appointmentTypeIDs.includes(type.id)) throw rule('invalid_certificate_type');
  const expires = certificate.expires;
  const until =
    expires === undefined ? null : (parseInstant(expires) ?? startOfDay(expires, world.seed.account.timezone));
  if (until !== null && until < world.now) throw rule('expired_certificate');
  const used = world.view.all(APPOINTMENTS).filter((one) => one.certificate === code && !one.canceled).length;
  if (used >= (certificate.remainingUses ?? Infinity)) throw rule('certificate_uses');
  return code;
}

/** Clients have no id: name and phone tell them apart, so another spelling is another client (sheet 6.10). */
export function clientKey(client: Pick<Client, 'firstName' | 'lastName' | 'phone'>): string {
  return [client.firstName, client.lastName, client.phone].map((part) => part.trim().toLowerCase()).join('|');
}

export function rememberClient(tx: Writer, who: Omit<Client, 'notes'>): void {
  const key = clientKey(who);
  const { firstName, lastName, phone } = who;
  const known = tx.get(CLIENTS, key);
  const email = who.email || (known?.email ?? '');
  tx.put(CLIENTS, key, { firstName, lastName, phone, email, notes: known?.notes ?? '' });
}
