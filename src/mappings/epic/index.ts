/** What Epic's API says, in canonical changes. Its HL7 v2 feed is read by the mapping of that. */
import type { Mapping } from '../contract.ts';
import { mapAvailability } from './availability.ts';

export const epicMapping: Mapping = {
  accepts: ['availability'],
  map: (message) => mapAvailability(message),
};
