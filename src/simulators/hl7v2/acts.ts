/** What staff of the clinic do; each act queues the message that a real system would send. */
import type { SimulatorParts } from '../kit/kind.ts';
import { FEED_ACTS } from './acts-feed.ts';
import { PEOPLE_ACTS, type Act } from './acts-people.ts';
import { TIME_ACTS, VISIT_ACTS } from './acts-visits.ts';
import type { Clinic } from './clinic.ts';
import { dripVisit, makeDays } from './days.ts';
import { showVisit } from './truth.ts';

type Acts = SimulatorParts['acts'];

export function hl7Acts(clinic: Clinic): Acts {
  const visits = Object.entries(VISIT_ACTS).map(([name, work]): [string, Act] => [
    name,
    (...about) => showVisit(clinic.seed, work(...about)),
  ]);
  const all: Readonly<Record<string, Act>> = {
    ...Object.fromEntries(visits),
    ...TIME_ACTS,
    ...PEOPLE_ACTS,
    ...FEED_ACTS,
    drip: () => dripVisit(clinic),
    'roll-days': () => makeDays(clinic),
  };
  return Object.fromEntries(
    Object.entries(all).map(([name, work]): [string, Acts[string]] => [
      name,
      (request) => {
        const result = clinic.store.write((tx) => work(clinic, tx, request));
        clinic.sender.ring();
        return result;
      },
    ]),
  );
}
