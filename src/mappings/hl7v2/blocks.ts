/** S23 and S24, and appointments whose status is Blocked: time that is closed or opened without a patient. */
import { plus, type Interval } from '../../core/instant.ts';
import type { BlockChange } from '../contract-blocks.ts';
import type { Mapped, ResourceAssertion } from '../contract.ts';
import { actorKey } from './actors.ts';
import { appointmentKey } from './identifiers.ts';
import { incomplete, part, type Reading } from './reading.ts';
import { participants, visitZone } from './resources.ts';
import { countedSegments } from './segments.ts';
import { furtherTimes, patternWithoutTimes } from './series.ts';
import { visitTime } from './times.ts';

export function mapBlock(reading: Reading, closed: boolean): Mapped {
  const counted = countedSegments(reading);
  const zone = visitZone(reading, counted);
  const time = visitTime(reading, { counted, zone, usual_min: null });
  const during = time?.during ?? null;
  const named = participants(reading, { counted, visit: during, zone, status: 'blocked' });
  const actors = whoIsBlocked(
    reading,
    named.map(({ actor }) => actor),
  );
  const issues = [
    ...(during === null
      ? [incomplete('TQ1-7', 'there is no start with an end or a duration, so no time is named')]
      : []),
    ...(actors.length === 0 ? [incomplete('AIP-3', 'no practitioner, place, device or schedule is named')] : []),
  ];
  const pattern = time === null ? null : patternWithoutTimes(reading, furtherTimes(reading, time, zone).length);
  if (pattern !== null) issues.push(pattern);
  if (time === null || during === null || issues.length > 0) return { kind: 'unreadable', issues };
  const moves = [0, ...furtherTimes(reading, time, zone).map(({ start }) => start - during.start)];
  const changes = actors.flatMap((actor) => {
    // A person in two resource groups has two times; who is taken for the block as a whole has the block's.
    const own = named.filter((one) => actorKey(one.actor) === actorKey(actor)).map((one) => one.during ?? during);
    const times = own.length === 0 ? [during] : own;
    return moves.flatMap((ms) =>
      times.map(({ start, end }, index) => {
        const name = blockName(reading, actor, { start: plus(start, ms), end: plus(end, ms) }, ms !== 0 || index > 0);
        return { kind: 'block' as const, at: reading.at, actor, closed, ...name };
      }),
    );
  });
  return { kind: 'changes', changes, warnings: reading.warnings };
}

/**
 * By the site's own id and whom it closes; by the time as well where the message has none, or several of that actor.
 */
function blockName(
  reading: Reading,
  actor: ResourceAssertion,
  during: Interval,
  isFurther: boolean,
): Pick<BlockChange, 'key' | 'during'> {
  const sch = reading.message.first('SCH');
  const id = sch === undefined ? null : appointmentKey(reading, sch);
  const name = `${actor.kind}:${actor.kind === 'practitioner' ? actor.assertion.code : actor.code}`;
  if (id === null) return { key: `${name}/${during.start}-${during.end}`, during };
  return { key: isFurther ? `${id}/${name}@${during.start}` : `${id}/${name}`, during };
}

/**
 * All resources of a message are needed together, so what is closed is the person at that place: the person's time
 * alone. A place is closed where no person is named; else a clinic would close because one of its doctors is away.
 */
function whoIsBlocked(reading: Reading, actors: readonly ResourceAssertion[]): readonly ResourceAssertion[] {
  const people = actors.filter(({ kind }) => kind === 'practitioner' || kind === 'calendar');
  if (people.length > 0) return distinct(people);
  if (actors.length > 0) return distinct(actors);
  const sch = reading.message.first('SCH');
  const code = sch === undefined ? '' : part(sch, 5);
  return Object.hasOwn(reading.site.resources.calendars, code) ? [{ kind: 'calendar', code }] : [];
}

function distinct(actors: readonly ResourceAssertion[]): readonly ResourceAssertion[] {
  return [...new Map(actors.map((actor) => [actorKey(actor), actor])).values()];
}
