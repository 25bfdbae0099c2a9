/** `Appointment/$find`: what a channel may book in a window (sheet 3.4). */
import { instant, parseInstant, type Interval } from '../../core/instant.ts';
import { DateTime } from 'luxon';
import type { Answer, Call } from '../kit/route.ts';
import type { Caller } from './access.ts';
import { fhir, refusal, searchset, type Issue } from './answers.ts';
import { idOfReference, settingsOf, shownId, type Hospital } from './hospital.ts';
import { QUESTIONS } from './model.ts';
import { codesOf, fieldsOf, listOf, parameter, parametersOf, textOf, type Parameter } from './parameters.ts';
import type { Proposals } from './proposals.ts';
import { showOffer } from './render.ts';
import { offers, type Offer } from './templates.ts';

const NAMES = ['startTime', 'endTime', 'patient', 'indications', 'specialties', 'location-reference', 'time-of-day'];

export function find(hospital: Hospital, proposals: Proposals, call: Call, caller: Caller): Answer {
  const asked = parametersOf(hospital, call);
  const window = windowOf(hospital, asked);
  const issues: Issue[] = [];
  const wanted = { ...visitTypeOf(hospital, asked, issues), ...departmentOf(hospital, asked, issues) };
  const { findLimit, proposalSeconds, serviceTypeName } = settingsOf(hospital);
  for (const { name } of asked) {
    const isKnown = [...NAMES, serviceTypeName].includes(name) || name === otherName(serviceTypeName);
    if (!isKnown) issues.push({ code: '59100', diagnostics: `unknown parameter ${name}` });
  }
  const questions = call.view.all(QUESTIONS).filter((one) => one.at === 'find');
  const isAsked = (code: string | undefined): boolean => questions.some((one) => one.visitType === code);
  const now = hospital.clock.now();
  const from = { start: window.start < now ? now : window.start, end: window.end };
  const free = isAsked(wanted.visitType)
    ? []
    : offers(hospital.seed, call.view, caller.channel, from, wanted)
        .filter((one) => !isAsked(one.visitType))
        .filter((one) => isAtTime(hospital, asked, one));
  if (isAsked(wanted.visitType)) issues.push({ code: '59200' });
  const shown = findLimit > 0 ? free.slice(0, findLimit) : free;
  if (shown.length < free.length) issues.push({ code: '4119' });
  proposals.prune();
  const found = shown.map((offer) => {
    const id = proposals.mint(offer, caller.channel, proposalSeconds);
    return { resource: showOffer(hospital, id, offer) };
  });
  const self = `${hospital.base()}/api/FHIR/STU3/Appointment/$find`;
  return fhir(searchset(hospital, 'STU3', self, found, { issues }));
}

/** @throws Refusal 400 when either end is missing, not a time, or before the other */
function windowOf(hospital: Hospital, asked: readonly Parameter[]): Interval {
  const read = (name: string): number => {
    const text = textOf(parameter(asked, name)?.['valueDateTime']);
    const location = `/f:${name}`;
    if (text === '') throw refusal(hospital, 400, { code: '59108', location });
    const at = parseInstant(text);
    if (at === null) throw refusal(hospital, 400, { code: '59111', location });
    return at;
  };
  const window = { start: instant(read('startTime')), end: instant(read('endTime')) };
  if (window.end <= window.start) throw refusal(hospital, 400, { code: '59111', location: '/f:endTime' });
  return window;
}

/** A visit type under the other of its two names, or one that is not known, is passed over and said so. */
function visitTypeOf(hospital: Hospital, asked: readonly Parameter[], issues: Issue[]): { visitType?: string } {
  const { serviceTypeName } = settingsOf(hospital);
  const other = otherName(serviceTypeName);
  if (parameter(asked, other) !== undefined) issues.push({ code: '59109', location: `/f:${other}` });
  const given = parameter(asked, serviceTypeName);
  if (given === undefined) return {};
  const codes = codesOf(given['valueCodeableConcept']);
  const known = hospital.seed.visitTypes.find((one) => codes.includes(one.code));
  if (known !== undefined) return { visitType: known.code };
  issues.push({ code: '59109', location: `/f:${serviceTypeName}` });
  return {};
}

function otherName(name: 'serviceType' | 'service-type'): string {
  return name === 'serviceType' ? 'service-type' : 'serviceType';
}

function departmentOf(hospital: Hospital, asked: readonly Parameter[], issues: Issue[]): { department?: string } {
  const given = parameter(asked, 'location-reference');
  if (given === undefined) return {};
  const id = idOfReference(textOf(fieldsOf(given['valueReference'])['reference']));
  const known = hospital.seed.departments.find((one) => shownId(hospital, 'STU3', one.fhirId) === id);
  if (known !== undefined) return { department: known.id };
  issues.push({ code: '59109', location: '/f:location-reference' });
  return {};
}

/** Preferences of weekday and time: any that fits is enough; times count from each on for `duration`, else all day. */
function isAtTime(hospital: Hospital, asked: readonly Parameter[], offer: Offer): boolean {
  const wishes = asked.filter((one) => one.name === 'time-of-day');
  if (wishes.length === 0) return true;
  const local = DateTime.fromMillis(offer.start, { zone: hospital.seed.site.timezone, locale: 'en-US' });
  const minute = local.hour * 60 + local.minute;
  return wishes.some(({ fields }) => {
    const repeat = fieldsOf(fieldsOf(fields['valueTiming'])['repeat']);
    const days = listOf(repeat['dayOfWeek']);
    const times = listOf(repeat['timeOfDay']).map((one) => {
      const [hours = 0, minutes = 0] = textOf(one).split(':').map(Number);
      return hours * 60 + minutes;
    });
    const length = Number(repeat['duration'] ?? 24 * 60);
    const isDay = days.length === 0 || days.includes(local.toFormat('ccc').toLowerCase());
    return isDay && (times.length === 0 || times.some((from) => minute >= from && minute < from + length));
  });
}
