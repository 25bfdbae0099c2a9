/**
 * Work items: what a person must do. The row decides whether one is open; the FHIR Task beside it is what lists and
 * searches show. Both are written in the caller's transaction. Part of Tx.
 */
import { formatInstant, type Instant } from '../core/instant.ts';
import { isUuid } from '../core/ids.ts';
import { SYSTEMS, type Task } from '../fhir/types.ts';
import { timestamptz } from './column-types.ts';
import type { WorkItem, WorkItemStore } from './contract-bookings.ts';
import type { ChainStep, WorkCount } from './contract-ledger.ts';
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
  readonly escalated: number;
}

const OPENED = 'id, kind, subject, site, role, due_at, opened_at, evidence';
const COLUMNS = `${OPENED}, escalated`;
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
  'patient-conflict':
    'One number of a site comes with two people. Ask the site whose it is, then look at the visits of that record.',
  'patient-unknown':
    'Somebody wants to book for a patient of whom the site has no record. Register the patient at the site.',
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
        text: `INSERT INTO work_item (${OPENED}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
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

    /** In the scope's reach. */
    async list(limit, role) {
      const { rows } = await q.query<Row>({
        name: 'work-item-list', // work_item_due
        text: `SELECT ${COLUMNS} FROM work_item
               WHERE closed_at IS NULL AND (site IS NULL OR $2::text[] IS NULL OR site = ANY($2))
                 AND ($3::text IS NULL OR role = $3)
               ORDER BY due_at, id LIMIT $1`,
        values: [limit, scope.sites === '*' ? null : scope.sites, role ?? null],
      });
      return rows.map(toItem);
    },

    async escalate(chain, own, now) {
      const { rows } = await q.query<Row & { readonly from_role: string }>({
        name: 'work-item-escalate', // work_item_due
        // Whoever closes one just now is not waited for; a second hub takes others.
        text: `WITH late AS (
                 SELECT w.id, w.role AS from_role, c.role, c.step FROM work_item w
                 JOIN ${CHAIN} ON c.step = w.escalated + 1
                   AND (c.kind = w.kind OR (c.kind IS NULL AND NOT w.kind = ANY($6::text[])))
                 WHERE w.closed_at IS NULL AND w.due_at <= $5 AND w.due_at + c.after_ms * interval '1 millisecond' <= $5
                 ORDER BY w.due_at, w.id LIMIT ${String(AT_ONCE)} FOR UPDATE OF w SKIP LOCKED)
               UPDATE work_item w SET role = late.role, escalated = late.step FROM late WHERE w.id = late.id
               RETURNING ${COLUMNS.split(', ').map((column) => `w.${column}`).join(', ')}, late.from_role`,
        values: [...chainValues(chain), timestamptz(now), own],
      }); // prettier-ignore
      for (const row of rows) await writeTask(resources, toItem(row), 'requested', now);
      return rows.map(({ kind, subject, site, role, escalated, from_role }) => ({
        kind,
        subject,
        site,
        role,
        from: from_role,
        step: escalated,
      }));
    },

    async counts(now) {
      const { rows } = await q.query<WorkCount>({
        name: 'work-item-counts', // work_item_due
        text: `SELECT kind, role, due_at <= $1 AS "isOverdue", count(*) AS count FROM work_item
               WHERE closed_at IS NULL GROUP BY 1, 2, 3 ORDER BY 1, 2, 3`,
        values: [timestamptz(now)],
      });
      return rows;
    },
  };
}

/** Steps as rows `c`; the first four values of the statement. */
export const CHAIN =
  'unnest($1::text[], $2::int[], $3::text[], $4::double precision[]) AS c(kind, step, role, after_ms)';
export const AT_ONCE = 100;

export function chainValues(chain: readonly ChainStep[]): readonly unknown[] {
  return [
    chain.map(({ kind }) => kind),
    chain.map(({ step }) => step),
    chain.map(({ role }) => role),
    chain.map(({ after_ms }) => after_ms),
  ];
}

/** The higher it went, the more it presses. */
const PRIORITY = ['routine', 'urgent', 'asap', 'stat'] as const;

/** Where a site was asked to do it already, to be told to do it would make a duplicate there. */
function sayOf({ kind, evidence }: WorkItem): string {
  const { registration, do: told } = evidence;
  return registration === undefined || told === undefined ? SAYS[kind] : told;
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
    priority: PRIORITY[Math.min(item.escalated ?? 0, PRIORITY.length - 1)] ?? 'routine',
    code: { coding: [{ system: SYSTEMS.workItem, code: item.kind }] },
    description: sayOf(item),
    ...(appointment !== undefined && isUuid(appointment) ? { focus: { reference: `Appointment/${appointment}` } } : {}),
    authoredOn: formatInstant(item.openedAt),
    performerType: [{ coding: [{ system: SYSTEMS.workRole, code: item.role }] }],
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
        ...tokens('performer', SYSTEMS.workRole, item.role),
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
    ...(row.escalated === 0 ? {} : { escalated: row.escalated }),
    evidence: JSON.parse(row.evidence) as Readonly<Record<string, string>>,
  };
}
