/**
 * What decisions about a site's own records come to, shown in their Patients: a merged one is not in use and names the
 * one that stands for it. Links between sites are not shown there: they would tell one site's readers of another site.
 */
import type { Patient } from '../../fhir/types.ts';
import type { KnownRecord } from '../../store/contract-identity.ts';
import type { Cause } from '../../store/contract-resources.ts';
import type { Tx } from '../../store/contract.ts';
import { isPair } from '../golden/decision.ts';
import { linkElements, type Links } from '../links.ts';
import { writePatient } from '../patient-write.ts';
import type { Regrouped } from './regroup.ts';

/** @param concerned records of which their site said something that names no other record */
export async function showSiteLinks(
  tx: Tx,
  told: Regrouped,
  concerned: readonly string[],
  cause: Cause,
): Promise<void> {
  const named = told.log.filter(isPair).filter(({ actor }) => actor.kind === 'site');
  const shown = new Set([...concerned, ...named.flatMap(({ one, other }) => [one, other])]);
  const keys = new Map(told.sources.map((record) => [record.id, record.key]));
  for (const record of told.sources) if (shown.has(record.id)) await show(tx, record, told.links, keys, cause);
}

async function show(
  tx: Tx,
  record: KnownRecord,
  links: Links,
  keys: ReadonlyMap<string, string>,
  cause: Cause,
): Promise<void> {
  const served = await tx.resources.read('Patient', record.id);
  if (served === null || served.deleted) return;
  const before = JSON.parse(served.json) as Patient;
  const { link: linkBefore, ...patient } = before;
  const link = inOrder(
    linkElements(record.id, links, (id) => id),
    keys,
  );
  const active = !links.survivors.has(record.id) && record.removedAt === null;
  if (active === (before.active !== false) && JSON.stringify(link) === JSON.stringify(linkBefore ?? [])) return;
  const labels = (before.meta?.security ?? []).flatMap(({ code }) => code ?? []);
  await writePatient(
    record.id,
    { ...patient, active, ...(link.length === 0 ? {} : { link }) },
    { id: record.site, sensitivity: { site: labels } },
    tx,
    { ...cause, site: record.site },
  );
}

type PatientLinks = NonNullable<Patient['link']>;

/** As the site counts its records, whatever ids they have here. */
function inOrder(links: PatientLinks, keys: ReadonlyMap<string, string>): PatientLinks {
  const keyOf = ({ other }: PatientLinks[number]): string =>
    keys.get(other.reference?.replace('Patient/', '') ?? '') ?? '';
  const place = ['replaced-by', 'replaces', 'seealso', 'refer'];
  return links.toSorted(
    (one, other) => place.indexOf(one.type) - place.indexOf(other.type) || (keyOf(one) < keyOf(other) ? -1 : 1),
  );
}
