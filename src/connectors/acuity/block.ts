/**
 * Time off. Blocks raise no webhook, so polling lists them; and the block ability closes time here that is taken in
 * another system. Our own blocks carry the correlation in their notes and nothing of a patient.
 */
import { sha256 } from '../../core/ids.ts';
import { DAY_MS, formatInstant, instant } from '../../core/instant.ts';
import { asHubError } from '../../core/errors.ts';
import type { Block, BlockOrder, BlockOutcome, Site, SiteState } from '../contract.ts';
import { halve } from '../kit/window.ts';
import type { AcuityClient, CallFor, Query, Read, Written } from './client.ts';
import { datesWithin, noSmaller, type CalendarWindow } from './listing.ts';
import type { AcuitySettings } from './settings.ts';
import type { BlockRow } from './wire.ts';
import { calendarZone } from './zone.ts';

/**
 * Whether the vendor lists blocks by start or by overlap is not documented: leave that began a year ago is found either
 * way.
 */
const LOOK_BACK_DAYS = 366;

/**
 * The closed time of one calendar from yesterday on, as one state. The body is ours around the vendor's untouched
 * answers: `{"calendar":"310","zone":"America/New_York","from":"...Z","to":"...Z","answers":[[ as sent ],[ as sent
 * ]]}`.
 */
export async function blockState(
  site: Site<AcuitySettings>,
  client: AcuityClient,
  where: CalendarWindow,
  at: CallFor,
): Promise<SiteState> {
  const { calendar, zone, window } = where;
  const reaching = { start: instant(window.start - LOOK_BACK_DAYS * DAY_MS), end: window.end };
  const lists = await listsOf(site, client, { calendar, zone, window: reaching }, at);
  const matters = new Map<number, readonly unknown[]>();
  for (const block of lists.flatMap((list) => list.value)) {
    matters.set(block.id, [block.id, block.start, block.end, block.notes ?? '']);
  }
  const head = JSON.stringify({ calendar, zone, from: formatInstant(window.start), to: formatInstant(window.end) });
  const answers = lists.map((list) => list.text).join(',');
  return {
    shape: 'state',
    kind: 'blocks',
    object: `blocks:${calendar}`,
    sequenceKeys: [`schedule:${calendar}`],
    digest: sha256(JSON.stringify([...matters.keys()].sort((one, other) => one - other).map((id) => matters.get(id)))),
    contentType: 'application/json',
    body: Buffer.from(`${head.slice(0, -1)},"answers":[${answers}]}`),
    readAt: instant(Math.min(...lists.map((list) => list.readAt))),
  };
}

/** One answer, or the answers of its halves when it is full and may have lost rows. */
async function listsOf(
  site: Site<AcuitySettings>,
  client: AcuityClient,
  where: CalendarWindow,
  at: CallFor,
): Promise<readonly Read<readonly BlockRow[]>[]> {
  const { calendar, zone, window } = where;
  const list = await client.blocks([['calendarID', calendar], ...datesWithin(window, zone), ['max', rows(site)]], at);
  if (list.value.length < site.settings.listRows) return [list];
  const [earlier, later] = halve(window, zone) ?? noSmaller(site, 'blocks', where);
  const first = await listsOf(site, client, { ...where, window: earlier }, at);
  return [...first, ...(await listsOf(site, client, { ...where, window: later }, at))];
}

export function acuityBlock(site: Site<AcuitySettings>, client: AcuityClient): Block {
  const find: Block['find'] = async (order, signal) => {
    const zone = calendarZone(site.file, order.calendar);
    const window = { start: instant(order.window.start - DAY_MS), end: instant(order.window.end + DAY_MS) };
    const query: Query = [['calendarID', order.calendar], ...datesWithin(window, zone), ['max', rows(site)]];
    const { value } = await client.blocks(query, { purpose: 'booking', signal });
    const ours = value.find((block) => (block.notes ?? '').split(/\s+/).includes(noteOf(order)));
    return ours === undefined ? { kind: 'absent' } : { kind: 'found', key: String(ours.id) };
  };
  return {
    showsWithin_ms: site.settings.showsWithin_ms,
    find,

    /** The vendor takes the same block twice without complaint, so ours is looked for first. */
    async place(order, signal) {
      try {
        const known = await find(order, signal);
        if (known.kind === 'found') return { kind: 'done', key: known.key };
      } catch (error) {
        return { kind: 'unsent', error: asHubError(error) };
      }
      return outcomeOf(async () => {
        const zone = calendarZone(site.file, order.calendar);
        const json = {
          start: formatInstant(order.window.start, zone),
          end: formatInstant(order.window.end, zone),
          calendarID: Number(order.calendar),
          notes: noteOf(order),
        };
        const written = await client.createBlock(json, { purpose: 'booking', signal });
        return written.ok ? { kind: 'done', key: String(written.value.id) } : refused(written);
      });
    },

    async remove(key, signal) {
      return outcomeOf(async () => {
        const written = await client.deleteBlock(key, { purpose: 'booking', signal });
        return written.ok || written.status === 404 || written.status === 410
          ? { kind: 'done', key }
          : refused(written);
      });
    },
  };
}

/** Read back by the mapping of blocks: there it tells our own blocks from those of the staff. */
function noteOf(order: BlockOrder): string {
  return `slotwire:${order.correlation}`;
}

function rows(site: Site<AcuitySettings>): string {
  return String(site.settings.listRows);
}

function refused(written: Written<unknown> & { readonly ok: false }): BlockOutcome {
  const reason = written.code === '' ? `status ${written.status}` : written.code;
  return { kind: 'refused', detail: `The site did not take the block (${reason}).` };
}

async function outcomeOf(write: () => Promise<BlockOutcome>): Promise<BlockOutcome> {
  try {
    return await write();
  } catch (thrown) {
    const error = asHubError(thrown);
    return error.class === 'ambiguous' ? { kind: 'unknown', error } : { kind: 'unsent', error };
  }
}
