/**
 * Merges, links and removals of a site's own records: each is written down for ever, and what all of them come to is
 * computed anew (links.ts). A merged record stays with all that was said of it, inactive, and names the record that
 * stands for it; so undoing a merge moves nothing back.
 */
import { canonicalId } from '../fhir/canonical-ids.ts';
import { SYSTEMS, type Patient } from '../fhir/types.ts';
import type { PatientName } from '../mappings/contract-people.ts';
import type { SiteSettings } from '../settings/shape.ts';
import type { PatientDecision, PatientRecord } from '../store/contract-people.ts';
import type { Cause } from '../store/contract-resources.ts';
import type { Tx } from '../store/contract.ts';
import type { PatientStatement } from './contract.ts';
import { isErased } from './erased.ts';
import { goldenIdOf } from './golden/replay.ts';
import { linksOf } from './links.ts';
import { writePatient } from './patient-write.ts';
import { raise } from './placing/raise.ts';
import { component, regroup } from './placing/regroup.ts';
import { showSiteLinks } from './placing/show-links.ts';

export async function decide(
  statement: PatientStatement,
  site: SiteSettings,
  tx: Tx,
  cause: Cause,
): Promise<'decided' | 'circular' | 'erased'> {
  const named = statement.other === null ? [statement.one] : [statement.one, statement.other];
  for (const name of named) if (await isErased(name, site, tx, cause)) return 'erased';
  const one = await recordNamed(statement.one, site, tx);
  const other = statement.other === null ? null : await recordNamed(statement.other, site, tx);
  if (other === one) return 'decided';
  const { kind, at, reason } = statement;
  const decision: PatientDecision = { kind, one, other, at, reason, messageId: cause.messageId };
  const before = await tx.people.decisionsAbout(site.id, other === null ? [one] : [one, other]);
  // Asked of all decisions together: an older merge that arrives late may be the one that would close the ring.
  // What was decided already keeps its place: a replay behind a later decision of the same minute would undo that one.
  const isKnown = before.some((earlier) => sameDecision(earlier, decision));
  const told = linksOf(isKnown ? before : [...before, { ...decision, id: Number.MAX_SAFE_INTEGER }]);
  if (told.circular.length > linksOf(before).circular.length) return 'circular';
  await makeKnown(statement.one, one, site, tx, cause);
  if (statement.other !== null && other !== null) await makeKnown(statement.other, other, site, tx, cause);
  await tx.people.decide(site.id, decision, cause.now);
  const keys = told.people.flat();
  await tx.people.setRemoved(
    site.id,
    keys.map((key) => ({ key, removedAt: told.removed.get(key) ?? null })),
  );
  await writeDown(decision, await tx.people.records(site.id, keys), tx, cause);
  return 'decided';
}

/** Beside what other sites, people and matching say of the same records: only all of it tells who is one person. */
async function writeDown(
  decision: PatientDecision,
  records: readonly PatientRecord[],
  tx: Tx,
  cause: Cause,
): Promise<void> {
  const ids = records.map(({ patientId }) => patientId);
  if (decision.other === null) {
    await showSiteLinks(tx, await component(tx, ids), ids, cause);
    return;
  }
  const written = await tx.identity.copySiteDecisionsOf(ids, cause.now);
  const told = await regroup(tx, ids, cause.now);
  await showSiteLinks(tx, told, ids, cause);
  await raise(tx, told, written, cause.now);
  await tx.index.due([...new Set(written.flatMap(({ one, other }) => [one, other ?? one]))], cause.now);
}

function sameDecision(one: PatientDecision, other: PatientDecision): boolean {
  return one.kind === other.kind && one.one === other.one && one.other === other.other && one.at === other.at;
}

export async function concerned(statement: PatientStatement, site: SiteSettings, tx: Tx): Promise<readonly string[]> {
  const names = statement.other === null ? [statement.one] : [statement.one, statement.other];
  const keys = new Set<string>(names.map((name) => name.key));
  for (const name of names) keys.add(await recordNamed(name, site, tx));
  for (const { one, other } of await tx.people.decisionsAbout(site.id, [...keys])) {
    keys.add(one);
    if (other !== null) keys.add(other);
  }
  return [...keys].sort();
}

/**
 * The key of the record that is meant. A merge may name a person by another number than the one that names the record
 * here (an enterprise id beside the record number): then it is the one record of the site that carries that number.
 */
async function recordNamed(name: PatientName, site: SiteSettings, tx: Tx): Promise<string> {
  if ((await tx.people.record(site.id, name.key)) !== null) return name.key;
  const identifiers = name.identifiers
    .filter(({ system }) => system !== SYSTEMS.ssn)
    .map(({ system, value }) => `${system}|${value}`);
  const carrying = identifiers.length === 0 ? [] : await tx.people.recordsWith(site.id, identifiers);
  const [only, ...more] = carrying;
  return only === undefined || more.length > 0 ? name.key : only.key;
}

/** A record of which nothing is known yet but that it is named: its later messages must find what was decided. */
async function makeKnown(name: PatientName, key: string, site: SiteSettings, tx: Tx, cause: Cause): Promise<void> {
  if (name.key !== key || (await tx.people.record(site.id, key)) !== null) return;
  const id = canonicalId.patient(site.identity, key);
  await tx.resources.linkPatient(id, goldenIdOf(id), site.id, key, cause.now);
  const identifier = name.identifiers.map(({ system, value, type }) => ({
    ...(type === undefined ? {} : { type: { coding: [{ system: SYSTEMS.identifierType, code: type }] } }),
    system,
    value,
  }));
  const stub: Patient = {
    resourceType: 'Patient',
    ...(identifier.length === 0 ? {} : { identifier }),
    active: true,
  };
  await writePatient(id, stub, site, tx, cause);
}
