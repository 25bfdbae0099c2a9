/**
 * A booking for a golden id: made for the owning site's own record of that person, whom decisions alone have put
 * together. Most callers name a record, so that the id is looked up only where there is no such record; and again when
 * everything is locked, since somebody may have decided meanwhile.
 */
import { HubError } from '../core/errors.ts';
import type { PeopleServing } from '../identity/contract-serve.ts';
import type { Plan, SiteSettings } from '../settings/shape.ts';
import type { Scope, Store, Tx } from '../store/contract.ts';
import type { PlaceRequest } from './contract.ts';
import { NoSuchRecord } from './patient-records.ts';
import { visibleSlot } from './prepare.ts';

/** Absent: this desk knows no golden ids. */
export type People = Pick<PeopleServing, 'meant' | 'goldenOf'>;

interface Deps {
  readonly store: Store;
  readonly plan: () => Plan;
  readonly people?: People;
}

type Asked = Pick<PlaceRequest, 'slotId' | 'patientId' | 'golden'>;

/**
 * As asked, for the record that is meant.
 * @throws HubError `why` itself where that is no golden id either; RULE_BROKEN as `recordMeant`
 */
export async function forRecordMeant<Request extends Asked>(
  deps: Deps,
  request: Request,
  scope: Scope,
  why: unknown,
): Promise<Request> {
  const meant = why instanceof NoSuchRecord ? await resolved(deps, request, scope) : null;
  if (meant === null) throw why;
  return meant;
}

async function resolved<Request extends Asked>(deps: Deps, request: Request, scope: Scope): Promise<Request | null> {
  const { people } = deps;
  const { patientId: golden, slotId } = request;
  if (people === undefined || request.golden !== undefined) return null;
  const patientId = await deps.store.read(scope, async (tx) => {
    const { site } = await visibleSlot(tx, slotId);
    return recordMeant(people, tx, golden, deps.plan().sites.find(({ id }) => id === site) ?? { id: site });
  });
  return patientId === null ? null : { ...request, patientId, golden };
}

/** Of several visits, each for the record that is meant. @throws HubError RULE_BROKEN as `recordMeant` */
export async function ofRecords<Visit extends Asked>(
  deps: Deps,
  visits: readonly Visit[],
  scope: Scope,
): Promise<readonly Visit[]> {
  const named = [...new Set(visits.map(({ patientId }) => patientId))];
  const known = await deps.store.read(scope, (tx) => tx.sight.seen(named));
  const meant: Visit[] = [];
  for (const visit of visits) {
    // What is neither is told of where that visit is held.
    meant.push((known.has(visit.patientId) ? null : await resolved(deps, visit, scope)) ?? visit);
  }
  return meant;
}

/** Under the locks of the booking. @throws HubError TOO_BUSY where the id stands for another record by now */
export async function checkStillMeant(
  people: People | undefined,
  tx: Tx,
  { patientId, golden }: Asked,
  site: SiteSettings,
): Promise<void> {
  if (golden === undefined || people === undefined) return;
  if ((await recordMeant(people, tx, golden, site)) === patientId) return;
  const detail = 'it was decided at this moment who this patient is: send the same request again';
  throw new HubError('TOO_BUSY', { detail, site: site.id });
}

/**
 * The site's own record of the person: the one in use there, after a merge the one that stands for it. A person whom
 * only one record tells of at all is that record. Null: no such golden id.
 * @throws HubError RULE_BROKEN where nobody can tell which record is meant
 */
async function recordMeant(
  people: People,
  tx: Tx,
  golden: string,
  site: Pick<SiteSettings, 'id'> & Partial<Pick<SiteSettings, 'identity'>>,
): Promise<string | null> {
  const meant = await people.meant(tx, golden);
  if (meant === null) return null;
  const refused = (detail: string): HubError => new HubError('RULE_BROKEN', { detail, site: site.id });
  if (meant.kind === 'several') {
    throw refused(
      'this golden id stood for people who were told apart: read it, and book with the Patient of the one that is ' +
        'meant of those that its links lead to',
    );
  }
  const inUse = meant.records.filter((record) => record.inUse);
  const there = inUse.filter((record) => record.site === site.id || record.site === site.identity);
  const [only, ...more] = there.length > 0 ? there : inUse;
  if (only !== undefined && more.length === 0) return only.id;
  if (only === undefined) {
    throw refused(
      'the records of this patient were removed by their sites: have the clinic register the patient, then book with ' +
        'that record',
    );
  }
  if (there.length > 0) {
    throw refused(
      'the site has several records of this patient: book with the Patient of the one that is meant (link seealso of ' +
        'the golden record names them), or have the clinic merge them',
    );
  }
  throw refused(
    'the site has no record of this patient, and several others do: book with the Patient of the record whose name ' +
      'and contact the site is to be told (link seealso of the golden record names them)',
  );
}

/** Whether a golden id stands for the person of this record. */
export async function isPersonOf(people: People | undefined, tx: Tx, golden: string, record: string): Promise<boolean> {
  const meant = (await people?.meant(tx, golden)) ?? null;
  return meant?.kind === 'one' && meant.records.some(({ id }) => id === record);
}
