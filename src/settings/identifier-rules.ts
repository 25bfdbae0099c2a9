/** Rules over what site files say of the numbers of people, each by itself and together. */
import type { IdentifierSettings } from './identifier-shape.ts';
import { meaningOf } from './identifier-types.ts';
import type { Issue } from './issue.ts';
import type { View } from './view.ts';

interface Listed {
  readonly site: string;
  readonly rule: IdentifierSettings;
  readonly place: View;
}

export function identifierRules(views: ReadonlyMap<string, View>): readonly Issue[] {
  const listed = [...views].flatMap(([site, view]): readonly Listed[] =>
    view
      .at('identifiers')
      .children()
      .flatMap(([, place]) => {
        const rule = place.whole() as IdentifierSettings | undefined;
        return rule === undefined ? [] : [{ site, rule, place }];
      }),
  );
  return [
    ...listed.flatMap(ofOne),
    ...[...Map.groupBy(listed, ({ rule }) => rule.system).values()].flatMap((same) => ofSystem(same)),
  ];
}

function ofOne({ rule, place }: Listed): readonly Issue[] {
  if (!rule.useForWriteBack || meaningOf(rule).trust === 'proves') return [];
  const problem = 'names a patient in bookings, and several people may have the same one';
  return [place.at('useForWriteBack').issue(problem, 'write false, or give it a type that proves a person')];
}

/** One address is one namespace: whoever lists it must mean the same by it. */
function ofSystem([first, ...others]: readonly Listed[]): readonly Issue[] {
  if (first === undefined) return [];
  const told = meaningOf(first.rule);
  return others.flatMap(({ site, rule, place }) => {
    const said = meaningOf(rule);
    if (said.type !== told.type || said.trust !== told.trust || said.scope !== told.scope) {
      const problem = `${rule.system} means something else in the file of ${first.site}`;
      return [place.issue(problem, 'write the same type, trust and scope, or another system')];
    }
    if (site === first.site || said.scope !== 'site') return [];
    const problem = `${rule.system} is listed by ${first.site} too, and is given out by one site alone`;
    return [
      place.issue(problem, 'write scope: group or enterprise in both files, or give each site a system of its own'),
    ];
  });
}
