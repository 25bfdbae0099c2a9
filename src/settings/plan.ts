/**
 * The configuration as a whole: read, filled, checked, completed, frozen. Every issue is told at once, and a plan
 * exists only when there is none, so a running hub is never disturbed by half a file.
 */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { check, type Checked } from './check.ts';
import { completeSite, type SiteFile } from './complete-site.ts';
import { readCrosswalk, type Crosswalk } from './crosswalk.ts';
import { fill, schemaOfKey, type Filled, type Variables } from './fill.ts';
import { hubRules, leadsOut, subscriberRules, type KnownSites } from './hub-rules.ts';
import { hubSchema } from './hub-spec.ts';
import { identifierRules } from './identifier-rules.ts';
import { registerRules } from './register-rules.ts';
import { suggest, type Issue } from './issue.ts';
import { loadConfig, reasonOf } from './load.ts';
import { feedPath } from './feed-settings.ts';
import { doorRules, mllpRules, sharedDoorIssues, type Addressed } from './mllp-rules.ts';
import { peopleRules } from './people-rules.ts';
import { withPresets } from './preset.ts';
import { siteRules } from './site-rules.ts';
import { kindNames, siteSchema } from './site-spec.ts';
import type { Environment, HubSettings, Plan, Stage, SubscriberSettings } from './shape.ts';
import type { Source } from './source.ts';
import type { KindSettings, ValueSchema } from './spec.ts';
import { subscribersSchema } from './subscriber-spec.ts';
import { readTaxonomy, taxonomyRules, type Taxonomy } from './taxonomy.ts';
import { View } from './view.ts';

export interface PlanInput {
  readonly configDir: string;
  /** What `${NAME}` may name. Only main.ts and cli.ts know the environment of the process. */
  readonly variables: Variables;
  readonly kinds: KindSettings;
}

export interface PlanResult {
  /** Null when there is any issue. */
  readonly plan: Plan | null;
  /** By file and line. Holds no secret, wherever it was written. */
  readonly issues: readonly Issue[];
}

interface SitePart {
  readonly id: string;
  readonly kind: string | undefined;
  readonly schema: ValueSchema;
  readonly checked: Checked;
}

export async function buildPlan(input: PlanInput): Promise<PlanResult> {
  const loaded = await loadConfig(input.configDir);
  const part = async (source: Source, schema: ValueSchema): Promise<Checked> =>
    check(await fill(source, schema, input), schema);
  const hub = loaded.hub === null ? null : await part(loaded.hub, hubSchema);
  const subscribers = loaded.subscribers === null ? null : await part(loaded.subscribers, subscribersSchema);
  const sites: SitePart[] = [];
  for (const [id, source] of loaded.sites) if (source !== null) sites.push(await sitePart(id, source, input));
  const siteIds = [...loaded.sites.keys()];
  const parts = [
    ...(hub === null ? [] : [hub]),
    ...sites.map((site) => site.checked),
    ...(subscribers ? [subscribers] : []),
  ];
  const environment = hub === null ? undefined : View.of(hub).at('environment').text();
  const views = siteIds.map((id) => [id, sites.find((site) => site.id === id)?.checked] as const);
  const crosswalk = await readCrosswalk(
    hub === null ? null : View.of(hub),
    input.configDir,
    new Map(views.map(([id, checked]) => [id, checked === undefined ? null : View.of(checked)])),
  );
  const { taxonomy, issues: ofTaxonomy } = await readTaxonomy(hub === null ? null : View.of(hub), input.configDir);
  const found = [
    ...loaded.issues,
    ...crosswalk.issues,
    ...ofTaxonomy,
    ...taxonomyRules(
      taxonomy,
      hub === null ? null : View.of(hub),
      sites.map((site) => View.of(site.checked)),
    ),
    ...parts.flatMap(({ filled, issues }) => [...filled.issues, ...issues, ...inlineSecrets(filled, environment)]),
    ...crossIssues(hub, sites, subscribers, siteIds, input.kinds),
    ...(hub === null ? [] : await seedIssues(View.of(hub), input.configDir)),
  ];
  const issues = tidy(
    found,
    parts.flatMap(({ filled }) => filled.secretValues),
  );
  if (issues.length > 0 || hub === null) return { plan: null, issues };
  return { plan: assemble(hub, sites, subscribers, { people: crosswalk.rules, taxonomy }), issues };
}

async function sitePart(id: string, source: Source, input: PlanInput): Promise<SitePart> {
  // The kind decides what the rest of the file may hold, so it is read first.
  const early = await fill(source, siteSchema(undefined), input);
  const kind = View.of(check(early, siteSchema(undefined)))
    .at('kind')
    .text();
  const spec = kind === undefined ? undefined : input.kinds.get(kind);
  const schema = siteSchema(spec);
  return { id, kind, schema, checked: check(withPresets(await fill(source, schema, input), spec), schema) };
}

function crossIssues(
  hub: Checked | null,
  sites: readonly SitePart[],
  subscribers: Checked | null,
  siteIds: readonly string[],
  kinds: KindSettings,
): readonly Issue[] {
  const views = new Map(sites.map(({ id, checked }) => [id, View.of(checked)]));
  const known: KnownSites = {
    locations: new Map(siteIds.map((id) => [id, views.get(id)?.at('locations').keys() ?? null])),
    kinds: new Map(siteIds.map((id) => [id, sites.find((site) => site.id === id)?.kind])),
  };
  const hubView = hub === null ? null : View.of(hub);
  const hubEnvironment = hubView?.at('environment').text();
  const minutesOf = (code: string): number | undefined => hubView?.at('visitTypes', code, 'duration_min').number();
  const around = { hubEnvironment, catalogue: hubView?.at('visitTypes').keys() ?? null, minutesOf, siteIds };
  return [
    ...(hubView === null ? [] : [...hubRules(hubView, known), ...peopleRules(hubView, siteIds, views)]),
    ...sites.flatMap(({ id, checked }) => siteRules(id, View.of(checked), around)),
    ...identityIssues(views),
    ...identifierRules(views),
    ...sites.flatMap((site) => kindIssues(site, kinds)),
    ...mllpIssues(hub, sites, kinds),
    ...(subscribers === null ? [] : subscriberRules(View.of(subscribers), known, hubEnvironment)),
  ];
}

/** Two sites with one former id would write over each other's records. */
function identityIssues(views: ReadonlyMap<string, View>): readonly Issue[] {
  const owners = new Map<string, string>();
  return [...views].flatMap(([id, view]) => {
    const old = view.at('formerly').text();
    const owner = old === undefined ? undefined : owners.get(old);
    if (old !== undefined && owner === undefined) owners.set(old, id);
    if (owner === undefined) return [];
    return [view.at('formerly').issue(`is what the site ${owner} says too`, 'only one site can be the renamed one')];
  });
}

function kindIssues({ id, kind, checked }: SitePart, kinds: KindSettings): readonly Issue[] {
  if (kind === undefined) return [];
  const view = View.of(checked);
  const spec = kinds.get(kind);
  if (spec === undefined) {
    const write = suggest(kind, kindNames(kinds), 'kind');
    return [view.at('kind').issue(`there is no kind ${kind}`, write)];
  }
  if (spec.publishesSlots === true && view.at('templates').keys().length > 0)
    return [view.at('templates').issue(`a site of kind ${kind} tells itself what is open`, 'remove the templates')];
  const environment = view.at('environment').text();
  const stage = view.at('stage').text();
  const registering = registerRules(kind, spec, checked);
  if (spec.rules === undefined || environment === undefined || stage === undefined) return registering;
  if (!checked.isSound(['settings'])) return registering;
  const about = { site: id, environment: environment as Environment, stage: stage as Stage };
  const { settings } = checked.value as { readonly settings: never };
  const broken = spec.rules(settings, about);
  return [
    ...registering,
    ...broken.map(({ field, problem, write }) => view.at('settings', ...segments(field)).issue(problem, write)),
  ];
}

/** Who would take messages at which port. Of files that are sound; a suspended site takes none. */
function mllpIssues(hub: Checked | null, sites: readonly SitePart[], kinds: KindSettings): readonly Issue[] {
  const shared = hub?.isSound(['mllp']) === true ? (hub.value as HubSettings).mllp : null;
  const view = hub === null ? null : View.of(hub);
  const own = shared === null || view === null ? [] : sharedDoorIssues(view, shared);
  const broken = shared === null || view === null ? [] : mllpRules(shared);
  const addressed = sites.flatMap(({ id, kind, checked }): readonly Addressed[] => {
    const addressOf = kind === undefined ? undefined : kinds.get(kind)?.hl7;
    const site = View.of(checked);
    if (addressOf === undefined || !checked.isSound(['settings']) || site.at('stage').text() === 'suspended') return [];
    const { settings } = checked.value as { readonly settings: never };
    const address = addressOf(settings);
    if (address === null) return [];
    return [{ id, settings: site.at('settings', ...feedPath(settings)), address }];
  });
  return [
    ...own,
    ...broken.flatMap(({ field, problem, write }) => view?.at('mllp', ...segments(field)).issue(problem, write) ?? []),
    ...doorRules(addressed, shared === null || shared.tls?.ca !== undefined),
  ];
}

/** `clients[0].token` or `fields.mrn` as keys. */
function segments(field: string): readonly string[] {
  return field.split(/[.[\]]+/).filter((key) => key !== '');
}

/**
 * In the sandbox secrets open nothing; anywhere else a file with a secret in it ends up in a repository or a ticket.
 */
function inlineSecrets(filled: Filled, environment: string | undefined): readonly Issue[] {
  if (environment === undefined || environment === 'sandbox') return [];
  const { source } = filled;
  return filled.inlineSecrets.map((path) => ({
    file: source.file,
    line: source.lineOf(path),
    field: source.nameOf(path),
    problem: 'a secret stands in the file',
    write: 'write ${NAME} and set that variable, or file:/path, and replace the secret: it may have been copied',
  }));
}

async function seedIssues(hub: View, configDir: string): Promise<readonly Issue[]> {
  const issues: Issue[] = [];
  for (const [, simulator] of hub.at('simulators').children()) {
    const place = simulator.at('seed');
    const seed = place.text();
    if (seed === undefined || leadsOut(seed)) continue;
    try {
      await stat(join(configDir, seed));
    } catch (error) {
      issues.push(place.issue(`the seed file cannot be read (${reasonOf(error)})`, 'write a path below CONFIG_DIR'));
    }
  }
  return issues;
}

/**
 * Sorted, each told once, and with every known secret struck out. A secret of a few letters would strike out ordinary
 * words.
 */
function tidy(issues: readonly Issue[], secrets: readonly string[]): readonly Issue[] {
  const long = [...new Set(secrets)].filter((secret) => secret.length >= 6).sort((a, b) => b.length - a.length);
  const strike = (text: string): string => long.reduce((rest, secret) => rest.replaceAll(secret, '***'), text);
  const clean = issues.map((one) => ({
    ...one,
    field: strike(one.field),
    problem: strike(one.problem),
    write: strike(one.write),
  }));
  const unique = new Map(clean.map((one) => [JSON.stringify(one), one]));
  return [...unique.values()].sort(
    (a, b) => a.file.localeCompare(b.file) || a.line - b.line || a.field.localeCompare(b.field),
  );
}

function assemble(
  hub: Checked,
  sites: readonly SitePart[],
  subscribers: Checked | null,
  files: { readonly people: Crosswalk['rules']; readonly taxonomy: Taxonomy | null },
): Plan {
  const named = files.taxonomy === null ? {} : { taxonomy: files.taxonomy };
  const list = subscribers?.value as { readonly subscribers: readonly SubscriberSettings[] } | undefined;
  return Object.freeze({
    hub: frozen(hub.value as HubSettings, hubSchema),
    sites: Object.freeze(
      sites.map(({ id, checked, schema }) =>
        Object.freeze({
          ...frozen(completeSite(id, checked.value as SiteFile, files.people.get(id)), schema),
          ...named,
        }),
      ),
    ),
    ...named,
    subscribers: frozen(list?.subscribers ?? [], undefined),
  });
}

/**
 * Deep-frozen. Mappings keyed by data lose their prototype: they are looked up by codes that sites send, and a code
 * that is called `constructor` must not find what every object has.
 */
function frozen<T>(value: T, schema: ValueSchema | undefined): T {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return Object.freeze(value.map((item: unknown) => frozen(item, schema?.items))) as T;
  const byData = typeof schema?.additionalProperties === 'object' || schema?.patternProperties !== undefined;
  const copy = (byData ? Object.create(null) : {}) as Record<string, unknown>;
  for (const [key, child] of Object.entries(value)) copy[key] = frozen(child, schemaOfKey(schema, key));
  return Object.freeze(copy) as T;
}
