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
  | 'code-invalid'
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

/** Nothing helps until this person acts. */
const caller = (issue: IssueCode, http: number, text: string): ErrorEntry =>
  entry('permanent', 'caller', issue, http, text);
const operator = (issue: IssueCode, http: number, text: string): ErrorEntry =>
  entry('permanent', 'operator', issue, http, text);

export const ERRORS = {
  // Configuration and start
  CONFIG_INVALID: operator(
    'invalid',
    500,
    'The configuration has errors. Run `slotwire check` and mend every line it prints.',
  ),
  CONFIG_UNREADABLE: operator(
    'not-found',
    500,
    'A configuration file or folder cannot be read. Check CONFIG_DIR and the permissions.',
  ),
  DATA_DIR_IN_USE: operator(
    'conflict',
    500,
    'Another hub runs on this DATA_DIR. Stop it first, or give this hub a DATA_DIR of its own.',
  ),
  DATA_DIR_NOT_OURS: operator(
    'forbidden',
    500,
    'DATA_DIR belongs to another user. Start as that user, or choose another DATA_DIR.',
  ),
  DATA_DIR_UNUSABLE: operator(
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
  DATABASE_REFUSED: operator(
    'login',
    500,
    'The database refused the login. Check user, password and database name in DATABASE_URL.',
  ),
  DATABASE_TOO_OLD: operator('not-supported', 500, 'The database server is older than PostgreSQL 15. Use 15 or newer.'),
  DATABASE_CANNOT_START: operator(
    'exception',
    500,
    'The embedded database did not start. Read the last lines of its log in the detail, mend that, and start again.',
  ),
  DATABASE_NOT_BUNDLED: operator(
    'not-supported',
    500,
    'No embedded database comes with this platform. Set DATABASE_URL to a PostgreSQL 15 or newer.',
  ),
  SCHEMA_NEWER: operator(
    'not-supported',
    500,
    'The database was written by a newer release. Start that release; this one leaves it untouched.',
  ),
  SCHEMA_EDITED: operator(
    'conflict',
    500,
    'A migration that was applied differs from the one in this release. Restore the released file.',
  ),
  PORT_IN_USE: operator(
    'conflict',
    500,
    'A port that the hub needs is taken. Stop the other program or set HTTP_PORT or MLLP_PORT.',
  ),
  KEY_MISSING: operator(
    'not-found',
    500,
    'The key that sealed this record is not in the key file. Restore the key file from backup.',
  ),
  SIMULATOR_FAILED: operator(
    'exception',
    500,
    'A simulator of the sandbox did not start. Read the last lines of its log in the detail, and start again.',
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
  SITE_LOGIN_REFUSED: operator(
    'login',
    502,
    'The site refused our credentials. Renew them in the site file, then run `slotwire check`.',
  ),
  SITE_TOKEN_REFUSED: operator(
    'login',
    502,
    'The authorization server of the site gave no access token. Check what the detail lists, in its order.',
  ),
  SIGNING_UNAVAILABLE: operator(
    'not-supported',
    500,
    'The hub has no key that it could sign with here. Read in the detail why, and what to do.',
  ),
  SITE_FORBIDS: operator(
    'forbidden',
    502,
    'The site does not allow this call for our account. Ask the site for the rights named in the README of its kind.',
  ),
  SITE_NOT_FOUND: operator(
    'not-found',
    502,
    'The site does not know this record. Ask the site whether it was deleted, or is kept under another id.',
  ),
  SITE_REFUSED: caller(
    'business-rule',
    422,
    'The site refused the request. Read its reason in the detail, mend that and ask anew, or call the clinic.',
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
    'The site answered in a form that its documentation does not describe. Tell its IT team, with the request id.',
  ),
  SITE_PAGE_FULL: operator(
    'incomplete',
    502,
    'The site has more rows than one answer can hold, in the smallest window there is. Ask it for a larger page.',
  ),
  SITE_CANNOT: caller(
    'not-supported',
    422,
    'This site cannot do that through its interface. Ask the clinic to do it in its own system.',
  ),
  SITE_NOT_WRITABLE: caller(
    'business-rule',
    422,
    'The hub may not book this there now; the detail says why. Choose another site or visit, or call the clinic.',
  ),
  SITE_UNKNOWN: caller('not-found', 404, 'There is no such site. Use one of `slotwire sites`.'),
  CURSOR_UNREADABLE: operator(
    'invalid',
    500,
    'A stored or given cursor does not fit this kind. Reset it, or set it as the README of the kind shows.',
  ),
  // Messages
  MESSAGE_UNREADABLE: operator(
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
  MESSAGE_UNDECIDED: operator(
    'processing',
    422,
    'The message can mean two things. Read the reason, write into the site file what is meant, and replay it.',
  ),
  IDENTIFIER_UNKNOWN: operator(
    'not-found',
    422,
    'The message names people by an authority that the site file does not list. Add it under `identifiers`.',
  ),
  RESOURCE_UNKNOWN: operator(
    'not-found',
    422,
    'The message names a calendar, person or place that the site file does not list. Add it under `resources`.',
  ),
  MERGE_UNDECIDED: operator(
    'conflict',
    422,
    'A merge of records of people cannot be carried out, and later messages about them wait. Ask the site, then ' +
      'replay the message or release it.',
  ),
  LINK_DOUBTFUL: operator(
    'conflict',
    422,
    'The message says that two records are one person, and their birth dates differ. They stay apart; ask the site.',
  ),
  MESSAGE_TOO_LARGE: entry(
    'permanent',
    'site',
    'too-long',
    413,
    'The message is larger than the limit in settings. Send less in one, or have the limit raised.',
  ),
  SIGNATURE_MISSING: entry(
    'permanent',
    'site',
    'login',
    401,
    'The request carries no signature. Nothing was stored. Set the same key at both ends.',
  ),
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
    'The webhook is signed but its body is not what the vendor documents. Nothing was stored. Ask the vendor.',
  ),
  WEBHOOK_UNSUPPORTED: entry(
    'permanent',
    'site',
    'not-supported',
    404,
    'This site has no webhooks. Check the address that the sender was given.',
  ),
  APPLY_FAILED: entry(
    'permanent',
    'hub',
    'exception',
    500,
    'Applying the message failed in a way that repeating did not cure. This is a fault of the hub; report it.',
  ),
  // Callers
  REQUEST_UNREADABLE: caller('structure', 400, 'The request body cannot be parsed. Send it as the detail says.'),
  REQUEST_INVALID: caller('invalid', 400, 'The request is not valid. Mend what the issues name, and send it again.'),
  REQUEST_TOO_LARGE: caller('too-long', 413, 'The request body is larger than the limit. Send less in one request.'),
  MEDIA_TYPE_UNSUPPORTED: caller('not-supported', 415, 'Send FHIR JSON: application/fhir+json.'),
  NOT_ACCEPTABLE: caller('not-supported', 406, 'The hub answers in FHIR R4 JSON only. Accept application/fhir+json.'),
  METHOD_UNSUPPORTED: caller(
    'not-supported',
    405,
    'This interaction is not supported here. Use one that /metadata lists.',
  ),
  PARAMETER_UNKNOWN: caller(
    'not-supported',
    400,
    'A search parameter is not supported. Use those that /metadata lists.',
  ),
  PARAMETER_INVALID: caller(
    'value',
    400,
    'A search parameter has a value that cannot be read. Write it as the detail says.',
  ),
  SEARCH_TOO_COSTLY: caller(
    'too-costly',
    403,
    'The search would bring more than one answer can hold. Narrow it; the detail says how.',
  ),
  NOT_FOUND: caller(
    'not-found',
    404,
    'There is no such resource, or you may not see it. Check the id, or search for it.',
  ),
  TOKEN_MISSING: caller('login', 401, 'Send a bearer token in the Authorization header.'),
  TOKEN_INVALID: caller('login', 401, 'The bearer token is not valid. Ask the operator of the hub for one.'),
  TOKEN_FORBIDS: caller(
    'forbidden',
    403,
    'The token does not allow this. Ask the operator of the hub for what the detail names.',
  ),
  GONE: caller('deleted', 410, 'The resource has been deleted. Search for what has taken its place.'),
  VERSION_MISMATCH: caller(
    'conflict',
    412,
    'The resource has changed since the version you name. Read it again, then decide anew.',
  ),
  RULE_BROKEN: caller(
    'business-rule',
    422,
    'The request breaks a rule. Read in the detail which, and what to do instead.',
  ),
  // Bookings
  SLOT_TAKEN: caller('conflict', 409, 'That time is taken. Choose another slot.'),
  REQUEST_KEY_REUSED: caller(
    'duplicate',
    422,
    'This request key was used with another body. Use a new key for a new request.',
  ),
  BOOKING_NOT_SENT: caller(
    'business-rule',
    422,
    'The booking was never sent to its site, and its time is free again. Read in the detail why, and ask anew.',
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
    'Whether the site has the booking could not be found out. Ask the clinic; the hold is kept until then.',
  ),
  HOLD_LIMIT: entry(
    'transient',
    'caller',
    'throttled',
    429,
    'You hold as many times as one client may. Book one of them, cancel one, or wait until one runs out.',
  ),
  HOLD_EXPIRED: caller(
    'business-rule',
    409,
    'The hold has expired, and its time is free again. Place the booking again.',
  ),
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
  INTERNAL: entry(
    'permanent',
    'hub',
    'exception',
    500,
    'The hub made an error. Report it with the request id, under which the log has it.',
  ),
} as const satisfies Record<string, ErrorEntry>;

export type ErrorCode = keyof typeof ERRORS;
