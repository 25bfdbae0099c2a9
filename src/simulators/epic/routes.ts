/** Every endpoint of the site. What is not here does not exist there: above all, no way to write an Appointment. */
import type { Route } from '../kit/route.ts';
import { guarded, open } from './access.ts';
import { readVisit, searchVisits } from './appointments.ts';
import { book } from './book.ts';
import {
  readLocation,
  readPractitioner,
  readSchedule,
  readSlot,
  searchLocations,
  searchPractitioners,
} from './directory.ts';
import { find } from './find.ts';
import type { Hospital } from './hospital.ts';
import type { KeySets } from './key-sets.ts';
import { match } from './match.ts';
import { capabilities, smartConfiguration } from './metadata.ts';
import { Pages } from './pages.ts';
import { readPatient, searchPatients } from './people.ts';
import { Proposals } from './proposals.ts';
import { tokenRoutes } from './token.ts';

const [R4, STU3] = ['/api/FHIR/R4', '/api/FHIR/STU3'];

export function epicRoutes(hospital: Hospital, keySets: KeySets): Route[] {
  const pages = new Pages(hospital);
  const proposals = new Proposals(hospital.clock);
  const ask = (method: string, path: string, handle: Parameters<typeof guarded>[3]): Route =>
    guarded(hospital, method, path, handle);
  /** By GET, and by POST to `_search` with a form. */
  const search = (path: string, handle: Parameters<typeof guarded>[3]): Route[] => [
    ask('POST', `${path}/_search`, handle),
    ask('GET', path, handle),
  ];
  return [
    ...tokenRoutes(hospital, keySets),
    ...[R4, STU3].map((root) =>
      open(hospital, `${root}/.well-known/smart-configuration`, () => smartConfiguration(hospital)),
    ),
    open(hospital, `${R4}/metadata`, () => capabilities(hospital, 'R4')),
    open(hospital, `${STU3}/metadata`, () => capabilities(hospital, 'STU3')),
    ask('POST', `${R4}/Patient/$match`, (call) => match(hospital, call)),
    ...search(`${R4}/Patient`, (call) => searchPatients(hospital, call)),
    ask('GET', `${R4}/Patient/:id`, (call) => readPatient(hospital, call)),
    ...search(`${R4}/Appointment`, (call) => searchVisits(hospital, pages, 'R4', call)),
    ask('GET', `${R4}/Appointment/:id`, (call) => readVisit(hospital, 'R4', call)),
    ...search(`${R4}/Practitioner`, (call) => searchPractitioners(hospital, call)),
    ask('GET', `${R4}/Practitioner/:id`, (call) => readPractitioner(hospital, call)),
    ...search(`${R4}/Location`, (call) => searchLocations(hospital, call)),
    ask('GET', `${R4}/Location/:id`, (call) => readLocation(hospital, call)),
    ask('POST', `${STU3}/Appointment/$find`, (call, caller) => find(hospital, proposals, call, caller)),
    ask('POST', `${STU3}/Appointment/$book`, (call, caller) => book(hospital, proposals, call, caller)),
    ...search(`${STU3}/Appointment`, (call) => searchVisits(hospital, pages, 'STU3', call)),
    ask('GET', `${STU3}/Appointment/:id`, (call) => readVisit(hospital, 'STU3', call)),
    ask('GET', `${STU3}/Slot/:id`, (call) => readSlot(hospital, call)),
    ask('GET', `${STU3}/Schedule/:id`, (call) => readSchedule(hospital, call)),
  ];
}
