/** Settings of what a booking takes besides its slot: padding, needed rooms and devices, and the way between places. */
import { keyed, name, objectOf, siteCode, text, wholeNumber } from './declare.ts';
import type { NeedRule, TravelSettings, TravelTime, VisitRule } from './shape.ts';
import type { Setting, SettingsSpec } from './spec.ts';

type FieldsOf<T> = SettingsSpec<T>['fields'];
const HALF_DAY_MIN = 720;
const minutes = wholeNumber(0, HALF_DAY_MIN);

const need: FieldsOf<NeedRule> = {
  room: { schema: text, prose: 'Key of a location of this file that is a room.', optional: true, example: 'r1' },
  device: { schema: siteCode, prose: 'Code of a device of this file.', optional: true },
  before_min: { schema: minutes, prose: 'Taken from so long before the start of the visit.', default: 0 },
  after_min: { schema: minutes, prose: 'Taken until so long behind its end.', default: 0 },
};

const rule: FieldsOf<VisitRule> = {
  padBefore_min: {
    schema: minutes,
    prose: 'How long before the visit its practitioner, and its room, have no other visit.',
    default: 0,
  },
  padAfter_min: { schema: minutes, prose: 'The same behind the visit.', default: 0 },
  needs: {
    schema: { type: 'array', items: objectOf(need) },
    prose: 'Rooms and devices that every such visit takes, also those that the site books itself.',
    default: [],
  },
};

/** `visits` of a site file. */
export const visits: Setting = {
  schema: keyed(name, objectOf(rule)),
  prose: 'By visit type of the catalogue: what such a visit takes besides its slot.',
  default: {},
};

const way: FieldsOf<TravelTime> = {
  from: { schema: text, prose: 'A location as site/location.', example: 'midtown-acuity/north' },
  to: { schema: text, prose: 'Another one.', example: 'riverside-athena/main' },
  minutes: {
    schema: minutes,
    prose: 'How long the way takes; the way back as long, unless it is listed.',
    example: 25,
  },
};

const estimate: FieldsOf<NonNullable<TravelSettings['estimate']>> = {
  speed_km_per_h: { schema: wholeNumber(1, 300), prose: 'How fast the straight line is covered.', default: 30 },
  fixed_min: { schema: minutes, prose: 'Added to every way: to leave, to park.', default: 10 },
};

const fields: FieldsOf<TravelSettings> = {
  matrix: { schema: { type: 'array', items: objectOf(way) }, prose: 'Ways that are known.', default: [] },
  estimate: {
    schema: objectOf(estimate),
    prose: 'For the others: by the straight line, where both locations have latitude and longitude.',
    optional: true,
  },
  otherwise_min: { schema: minutes, prose: 'For ways of which nothing is known.', default: 0 },
};

/** `travel` of hub.yaml. */
export const travel: Setting = {
  schema: objectOf(fields),
  prose: 'How long a practitioner needs from one location to another. Left out: no time.',
  optional: true,
};
