/** Rows as the API shows them (sheet 3.1, 3.3). */
import { sha256 } from '../../core/ids.ts';
import { MINUTE_MS } from '../../core/instant.ts';
import type { Appointment, Block, ClassTime } from './model.ts';
import { seatsLeft } from './availability.ts';
import { allTypes, calendarById, typeById, zoneOf, type World } from './world.ts';
import { displayDate, displayTime, withOffset } from './time.ts';

export interface RenderOptions {
  /** `noShow` is shown on cancelled rows only, `canceled` depends on the call (sheet 3.1). */
  readonly canceled: boolean;
  readonly forms: boolean;
}

export function showAppointment(world: World, row: Appointment, options: RenderOptions): Record<string, unknown> {
  const calendar = calendarById(world, row.calendarID);
  const type = typeById(world, row.appointmentTypeID);
  const zone = calendar === undefined ? world.seed.account.timezone : zoneOf(world, calendar);
  const end = row.start + row.minutes * MINUTE_MS;
  const paid = row.payments.reduce((sum, one) => sum + Number(one.amount), 0);
  const label = world.seed.labels.find((one) => one.id === row.labelID);
  const open = !row.canceled && row.start - world.now > world.settings.changeHoursBefore * 3_600_000;
  const owner = ownerOf(world);
  return {
    id: row.id,
    firstName: row.firstName,
    lastName: row.lastName,
    phone: row.phone,
    email: row.email,
    date: displayDate(row.start, zone),
    time: displayTime(row.start, zone),
    endTime: displayTime(end, zone),
    dateCreated: displayDate(row.createdAt, zone),
    ...(world.settings.carryDatetimeCreated ? { datetimeCreated: withOffset(row.createdAt, zone) } : {}),
    datetime: withOffset(row.start, zone),
    price: row.price,
    paid: paid > 0 && paid >= Number(row.price) ? 'yes' : 'no',
    amountPaid: paid.toFixed(2),
    type: type?.name ?? '',
    appointmentTypeID: row.appointmentTypeID,
    classID: row.classID,
    addonIDs: row.addonIDs,
    category: type?.category ?? '',
    duration: String(row.minutes),
    calendar: calendar?.name ?? '',
    calendarID: row.calendarID,
    certificate: row.certificate,
    confirmationPage: confirmationPage(owner, row.id),
    location: calendar?.location ?? '',
    notes: row.notes,
    timezone: row.timezone,
    ...(world.settings.carryCalendarTimezone ? { calendarTimezone: zone } : {}),
    canClientCancel: world.settings.clientCancel && open,
    canClientReschedule: world.settings.clientReschedule && open && type?.type !== 'series',
    labels: label === undefined ? null : [label],
    ...(options.forms ? { forms: showForms(world, row), formsText: formsText(world, row) } : {}),
    ...(options.canceled ? { canceled: row.canceled } : {}),
    ...(row.canceled ? { noShow: row.noShow } : {}),
  };
}

function confirmationPage(owner: number, id: number): string {
  const code = sha256(`confirmation:${id}`).slice(0, 32);
  return `https://app.acuityscheduling.com/schedule.php?owner=${owner}&action=appt&id%5B%5D=${code}`;
}

function showForms(world: World, row: Appointment): object[] {
  const type = typeById(world, row.appointmentTypeID);
  return world.seed.forms.flatMap((form) => {
    if (type?.formIDs?.includes(form.id) !== true) return [];
    const values = form.fields.flatMap((field) => {
      const given = row.fields.find((one) => one.fieldID === field.id);
      return given === undefined ? [] : [{ value: given.value, name: field.name, fieldID: field.id, id: given.id }];
    });
    return [{ id: form.id, name: form.name, values }];
  });
}

function formsText(world: World, row: Appointment): string {
  const type = typeById(world, row.appointmentTypeID);
  const sections = world.seed.forms.filter((form) => type?.formIDs?.includes(form.id) === true);
  return sections
    .map((form) => {
      const lines = form.fields.map((field) => {
        return `${field.name}: ${row.fields.find((one) => one.fieldID === field.id)?.value ?? ''}`;
      });
      return `${form.name}\n============\n${lines.join('\n')}\n`;
    })
    .join('\n');
}

export function showBlock(world: World, row: Block): Record<string, unknown> {
  const calendar = calendarById(world, row.calendarID);
  const zone = calendar === undefined ? world.seed.account.timezone : zoneOf(world, calendar);
  return {
    id: row.id,
    calendarID: row.calendarID,
    start: withOffset(row.start, zone),
    end: withOffset(row.end, zone),
    notes: row.notes,
    description: `${displayDate(row.start, zone)} ${displayTime(row.start, zone)} - ${displayTime(row.end, zone)}`,
  };
}

export function showClass(world: World, row: ClassTime, zone: string): Record<string, unknown> {
  const type = typeById(world, row.appointmentTypeID);
  return {
    ...(world.settings.classesCarryId ? { id: row.id } : {}),
    appointmentTypeID: row.appointmentTypeID,
    calendarID: row.calendarID,
    calendar: calendarById(world, row.calendarID)?.name ?? '',
    name: type?.name ?? '',
    description: type?.description ?? '',
    time: withOffset(row.start, zone),
    duration: String(row.minutes),
    slots: row.seats,
    slotsAvailable: seatsLeft(world, row),
    price: type?.price ?? '0.00',
    isSeries: row.series !== null,
    color: type?.color ?? '#3177B2',
  };
}

export function showTypes(world: World, includeDeleted: boolean): object[] {
  return allTypes(world)
    .filter((type) => includeDeleted || type.active !== false)
    .map((type) => ({
      id: type.id,
      active: type.active ?? true,
      name: type.name,
      description: type.description ?? '',
      duration: type.duration,
      price: type.price ?? '0.00',
      category: type.category ?? '',
      color: type.color ?? '#3177B2',
      private: type.private ?? false,
      type: type.type,
      classSize: type.classSize ?? null,
      paddingBefore: type.paddingBefore ?? 0,
      paddingAfter: type.paddingAfter ?? 0,
      calendarIDs: type.calendarIDs,
      addonIDs: type.addonIDs ?? [],
      formIDs: type.formIDs ?? [],
      schedulingUrl: `https://app.acuityscheduling.com/schedule.php?owner=${ownerOf(world)}&appointmentType=${type.id}`,
      image: '',
    }));
}

export function showCalendars(world: World): object[] {
  return world.seed.calendars.map((calendar) => ({
    id: calendar.id,
    name: calendar.name,
    email: calendar.email ?? '',
    replyTo: calendar.email ?? '',
    description: calendar.description ?? '',
    location: calendar.location ?? '',
    timezone: zoneOf(world, calendar),
    thumbnail: false,
    image: false,
  }));
}

export function ownerOf(world: World): number {
  return world.seed.account.id ?? world.seed.users[0]?.id ?? 1;
}
