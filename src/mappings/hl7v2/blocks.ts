/** S23 and S24, and appointments whose status is Blocked: time that is closed or opened without a patient. */
import type { BlockChange, Mapped, ResourceAssertion } from '../contract.ts';
import { actorKey } from './actors.ts';
import { appointmentKey } from './identifiers.ts';
import { incomplete, part, type Reading } from './reading.ts';
import { countedSegments, participants, visitZone } from './resources.ts';
import { visitTime } from './times.ts';

export function mapBlock(reading: Reading, closed: boolean): Mapped {
  const counted = countedSegments(reading);
  const zone = visitZone(reading, counted);
  const during = visitTime(reading, counted, zone, null);
  const named = participants(reading, { counted, visit: during, zone, status: 'blocked' });
  const actors = whoIsBlocked(reading, named.map(({ actor }) => actor)); // prettier-ignore
  const issues = [
    ...(during === null
      ? [incomplete('TQ1-7', 'there is no start with an end or a duration, so no time is named')]
      : []),
    ...(actors.length === 0 ? [incomplete('AIP-3', 'no practitioner, place, device or schedule is named')] : []),
  ];
  if (during === null || issues.length > 0) return { kind: 'unreadable', issues };
  const sch = reading.message.first('SCH');
  const id = sch === undefined ? null : appointmentKey(reading, sch);
  const changes = actors.map((actor): BlockChange => {
    const own = named.find((one) => actorKey(one.actor) === actorKey(actor))?.during ?? during;
    const code = actor.kind === 'practitioner' ? actor.assertion.code : actor.code;
    const name = `${actor.kind}:${code}`;
    const key = id === null ? `${name}/${own.start}-${own.end}` : `${id}/${name}`;
    return { kind: 'block', at: reading.at, key, actor, during: own, closed };
  });
  return { kind: 'changes', changes, warnings: reading.warnings };
}

/**
 * All resources of a message are needed together, so what is closed is the person at that place: the person's time
 * alone. A place is closed where no person is named; else a clinic would close because one of its doctors is away.
 */
function whoIsBlocked(reading: Reading, actors: readonly ResourceAssertion[]): readonly ResourceAssertion[] {
  const people = actors.filter(({ kind }) => kind === 'practitioner' || kind === 'calendar');
  if (people.length > 0) return people;
  if (actors.length > 0) return actors;
  const sch = reading.message.first('SCH');
  const code = sch === undefined ? '' : part(sch, 5);
  return Object.hasOwn(reading.site.resources.calendars, code) ? [{ kind: 'calendar', code }] : [];
}
