/**
 * The one catalogue of errors. A code says what happened; its class says whether the same call may be repeated:
 *   transient  it provably did not happen, repeat later
 *   ambiguous  it may have happened: look it up, never repeat blindly
 *   permanent  it did not happen and repeating does not help
 * `act` is who must do something. `text` is for that person: what happened and what to do, never patient data.
 * test/core/errors.test.ts ties this table to docs/errors.md; a retired code is never used again.
 */
export type ErrorClass = 'transient' | 'ambiguous' | 'permanent';
export type Actor = 'hub' | 'site' | 'operator' | 'caller';

/** FHIR R4 issue-type codes that we use (http://hl7.org/fhir/issue-type). */
export type IssueCode =
  | 'invalid'
  | 'structure'
  | 'required'
  | 'value'
  | 'invariant'
  | 'login'
  | 'expired'
  | 'forbidden'
  | 'not-supported'
  | 'not-found'
  | 'deleted'
  | 'multiple-matches'
  | 'too-long'
  | 'too-costly'
  | 'business-rule'
  | 'conflict'
  | 'exception'
  | 'timeout'
  | 'throttled'
  | 'no-store'
  | 'incomplete'
  | 'duplicate'
  | 'processing'
  | 'informational';

interface ErrorEntry {
  readonly class: ErrorClass;
  readonly act: Actor;
  readonly text: string;
  readonly issue: IssueCode;
  readonly http: number;
}

function entry(cls: ErrorClass, act: Actor, issue: IssueCode, http: number, text: string): ErrorEntry {
  return { class: cls, act, issue, http, text };
}

export const ERRORS = {
  // Configuration and start
  CONFIG_INVALID: entry(
    'permanent',
    'operator',
    'invalid',
    500,
    'The configuration has errors. Run `slotwire check` and mend every line it prints.',
  ),
  CONFIG_UNREADABLE: entry(
    'permanent',
    'operator',
    'not-found',
    500,
    'A configuration file or folder cannot be read. Check CONFIG_DIR and the permissions.',
  ),
  DATA_DIR_IN_USE: entry(
    'permanent',
    'operator',
    'conflict',
    500,
    'Another hub runs on this DATA_DIR. Stop it first, or give this hub a DATA_DIR of its own.',
  ),
  DATA_DIR_NOT_OURS: entry(
    'permanent',
    'operator',
    'forbidden',
    500,
    'DATA_DIR belongs to another user. Start as that user, or choose another DATA_DIR.',
  ),
  DATA_DIR_UNUSABLE: entry(
    'permanent',
    'operator',
    'no-store',
    500,
    'DATA_DIR cannot be used as a data folder. Read the detail, then choose another DATA_DIR or mend the permissions.',
  ),
  DISK_FULL: entry(
    'transient',
    'operator',
    'no-store',
    503,
    'The disk is full. Free space; nothing that was acknowledged is lost and work resumes by itself.',
  ),
  DATABASE_UNREACHABLE: entry(
    'transient',
    'operator',
    'no-store',
    503,
    'The database does not answer. Check that it runs and that DATABASE_URL is right.',
  ),
  DATABASE_ANSWER_LOST: entry(
    'ambiguous',
    'hub',
    'timeout',
    503,
    'The connection to the database was lost while it was saving. Look up whether it was saved before repeating.',
  ),
  DATABASE_REFUSED: entry(
    'permanent',
    'operator',
    'login',
    500,
    'The database refused the login. Check user, password and database name in DATABASE_URL.',
  ),
  DATABASE_TOO_OLD: entry(
    'permanent',
    'operator',
    'not-supported',
    500,
    'The database server is older than PostgreSQL 15. Use 15 or newer.',
  ),
  DATABASE_CANNOT_START: entry(
    'permanent',
    'operator',
    'exception',
    500,
    'The embedded database did not start. The detail holds the last lines of its log.',
  ),
  DATABASE_NOT_BUNDLED: entry(
    'permanent',
    'operator',
    'not-supported',
    500,
    'No embedded database comes with this platform. Set DATABASE_URL to a PostgreSQL 15 or newer.',
  ),
  SCHEMA_NEWER: entry(
    'permanent',
    'operator',
    'not-supported',
    500,
    'The database was written by a newer release. Start that release; this one leaves it untouched.',
  ),
  SCHEMA_EDITED: entry(
    'permanent',
    'operator',
    'conflict',
    500,
    'A migration that was applied differs from the one in this release. Restore the released file.',
  ),
  PORT_IN_USE: entry(
    'permanent',
    'operator',
    'conflict',
    500,
    'A port that the hub needs is taken. Stop the other program or set HTTP_PORT or MLLP_PORT.',
  ),
  KEY_MISSING: entry(
    'permanent',
    'operator',
    'not-found',
    500,
    'The key that sealed this record is not in the key file. Restore the key file from backup.',
  ),
  SIMULATOR_FAILED: entry(
    'permanent',
    'operator',
    'exception',
    500,
    'A simulator of the sandbox did not start. The detail holds the last lines of its log.',
  ),
  // Sites
  SITE_UNREACHABLE: entry(
    'transient',
    'site',
    'timeout',
    503,
    'The site does not answer. It is asked again by itself; call its IT team if that goes on.',
  ),
  SITE_RATE_LIMITED: entry(
    'transient',
    'hub',
    'throttled',
    503,
    'The site limits our calls. The hub waits as told and goes on by itself.',
  ),
  SITE_DOWN: entry(
    'transient',
    'site',
    'timeout',
    503,
    'The site is down and takes no bookings until it answers again. Try again later, or call the clinic.',
  ),
  SITE_FAILED: entry(
    'transient',
    'site',
    'exception',
    503,
    'The site answered with an error of its own. It is asked again by itself.',
  ),
  SITE_LOGIN_REFUSED: entry(
    'permanent',
    'operator',
    'login',
    502,
    'The site refused our credentials. Renew them in the site file, then run `slotwire check`.',
  ),
  SITE_FORBIDS: entry(
    'permanent',
    'operator',
    'forbidden',
    502,
    'The site does not allow this call for our account. Ask the site for the rights named in the README of its kind.',
  ),
  SITE_NOT_FOUND: entry('permanent', 'operator', 'not-found', 502, 'The site does not know this record.'),
  SITE_REFUSED: entry(
    'permanent',
    'caller',
    'business-rule',
    422,
    'The site refused the request; the detail gives its reason.',
  ),
  SITE_ANSWER_LOST: entry(
    'ambiguous',
    'hub',
    'timeout',
    503,
    'The answer of the site was lost. The hub looks up whether it happened.',
  ),
  SITE_ANSWER_UNREADABLE: entry(
    'ambiguous',
    'site',
    'structure',
    502,
    'The site answered in a form that its documentation does not describe.',
  ),
  SITE_PAGE_FULL: entry(
    'permanent',
    'operator',
    'incomplete',
    502,
    'The site has more rows than one answer can hold, in the smallest window that can be asked for.',
  ),
  SITE_CANNOT: entry(
    'permanent',
    'caller',
    'not-supported',
    422,
    'This site cannot do that through its interface. Ask the clinic to do it in its own system.',
  ),
  SITE_NOT_WRITABLE: entry(
    'permanent',
    'caller',
    'business-rule',
    422,
    'This site takes no bookings from the hub: its stage, scope or write policy forbids it.',
  ),
  SITE_UNKNOWN: entry('permanent', 'caller', 'not-found', 404, 'There is no such site.'),
  CURSOR_UNREADABLE: entry(
    'permanent',
    'operator',
    'invalid',
    500,
    'A stored or given cursor does not fit this kind. Reset it, or set it as the README of the kind shows.',
  ),
  // Messages
  MESSAGE_UNREADABLE: entry(
    'permanent',
    'operator',
    'structure',
    422,
    'The message cannot be read as its kind demands. It is kept; replay it after the mapping is mended.',
  ),
  MESSAGE_INCOMPLETE: entry(
    'permanent',
    'site',
    'required',
    422,
    'The message lacks something without which it means nothing. The site must send it in full.',
  ),
  MESSAGE_UNDECIDED: entry(
    'permanent',
    'operator',
    'processing',
    422,
    'The message can mean two things. Read the reason, write into the site file what is meant, and replay it.',
  ),
  IDENTIFIER_UNKNOWN: entry(
    'permanent',
    'operator',
    'not-found',
    422,
    'The message names people by an authority that the site file does not list. Add it under `identifiers`.',
  ),
  RESOURCE_UNKNOWN: entry(
    'permanent',
    'operator',
    'not-found',
    422,
    'The message names a calendar, person or place that the site file does not list. Add it under `resources`.',
  ),
  MERGE_UNDECIDED: entry(
    'permanent',
    'operator',
    'conflict',
    422,
    'A merge of records of people cannot be carried out, and later messages about them wait. Ask the site, then ' +
      'replay the message or release it.',
  ),
  LINK_DOUBTFUL: entry(
    'permanent',
    'operator',
    'conflict',
    422,
    'The message says that two records are one person, and their birth dates differ. They stay apart; ask the site.',
  ),
  MESSAGE_TOO_LARGE: entry('permanent', 'site', 'too-long', 413, 'The message is larger than the limit in settings.'),
  SIGNATURE_MISSING: entry('permanent', 'site', 'login', 401, 'The request carries no signature. Nothing was stored.'),
  SIGNATURE_WRONG: entry(
    'permanent',
    'site',
    'login',
    401,
    'The signature does not fit the bytes received. Check the key at both ends. Nothing was stored.',
  ),
  WEBHOOK_UNREADABLE: entry(
    'permanent',
    'site',
    'structure',
    400,
    'The webhook is signed but its body is not what the vendor documents. Nothing was stored.',
  ),
  WEBHOOK_UNSUPPORTED: entry('permanent', 'site', 'not-supported', 404, 'This site has no webhooks.'),
  APPLY_FAILED: entry(
    'permanent',
    'hub',
    'exception',
    500,
    'Applying the message failed in a way that repeating did not cure. This is a fault of the hub; report it.',
  ),
  // Callers
  REQUEST_UNREADABLE: entry('permanent', 'caller', 'structure', 400, 'The request body cannot be parsed.'),
  REQUEST_INVALID: entry(
    'permanent',
    'caller',
    'invalid',
    400,
    'The request is not valid; the issues say where and why.',
  ),
  REQUEST_TOO_LARGE: entry('permanent', 'caller', 'too-long', 413, 'The request body is larger than the limit.'),
  MEDIA_TYPE_UNSUPPORTED: entry('permanent', 'caller', 'not-supported', 415, 'Send FHIR JSON: application/fhir+json.'),
  NOT_ACCEPTABLE: entry('permanent', 'caller', 'not-supported', 406, 'The hub answers in FHIR R4 JSON only.'),
  METHOD_UNSUPPORTED: entry(
    'permanent',
    'caller',
    'not-supported',
    405,
    'This interaction is not supported here; /metadata lists what is.',
  ),
  PARAMETER_UNKNOWN: entry(
    'permanent',
    'caller',
    'not-supported',
    400,
    'A search parameter is not supported; /metadata lists what is.',
  ),
  PARAMETER_INVALID: entry('permanent', 'caller', 'value', 400, 'A search parameter has a value that cannot be read.'),
  SEARCH_TOO_COSTLY: entry(
    'permanent',
    'caller',
    'too-costly',
    403,
    'The search would bring more than one answer can hold. Narrow it; the detail says how.',
  ),
  NOT_FOUND: entry('permanent', 'caller', 'not-found', 404, 'There is no such resource, or you may not see it.'),
  TOKEN_MISSING: entry('permanent', 'caller', 'login', 401, 'Send a bearer token in the Authorization header.'),
  TOKEN_INVALID: entry('permanent', 'caller', 'login', 401, 'The bearer token is not valid.'),
  TOKEN_FORBIDS: entry('permanent', 'caller', 'forbidden', 403, 'The token does not allow this.'),
  GONE: entry('permanent', 'caller', 'deleted', 410, 'The resource has been deleted.'),
  VERSION_MISMATCH: entry(
    'permanent',
    'caller',
    'conflict',
    412,
    'The resource has changed since the version you name. Read it again.',
  ),
  RULE_BROKEN: entry('permanent', 'caller', 'business-rule', 422, 'The request breaks a rule; the detail says which.'),
  // Bookings
  SLOT_TAKEN: entry('permanent', 'caller', 'conflict', 409, 'That time is taken. Choose another slot.'),
  REQUEST_KEY_REUSED: entry(
    'permanent',
    'caller',
    'duplicate',
    422,
    'This request key was used with another body. Use a new key for a new request.',
  ),
  BOOKING_NOT_SENT: entry(
    'permanent',
    'caller',
    'business-rule',
    422,
    'The booking was never sent to its site, and its time is free again; the detail says why and what to do.',
  ),
  BOOKING_PENDING: entry(
    'ambiguous',
    'hub',
    'informational',
    202,
    'The site has not decided yet. Ask the status address again.',
  ),
  BOOKING_UNRESOLVED: entry(
    'ambiguous',
    'operator',
    'timeout',
    503,
    'Whether the site has the booking could not be found out. The hold is kept until a person decides.',
  ),
  HOLD_LIMIT: entry(
    'transient',
    'caller',
    'throttled',
    429,
    'You hold as many times as one client may. Book one of them, cancel one, or wait until one runs out.',
  ),
  HOLD_EXPIRED: entry('permanent', 'caller', 'business-rule', 409, 'The hold has expired. Place the booking again.'),
  // The hub itself
  STOPPING: entry('transient', 'hub', 'exception', 503, 'The hub is stopping. Try again in a moment.'),
  NOT_READY: entry('transient', 'hub', 'exception', 503, 'The hub is starting. Try again in a moment.'),
  REQUEST_TOO_SLOW: entry(
    'ambiguous',
    'hub',
    'timeout',
    504,
    'The hub did not finish in time. Look up what became of the request before repeating it.',
  ),
  TOO_BUSY: entry('transient', 'hub', 'throttled', 429, 'Too many requests at once. Try again in a moment.'),
  INTERNAL: entry('permanent', 'hub', 'exception', 500, 'The hub made an error. The log has it under the request id.'),
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof ERRORS;
