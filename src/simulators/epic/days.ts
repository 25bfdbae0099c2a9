/** What the seed fills: its patients, and invented visits day by day as the horizon moves. */
import { DAY_MS, instant, localDate, MINUTE_MS } from '../../core/instant.ts';
import { addDays, onDate } from '../kit/calendar.ts';
import { randomFrom } from '../kit/random.ts';
import type { Writer } from '../kit/store.ts';
import type { Hospital } from './hospital.ts';
import { MADE_DAYS } from './model.ts';
import { addPatient, byMrn, patientOfPerson } from './records.ts';
import { offers } from './templates.ts';
import { newVisit, openVisit } from './visits.ts';

/** Visits of the first days come without messages: a feed never tells what was there before it was switched on. */
export function makeDays(hospital: Hospital): void {
  const { seed, store } = hospital;
  const isFirst = store.all(MADE_DAYS).length === 0;
  store.write((tx) => {
    for (const one of seed.patients) if (byMrn(tx, one.mrn) === undefined) addPatient(hospital, tx, one);
  });
  const plan = seed.invented;
  if (plan === null) return;
  const today = localDate(hospital.clock.due(), seed.site.timezone);
  for (let day = 0; day <= plan.daysAhead; day += 1) {
    const date = addDays(today, day);
    if (store.get(MADE_DAYS, date) !== undefined) continue;
    store.write((tx) => {
      tx.put(MADE_DAYS, date, true);
      makeDay(hospital, tx, date, !isFirst);
    });
  }
}

function makeDay(hospital: Hospital, tx: Writer, date: string, isTold: boolean): void {
  const { seed } = hospital;
  const plan = seed.invented;
  const start = onDate(date, '00:00', seed.site.timezone);
  if (plan === null || start === null) return;
  const random = randomFrom(`${seed.site.name}:${date}`);
  const taken = new Map<string, number>();
  for (const offer of offers(seed, tx, 'staff', { start, end: instant(start + DAY_MS) })) {
    const isWanted = random() < plan.fill;
    if (!isWanted || offer.start < (taken.get(offer.practitioner) ?? 0)) continue;
    taken.set(offer.practitioner, offer.start + offer.minutes * MINUTE_MS);
    const { id } = patientOfPerson(hospital, tx, plan.firstPerson + Math.floor(random() * plan.people));
    const visit = { ...offer, patient: id, practitioners: [offer.practitioner] };
    if (isTold) openVisit(hospital, tx, visit);
    else newVisit(hospital, tx, visit);
  }
}
