/** Invented visits, made day by day as the horizon moves: a pure function of seed and date. */
import { DAY_MS, instant, localDate } from '../../core/instant.ts';
import { addDays, weekday } from '../kit/calendar.ts';
import { pick, randomFrom } from '../kit/random.ts';
import type { Writer } from '../kit/store.ts';
import { freeStarts, openHours } from './calendar.ts';
import { bookVisit, newVisit, patientOfPerson, type Clinic } from './clinic.ts';
import { MADE_DAYS } from './model.ts';
import type { Invented } from './seed.ts';

/** Past days come without messages: a feed never tells what was over before it was switched on. */
export function makeDays(clinic: Clinic): void {
  const plan = clinic.seed.invented;
  if (plan === null) return;
  const { store } = clinic;
  const today = localDate(clinic.clock.due(), clinic.seed.clinic.timezone);
  const back = store.all(MADE_DAYS).length === 0 ? plan.daysBack : 0;
  for (let day = -back; day <= plan.daysAhead; day += 1) {
    const date = addDays(today, day);
    if (store.get(MADE_DAYS, date) !== undefined) continue;
    store.write((tx) => {
      tx.put(MADE_DAYS, date, true);
      makeDay(clinic, tx, plan, date, day >= 0);
    });
  }
}

function makeDay(clinic: Clinic, tx: Writer, plan: Invented, date: string, isTold: boolean): void {
  const { seed } = clinic;
  for (const practitioner of seed.practitioners) {
    if (plan.weekdays?.[practitioner.id]?.includes(weekday(date)) === false) continue;
    const random = randomFrom(`${seed.clinic.name}:${practitioner.id}:${date}`);
    for (const hours of openHours(seed, tx, practitioner, date)) {
      let from = hours.start;
      while (from < hours.end) {
        const type = pick(seed.visitTypes, random);
        const number = plan.firstPerson + Math.floor(random() * plan.people);
        const isTaken = random() < plan.fill;
        const end = instant(from + type.minutes * 60_000);
        if (isTaken && end <= hours.end) {
          const { mrn } = patientOfPerson(clinic, tx, number);
          const visit = { practitioner, type, start: from, mrn };
          if (isTold) bookVisit(clinic, tx, visit);
          else newVisit(clinic, tx, visit);
        }
        from = end;
      }
    }
  }
}

/** One more visit at the next free time, for the background drip. */
export function dripVisit(clinic: Clinic): void {
  const { seed, store } = clinic;
  const now = clinic.clock.now();
  store.write((tx) => {
    const random = randomFrom(`${seed.clinic.name}:drip:${tx.nextNumber('drip', 1)}`);
    const practitioner = pick(seed.practitioners, random);
    const type = pick(seed.visitTypes, random);
    const window = { start: now, end: instant(now + seed.horizonDays * DAY_MS) };
    const [start] = freeStarts(seed, tx, practitioner, type, window);
    if (start === undefined) return;
    const people = seed.invented ?? { firstPerson: 0, people: 20 };
    const number = people.firstPerson + Math.floor(random() * people.people);
    bookVisit(clinic, tx, { practitioner, type, start, mrn: patientOfPerson(clinic, tx, number).mrn });
  });
}
