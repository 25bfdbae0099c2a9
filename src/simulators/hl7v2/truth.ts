/** The whole truth of the clinic for `/__sim/state`. Times are UTC with `Z`; `local` is the clinic's wall clock. */
import { DAY_MS, instant, MINUTE_MS } from '../../core/instant.ts';
import type { SimulatorParts } from '../kit/kind.ts';
import { OUTBOUND, TARGET, type Outbound } from '../kit/outbound.ts';
import { freeStarts } from './calendar.ts';
import { seedOf, settingsOf, type Clinic } from './clinic.ts';
import { timestamp } from '../kit/hl7-encode.ts';
import { endOf } from './segments.ts';
import { BLOCKS, LINKS, PATIENTS, PLACES, REGISTRATIONS, REQUESTS, STAFF, VISITS, type Visit } from './model.ts';
import type { Seed } from './seed.ts';

export function hl7Truth(clinic: Clinic): SimulatorParts['truth'] {
  const { seed, store } = clinic;
  return {
    timezone: () => seed.clinic.timezone,
    clinic: () => seed.clinic,
    practitioners: () =>
      seedOf(clinic, store).practitioners.map((one) => ({
        ...one,
        isActive: store.get(STAFF, one.id)?.isActive ?? true,
      })),
    rooms: () => seed.rooms,
    places: () => store.all(PLACES),
    links: () => store.all(LINKS),
    visitTypes: () => seed.visitTypes,
    settings: () => settingsOf(seed, store),
    target: () => store.get(TARGET, 'target') ?? null,
    slots: (query) => slots(clinic, Number(query.get('days') ?? seed.horizonDays)),
    appointments: () => store.all(VISITS).map((visit) => showVisit(seed, visit)),
    blocks: () => store.all(BLOCKS).map((one) => ({ ...one, start: utc(one.start), end: utc(one.end) })),
    patients: () => store.all(PATIENTS),
    registrations: () => store.all(REGISTRATIONS),
    answered: () => store.all(REQUESTS).map((one) => ({ ...one, receivedAt: utc(one.receivedAt) })),
    queue: () => store.all(OUTBOUND).flatMap((one) => (one.state === 'queued' ? [showMessage(one)] : [])),
    sent: () =>
      store.all(OUTBOUND).flatMap((one) => (one.tries.length > 0 || one.state === 'lost' ? [showMessage(one)] : [])),
  };
}

export function showVisit(seed: Seed, visit: Visit): Record<string, unknown> {
  const { timezone } = seed.clinic;
  const [start, end] = [utc(visit.start), utc(endOf(visit))];
  return { ...visit, start, end, local: timestamp(visit.start, timezone), createdAt: utc(visit.createdAt) };
}

function showMessage(message: Outbound): Record<string, unknown> {
  const tries = message.tries.map((one) => ({ ...one, at: utc(one.at) }));
  return { ...message, queuedAt: utc(message.queuedAt), tries };
}

/** Free starts, one row per practitioner and visit type. No message tells them; they are here to compare with. */
function slots(clinic: Clinic, days: number): object[] {
  const { seed, store } = clinic;
  const now = clinic.clock.now();
  const window = { start: now, end: instant(now + days * DAY_MS) };
  return seed.practitioners.flatMap((who) =>
    seed.visitTypes.flatMap((type) =>
      freeStarts(seed, store, who, type, window).map((start) => ({
        practitioner: who.id,
        visitType: type.code,
        start: utc(start),
        end: utc(start + type.minutes * MINUTE_MS),
      })),
    ),
  );
}

function utc(at: number): string {
  return new Date(at).toISOString();
}
