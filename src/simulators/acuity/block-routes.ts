/** `/blocks`: time off. They raise no webhook (sheet 3.3). */
import { instant, localDate } from '../../core/instant.ts';
import { readInput } from '../kit/calendar.ts';
import type { Answer, Call, Route } from '../kit/route.ts';
import { badRequest, jsonObject, notFound, ok, rule, textOf } from './answers.ts';
import { actorOf, checkCalendar, mayUse, principalOf } from './auth.ts';
import { BLOCKS, type Block } from './model.ts';
import { showBlock } from './render.ts';
import { calendarById, worldOf, zoneOf, type Account, type World } from './world.ts';

export function blockRoutes(account: Account): Route[] {
  return [
    { method: 'GET', path: '/blocks', handle: (call) => ok(listBlocks(account, call)) },
    {
      method: 'POST',
      path: '/blocks',
      handle: (call) => {
        const actor = actorOf(account, call);
        const body = jsonObject(call.body);
        return ok(
          call.write((tx) => {
            const world = worldOf(account, tx);
            const block = blockFrom(world, tx.nextNumber('block', 31_001), body);
            if (!actor.mayUse(block.calendarID)) throw rule('invalid_calendar');
            tx.put(BLOCKS, String(block.id), block);
            return showBlock(world, block);
          }),
        );
      },
    },
    {
      method: 'GET',
      path: '/blocks/:id',
      handle: (call) => {
        const block = blockById(call, call.view.get(BLOCKS, call.params['id'] ?? ''), account);
        return ok(showBlock(worldOf(account, call.view), block));
      },
    },
    {
      method: 'DELETE',
      path: '/blocks/:id',
      handle: (call): Answer => {
        call.write((tx) => {
          const block = blockById(call, tx.get(BLOCKS, call.params['id'] ?? ''), account);
          tx.remove(BLOCKS, String(block.id));
        });
        return { status: 204, body: '' };
      },
    },
  ];
}

/** @throws Refusal 400 when the times cannot be read or are the wrong way round */
export function blockFrom(world: World, id: number, body: Readonly<Record<string, unknown>>): Block {
  const calendar = calendarById(world, body['calendarID']);
  if (calendar === undefined) throw rule('invalid_calendar');
  const zone = zoneOf(world, calendar);
  const start = readInput(textOf(body['start']), zone);
  const end = readInput(textOf(body['end']), zone);
  if (start === null || end === null) throw rule('invalid_datetime');
  if (end <= start) throw badRequest('The end of a block must be after its start.');
  return { id, calendarID: calendar.id, start, end, notes: textOf(body['notes']) };
}

function blockById(call: Call, block: Block | undefined, account: Account): Block {
  const actor = actorOf(account, call);
  if (block === undefined || !actor.mayUse(block.calendarID)) throw notFound('block');
  return block;
}

function listBlocks(account: Account, call: Call): unknown[] {
  const { user } = principalOf(account, call);
  const { query } = call;
  checkCalendar(user, query.get('calendarID'));
  const world = worldOf(account, call.view);
  const max = Number(query.get('max') ?? 100);
  const zone = (block: Block): string => {
    const calendar = calendarById(world, block.calendarID);
    return calendar === undefined ? world.seed.account.timezone : zoneOf(world, calendar);
  };
  const rows = call.view.all(BLOCKS).filter((one) => {
    if (!mayUse(user, one.calendarID)) return false;
    if (query.get('calendarID') !== null && query.get('calendarID') !== String(one.calendarID)) return false;
    const [min, last] = [query.get('minDate'), query.get('maxDate')];
    if (min !== null && localDate(instant(one.end - 1), zone(one)) < min.slice(0, 10)) return false;
    return last === null || localDate(instant(one.start), zone(one)) <= last.slice(0, 10);
  });
  rows.sort((one, other) => one.start - other.start);
  return rows.slice(0, Number.isInteger(max) && max > 0 ? max : 100).map((one) => showBlock(world, one));
}
