/**
 * Authorities of patient identifiers that a site file does not list: each is one work item, however many messages name
 * it. What an unlisted number means nobody knows, so it joins nobody and is written nowhere.
 */
import { newId } from '../core/ids.ts';
import { DAY_MS, HOUR_MS, plus } from '../core/instant.ts';
import type { SiteSettings } from '../settings/shape.ts';
import type { Cause } from '../store/contract-resources.ts';
import type { Tx } from '../store/contract.ts';

/** A site may send anything where a name belongs. */
const SHOWN = 60;

export interface Naming {
  readonly authorities: readonly string[];
  /** The message waits, because nothing else in it tells who the person is. */
  readonly parked: boolean;
}

export async function raiseUnlisted(
  { authorities, parked }: Naming,
  site: SiteSettings,
  tx: Tx,
  { now }: Pick<Cause, 'now'>,
): Promise<void> {
  for (const authority of authorities.map(shown)) {
    const { first } = await tx.resources.countUnmapped(site.id, 'identifier', authority, now);
    // What is only beside a number that is known is told once; what messages wait for is open as long as they do.
    if (!first && !parked) continue;
    await tx.workItems.open({
      id: newId(now),
      kind: 'unmapped',
      subject: subjectOf(site, authority),
      site: site.id,
      role: 'configuration',
      dueAt: plus(now, parked ? HOUR_MS : 7 * DAY_MS),
      openedAt: now,
      evidence: {
        code: authority,
        because: parked
          ? 'the site numbers people by an authority that its file does not list, and their messages wait'
          : 'the site gives people a number of an authority that its file does not list, beside one that it does',
        do:
          `List ${authority} under identifiers in ${site.id}.yaml, with its type (other, if you cannot tell), and ` +
          'load the settings; then replay what waits (slotwire replay --all-of IDENTIFIER_UNKNOWN, slotwire parked).',
      },
    });
  }
}

/** After the site file was read: closes what it lists now. */
export async function closeListed(site: SiteSettings, tx: Tx, { now }: Pick<Cause, 'now'>): Promise<void> {
  const start = subjectOf(site, '');
  for (const subject of await tx.workItems.openAbout('unmapped', [site.id])) {
    if (!subject.startsWith(start)) continue;
    const authority = subject.slice(start.length);
    if (site.unknownIdentifiers !== 'park' || isListed(site, authority)) {
      await tx.workItems.close('unmapped', subject, now);
    }
  }
}

function isListed({ identifiers }: SiteSettings, authority: string): boolean {
  const [name = '', type = ''] = authority.split('^');
  return (
    Object.hasOwn(identifiers, authority) ||
    (name !== '' && Object.hasOwn(identifiers, name)) ||
    Object.entries(identifiers).some(([key, { universalId }]) => {
      const [, own] = key.split('^');
      return universalId !== undefined && universalId === name && (own === undefined || own === type);
    })
  );
}

function subjectOf(site: SiteSettings, authority: string): string {
  return `identifier:${site.id}:${authority}`;
}

function shown(authority: string): string {
  return authority.length > SHOWN ? `${authority.slice(0, SHOWN)}...` : authority;
}
