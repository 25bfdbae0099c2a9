/**
 * Work items: what a person must do. The row decides whether one is open; the FHIR Task beside it is what lists and
 * searches show. Both are written in the caller's transaction. Part of Tx.
 */
import { formatInstant, type Instant } from '../core/instant.ts';
import { isUuid } from '../core/ids.ts';
import { SYSTEMS, type Task } from '../fhir/types.ts';
import { timestamptz } from './column-types.ts';
import type { WorkItem, WorkItemStore } from './contract-bookings.ts';
import type { ResourceStore } from './contract-resources.ts';
import type { Scope } from './contract.ts';
import type { Queryable } from './postgres.ts';

interface Row {
  readonly id: string;
  readonly kind: WorkItem['kind'];
  readonly subject: string;
  readonly site: string | null;
  readonly role: string;
  readonly due_at: Instant;
  readonly opened_at: Instant;
  readonly evidence: string;
}

const COLUMNS = 'id, kind, subject, site, role, due_at, opened_at, evidence';
const TASK_STATUS = 'http://hl7.org/fhir/task-status';

/** What is to be done, for the person who must do it. */
const SAYS: Readonly<Record<WorkItem['kind'], string>> = {
  unmapped: 'The site uses a code that its site file does not map. Map it, or mark it as not bookable.',
  parked: 'A message could not be applied and waits. Mend the cause, then replay it.',
  'unresolved-booking': 'Whether the site has this booking could not be found out. Ask the clinic, then settle it.',
  conflict: 'One person or room is taken twice at the same time. Ask the clinics which visit stays.',
  'mirror-refused': 'A site refused the block for a visit elsewhere. Close that time there by hand.',
  approval: 'A booking waits for approval. Approve or refuse it.',
  'failed-undo':
    'A visit of a set stands although the set came to nothing, and the hub cannot take it back. Cancel it at the ' +
    'site, or tell the patient that it stays.',
  'unheard-answer':
    'A system that asks for appointments by HL7 v2 does not take what the hub answered or told it. Tell its people ' +
    'how the appointment stands, and have it take the message; when it asks again it is answered again.',
  'practitioner-conflict':
    'What is said of a practitioner fits two people. Look the number up, then say in the site file who the code is.',
};

export function workItemStore(q: Queryable, scope: Scope, resources: Pick<ResourceStore, 'put'>): WorkItemStore {
  return {
    async open(item) {
      const { rowCount } = await q.query({
        name: 'work-item-open',
        // work_item_open decides. Two that open the same one at once: the second waits for the first, then finds it
        // open.
        text: `INSERT INTO work_item (${COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
               ON CONFLICT (kind, subject) WHERE closed_at IS NULL DO NOTHING`,
        values: [
          item.id,
          item.kind,
          item.subject,
          item.site,
          item.role,
          timestamptz(item.dueAt),
          timestamptz(item.openedAt),
          JSON.stringify(item.evidence),
        ],
      });
      if (rowCount === 0) return false;
      await writeTask(resources, item, 'requested', item.openedAt);
      return true;
    },

    async close(kind, subject, now) {
      const { rows } = await q.query<Row>({
        name: 'work-item-close', // work_item_open
        text: `UPDATE work_item SET closed_at = $3 WHERE kind = $1 AND subject = $2 AND closed_at IS NULL
               RETURNING ${COLUMNS}`,
        values: [kind, subject, timestamptz(now)],
      });
      const row = rows[0];
      if (row === undefined) return false;
      await writeTask(resources, toItem(row), 'completed', now);
      return true;
    },

    async openAbout(kind, ids) {
      const { rows } = await q.query<{ subject: string }>({
        name: 'work-item-open-about', // work_item_open: only those that are open, which are few
        text: `SELECT subject FROM work_item
               WHERE kind = $1 AND closed_at IS NULL AND string_to_array(subject, ':') && $2::text[] ORDER BY subject`,
        values: [kind, ids],
      });
      return rows.map((row) => row.subject);
    },

    /** Open ones in the scope's reach, those due first. */
    async list(limit) {
      const { rows } = await q.query<Row>({
        name: 'work-item-list', // work_item_due
        text: `SELECT ${COLUMNS} FROM work_item
               WHERE closed_at IS NULL AND (site IS NULL OR $2::text[] IS NULL OR site = ANY($2))
               ORDER BY due_at, id LIMIT $1`,
        values: [limit, scope.sites === '*' ? null : scope.sites],
      });
      return rows.map(toItem);
    },
  };
}

async function writeTask(
  resources: Pick<ResourceStore, 'put'>,
  item: WorkItem,
  status: 'requested' | 'completed',
  now: Instant,
): Promise<void> {
  const appointment = item.evidence['appointment'];
  const resource: Task = {
    resourceType: 'Task',
    identifier: [{ system: SYSTEMS.workItem, value: item.subject }],
    status,
    intent: 'order',
    code: { coding: [{ system: SYSTEMS.workItem, code: item.kind }] },
    description: SAYS[item.kind],
    ...(appointment !== undefined && isUuid(appointment) ? { focus: { reference: `Appointment/${appointment}` } } : {}),
    authoredOn: formatInstant(item.openedAt),
    restriction: { period: { end: formatInstant(item.dueAt) } },
    ...(item.kind === 'conflict' ? { input: inputsOf(item.evidence) } : {}),
  };
  await resources.put(
    {
      type: 'Task',
      id: item.id,
      site: item.site,
      resource,
      active: status === 'requested',
      tokens: [
        ...tokens('status', TASK_STATUS, status),
        ...tokens('code', SYSTEMS.workItem, item.kind),
        ...tokens('identifier', SYSTEMS.workItem, item.subject),
      ],
      during: { start: item.openedAt, end: item.dueAt },
    },
    { site: item.site, messageId: null, siteTime: null, now },
  );
}

/** What each of a conflict's facts refers to; the others are words. */
const REFERS: Readonly<Record<string, 'Appointment' | 'Slot'>> = {
  appointment: 'Appointment',
  other: 'Appointment',
  visits: 'Appointment',
  move: 'Appointment',
  candidates: 'Slot',
};

type Inputs = NonNullable<Task['input']>;

/** Who decides which visit stays sees why it is a conflict, both visits, and where one of them could go. */
function inputsOf(evidence: WorkItem['evidence']): Inputs {
  return Object.entries(evidence).flatMap(([fact, value]): Inputs => {
    const type = { text: fact };
    const to = REFERS[fact];
    if (to === undefined) return [{ type, valueString: value }];
    return value.split(',').map((id) => ({ type, valueReference: { reference: `${to}/${id}` } }));
  });
}

/** Both forms that a search may ask for: with the system, and with any. */
function tokens(param: string, system: string, code: string): readonly string[] {
  return [`${param}:${system}|${code}`, `${param}:*|${code}`];
}

function toItem(row: Row): WorkItem {
  return {
    id: row.id,
    kind: row.kind,
    subject: row.subject,
    site: row.site,
    role: row.role,
    dueAt: row.due_at,
    openedAt: row.opened_at,
    evidence: JSON.parse(row.evidence) as Readonly<Record<string, string>>,
  };
}
