import type { Obstacle } from './calendar.ts';

/** ERR-5 of this system. */
export type Reason =
  | Obstacle
  | 'MISSING'
  | 'UNREADABLE'
  | 'UNKNOWN_PATIENT'
  | 'MERGED_PATIENT'
  | 'OTHER_PATIENT'
  | 'UNKNOWN_PRACTITIONER'
  | 'UNKNOWN_TYPE'
  | 'UNKNOWN_ROOM'
  | 'UNKNOWN_VISIT'
  | 'NOT_OPEN'
  | 'NOT_STARTED'
  | 'DUPLICATE'
  | 'LOCKED'
  | 'SYSTEM'
  | 'UNSUPPORTED';

/** Table 0357, as the sheet's section 11 lists it. */
export const ERROR_CODES = {
  100: 'Segment sequence error',
  101: 'Required field missing',
  102: 'Data type error',
  103: 'Table value not found',
  200: 'Unsupported message type',
  201: 'Unsupported event code',
  202: 'Unsupported processing id',
  203: 'Unsupported version id',
  204: 'Unknown key identifier',
  205: 'Duplicate key identifier',
  206: 'Application record locked',
  207: 'Application internal error',
} as const;
export type ErrorCode = `${keyof typeof ERROR_CODES}`;

export const OBSTACLES: Readonly<Record<Obstacle, string>> = {
  PAST: 'The requested time is in the past',
  OUTSIDE_HOURS: 'The requested time is outside the hours of the practitioner',
  TAKEN: 'The requested time is not available: slot taken',
  ROOM_TAKEN: 'No room is available at the requested time',
};

/** A request that was understood and is not fulfilled: answered AE. `place` is an ERL: segment^sequence^field. */
export class Denial extends Error {
  readonly code: ErrorCode;
  readonly place: string;
  readonly reason: Reason;

  constructor(code: ErrorCode, place: string, reason: Reason, text: string) {
    super(text);
    this.code = code;
    this.place = place;
    this.reason = reason;
  }
}

export function missing(place: string, what: string): Denial {
  return new Denial('101', place, 'MISSING', `Required: ${what}`);
}
