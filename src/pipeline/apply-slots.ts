/** Applies what a site says about its open and closed time. */
import { canonicalId } from '../fhir/canonical-ids.ts';
import { isUuid } from '../core/ids.ts';
import { Park } from '../core/park.ts';
import type { BlockChange, BlockWindowChange } from '../mappings/contract-blocks.ts';
import type { SlotStatement, SlotWindowChange } from '../mappings/contract.ts';
import type { Touched } from '../store/contract-bookings.ts';
import type { SlotRow, StoredSlot } from '../store/contract-resources.ts';
import type { Applied, ApplyContext } from './apply-context.ts';
import { resolveActor } from './participants.ts';
import { slotRow } from './slot-row.ts';
import { templateDue } from './template-window.ts';
import { visitTypeOf } from './visit-type.ts';

export async function applySlotWindow(context: ApplyContext, change: SlotWindowChange): Promise<Applied> {
  const { tx, site, cause, now } = context;
  const rule = site.resources.calendars[change.calendar];
  if (rule === undefined) {
    throw new Park('identify', 'RESOURCE_UNKNOWN', `calendar ${change.calendar} is not under resources.calendars`);
  }
  // That a window was confirmed since does not make this answer old news: it was confirmed as saying the same. What is
  // older is told by the reads applied (apply.ts).
  const scheduleId = canonicalId.schedule(site.identity, change.calendar);
  const visitType = await visitTypeOf(context, change.visitType);
  const { calendar, visitType: local } = change;
  const row = (statement: SlotStatement): SlotRow => slotRow(context, { calendar, rule, local, visitType }, statement);

  const byTemplate = change.template === true;
  // A template speaks of what is to come: what began under an earlier one was offered as that said.
  const start = byTemplate && change.at > change.window.start ? change.at : change.window.start;
  const slots = change.slots.filter(({ during }) => during.start >= start);
  const offered = new Set(slots.map((statement) => statement.key));
  const known = await tx.resources.slotsOf(scheduleId, local, { start, end: change.window.end });
  const vanished = known.filter((slot) => !offered.has(slot.siteKey) && slot.siteStatus === 'free');
  // Before the slots are written: what they show goes by when their site has counted their seats.
  const nextDue = byTemplate
    ? templateDue(site, context.plan, calendar, change.window, change.at)
    : now + site.poll.availabilityEvery_s * 1000;
  await tx.feeds.verified(
    site.id,
    { calendar: change.calendar, visitType: change.visitType, window: change.window },
    change.at,
    nextDue as typeof now,
  );
  await tx.resources.putSlots(
    [...slots.map(row), ...(byTemplate ? [] : vanished.map((slot) => row(noLongerOffered(slot))))],
    cause,
  );
  const closed = byTemplate ? vanished.map(({ id }) => id) : [];
  if (closed.length > 0) await tx.resources.closeSlots(closed, cause);
  return 'applied';
}

/** It returns under the same id when the site offers it again. */
function noLongerOffered(slot: StoredSlot): SlotStatement {
  return {
    key: slot.siteKey,
    during: slot.during,
    status: 'busy-unavailable',
    capacity: slot.capacity,
    ...(slot.seatsLeft === null ? {} : { left: 0 }),
  };
}

export async function applyBlock(context: ApplyContext, change: BlockChange): Promise<Applied> {
  const { tx, site, cause } = context;
  const ours = await tx.mirrors.byKey(site.id, change.key);
  // A block that we placed there for a visit elsewhere is that visit's copy, not news.
  if (ours !== null) return 'applied';
  const object = `block:${change.key}`;
  const newest = await tx.inbox.appliedReadAt(site.id, object);
  if (newest !== null && newest > change.at) return 'superseded';
  await tx.inbox.setAppliedReadAt(site.id, object, change.at);
  const actor = await resolveActor(context, change.actor);
  const touched: Touched[] = [];
  const ids = actor.occupies.length > 0 ? actor.occupies : actor.actors;
  // What an earlier opening left of this block is part of what is stated anew.
  if (change.closed) {
    touched.push(...(await tx.busy.removeBlocksUnder(site.id, pieceKey(change.key))));
    await tx.inbox.setAppliedReadAt(site.id, closedObject(change.key), change.at);
  }
  const code = actor.calendar ?? actor.practitionerCode;
  for (const resourceId of ids) {
    touched.push(
      ...(change.closed ? await close(context, change, { resourceId, code }) : await open(context, change, resourceId)),
    );
  }
  context.batch.touched.push(...touched);
  if (!change.closed)
    context.batch.ledger.push({
      at: context.now,
      kind: 'block-opened',
      site: site.id,
      cause: `message:${cause.messageId}`,
    });
  return 'applied';
}

async function close(
  { tx, site }: ApplyContext,
  change: BlockChange,
  { resourceId, code }: { readonly resourceId: string; readonly code: string | null },
): Promise<readonly Touched[]> {
  return tx.busy.putBlock({
    resourceId,
    ...(code === null ? {} : { code }),
    during: change.during,
    occupancy: canonicalId.session(site.identity, `block:${change.key}`),
    origin: 'block',
    site: site.id,
    blockKey: change.key,
    tentative: false,
  });
}

/**
 * Opens the time that is named, whichever block had closed it: senders open under another id, and a part of what they
 * closed. What remains of a block stays closed.
 */
async function open({ tx, site }: ApplyContext, change: BlockChange, resourceId: string): Promise<readonly Touched[]> {
  const { start, end } = change.during;
  const touched: Touched[] = [];
  for (const row of await tx.busy.takeBlocks(site.id, resourceId, change.during)) {
    const key = row.blockKey ?? '';
    const base = key.split(PIECE)[0] ?? key;
    // Closed later than this opening says, which comes late or is replayed.
    const closedAt = await tx.inbox.appliedReadAt(site.id, closedObject(base));
    if (closedAt !== null && closedAt > change.at) {
      await tx.busy.putBlock({ ...row, blockKey: key });
      continue;
    }
    const pieces = [
      { start: row.during.start, end: start },
      { start: end, end: row.during.end },
    ].filter((piece) => piece.start < piece.end);
    for (const [index, during] of pieces.entries()) {
      const blockKey = index === 0 ? key : `${pieceKey(key)}${during.start}`;
      touched.push(...(await tx.busy.putBlock({ ...row, during, blockKey })));
    }
    touched.push({ resourceId, during: row.during });
    // The block as it was first told must not come back with a replay.
    await tx.inbox.setAppliedReadAt(site.id, `block:${base}`, change.at);
  }
  return touched;
}

const PIECE = '~at~';
function pieceKey(key: string): string {
  return `${key}${PIECE}`;
}

/** When the block was closed last; `block:` also holds when it was opened. */
function closedObject(key: string): string {
  return `block-closed:${key}`;
}

export async function applyBlockWindow(context: ApplyContext, change: BlockWindowChange): Promise<Applied> {
  const { tx, site } = context;
  const actor = await resolveActor(context, { kind: 'calendar', code: change.calendar });
  const object = `blocks:${change.calendar}`;
  const newest = await tx.inbox.appliedReadAt(site.id, object);
  if (newest !== null && newest > change.at) return 'superseded';
  // One person may have several calendars here, and this listing speaks of one.
  const named = (key: string): string => `${change.calendar}/${key}`;
  const listed = new Set(change.blocks.map((block) => named(block.key)));
  const touched: Touched[] = [];
  const news: Touched[] = [];
  for (const resourceId of actor.occupies) {
    const blocks = await tx.busy.blocks(site.id, resourceId, change.window);
    const known = new Set(blocks.filter((key) => key.startsWith(named(''))));
    for (const key of known) if (!listed.has(key)) news.push(...(await tx.busy.removeBlock(site.id, key)));
    for (const block of change.blocks) {
      if (await isOurBlock(context, change.calendar, block)) continue;
      if (!known.has(named(block.key))) news.push({ resourceId, during: block.during });
      touched.push(
        ...(await tx.busy.putBlock({
          resourceId,
          during: block.during,
          occupancy: canonicalId.session(site.identity, `block:${block.key}`),
          origin: 'block',
          site: site.id,
          blockKey: named(block.key),
          code: change.calendar,
          tentative: false,
        })),
      );
    }
  }
  await tx.inbox.setAppliedReadAt(site.id, object, change.at);
  context.batch.touched.push(...news, ...touched);
  if (context.publishesSlots) {
    // What the site computes from its blocks is stale where one came or went.
    for (const { during } of news) await tx.feeds.windowsDue(site.id, change.calendar, during, context.now);
    if (news.length > 0) context.effects.availability = true;
  }
  return 'applied';
}

/**
 * The copy of a visit elsewhere; known by its key, or by what we wrote into it when the answer with the key was lost.
 */
async function isOurBlock(
  context: ApplyContext,
  calendar: string,
  block: BlockWindowChange['blocks'][number],
): Promise<boolean> {
  const { tx, site } = context;
  if ((await tx.mirrors.byKey(site.id, block.key)) !== null) return true;
  const appointmentId = block.correlation?.split('/')[0] ?? '';
  if (!isUuid(appointmentId)) return false;
  const mirrors = await tx.mirrors.ofAppointment(appointmentId);
  return mirrors.some(
    (mirror) => mirror.site === site.id && mirror.calendar === calendar && mirror.state !== 'removed',
  );
}
