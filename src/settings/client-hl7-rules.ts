/** Rules about clients that ask by HL7 v2 (SRM): whose message it is must be certain, and where it leads. */
import type { ClientAnswers, ClientHl7 } from './client-hl7-shape.ts';
import { suggest, type Issue } from './issue.ts';
import { allowRules } from './mllp-rules.ts';
import type { View } from './view.ts';

export function clientHl7Rules(clients: readonly View[], siteIds: readonly string[]): readonly Issue[] {
  const seen = new Map<string, string>();
  return clients.flatMap((client) => {
    const place = client.at('hl7');
    if (place.keys().length === 0) return [];
    const role = client.at('role').text();
    const issues: Issue[] = [];
    if (role !== undefined && role !== 'scheduler' && role !== 'admin')
      issues.push(client.at('role').issue('may not book, and hl7 is for requests', 'write scheduler, or remove hl7'));
    const hl7 = place.whole() as ClientHl7 | undefined;
    if (hl7 === undefined) return issues;
    const id = client.at('id').text() ?? '';
    const key = JSON.stringify([hl7.site ?? '', hl7.application, hl7.facility]);
    const earlier = seen.get(key);
    if (earlier !== undefined)
      issues.push(
        place.issue(
          `the client ${earlier} has the same application and facility at the same port, so nobody could tell whose ` +
            'a request is',
          'write other names (MSH-3, MSH-4) in one of the two',
        ),
      );
    seen.set(key, earlier ?? id);
    for (const [named, at] of [
      ...(hl7.site === undefined ? [] : [[hl7.site, place.at('site')] as const]),
      ...Object.entries(hl7.facilities).map(([facility, site]) => [site, place.at('facilities', facility)] as const),
    ])
      if (!siteIds.includes(named))
        issues.push(at.issue(`there is no site ${named}`, suggest(named, siteIds, 'site file')));
    for (const { field, problem, write } of allowRules(hl7.allow))
      issues.push(place.at(...field.split(/[.[\]]+/).filter((part) => part !== '')).issue(problem, write));
    return [...issues, ...tlsIssues(place, hl7.answers)];
  });
}

function tlsIssues(place: View, answers: ClientAnswers | undefined): readonly Issue[] {
  const { certificate, key } = answers?.tls ?? {};
  if ((certificate === undefined) === (key === undefined)) return [];
  return [
    place
      .at('answers', 'tls')
      .issue('has a certificate without its key, or a key without its certificate', 'write both, or neither'),
  ];
}
