/** A site file and messages for the mapping of Acuity. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { instant, parseInstant, type Instant } from '../../src/core/instant.ts';
import type { Mapped, SiteFacts, StoredMessage } from '../../src/mappings/contract.ts';
import { mappingFor } from '../../src/mappings/registry.ts';
import type { SiteSettings } from '../../src/settings/shape.ts';

export const READ_AT = instant(Date.parse('2026-11-20T10:00:00Z'));

export function at(text: string): Instant {
  const value = parseInstant(text);
  assert.ok(value !== null, text);
  return value;
}

export function siteFile(more: Partial<SiteSettings> = {}): SiteSettings {
  return {
    id: 'north',
    identity: 'north',
    kind: 'acuity',
    environment: 'sandbox',
    stage: 'live',
    scope: { locations: [], visitTypes: [] },
    timeZone: 'America/Chicago',
    settings: { mrnField: 88002, birthDateField: 88003, bookingIdField: 88001, classTypes: [], otherCalendars: 'park' },
    locations: { main: { name: 'Main', timeZone: 'America/New_York', room: false, codes: [] } },
    resources: {
      calendars: { '310': { practitioner: 'npi:1043333339', location: 'main' }, '311': { practitioner: 'local:kim' } },
      practitioners: {},
      devices: {},
    },
    identifiers: {},
    unknownIdentifiers: 'park',
    visitTypes: { '7001': 'physio-30', '7002': 'group-60' },
    write: 'automatic',
    mirror: [],
    sensitivity: { site: [], departments: {}, visitTypes: {}, codes: {} },
    poll: {
      every_s: 60,
      overlap_s: 120,
      horizon_days: 14,
      availabilityEvery_s: 600,
      freshFor_s: 600,
      reconcileEvery_min: 0,
    },
    ...more,
  };
}

export function facts(settings: Record<string, unknown> = {}, more: Partial<SiteSettings> = {}): SiteFacts {
  const file = siteFile(more);
  return { site: { ...file, settings: { ...file.settings, ...settings } }, visitTypes: {} };
}

export function message(kind: string, body: unknown): StoredMessage {
  const bytes = typeof body === 'string' || body instanceof Uint8Array ? body : JSON.stringify(body);
  return {
    kind,
    shape: 'state',
    object: null,
    body: Buffer.from(bytes),
    contentType: 'application/json',
    receivedAt: instant(READ_AT + 5_000),
    readAt: READ_AT,
    occurredAt: null,
  };
}

export function map(kind: string, body: unknown, given = facts()): Mapped {
  const mapping = mappingFor('acuity', kind);
  assert.ok(mapping !== undefined, `no mapping accepts ${kind}`);
  return mapping.map(message(kind, body), given);
}

export function fixture(name: string): Record<string, unknown> {
  const file = new URL(`../fixtures/acuity/${name}.json`, import.meta.url);
  return JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
}
