/**
 * A person is registered at a site by two words of its file: the policy (`patients`), and how this site wants to be
 * asked (settings of the kind), which no standard tells. One without the other is a mistake that nobody would see.
 */
import type { Checked } from './check.ts';
import type { Issue } from './issue.ts';
import type { AnySettingsSpec } from './spec.ts';
import { View } from './view.ts';

export function registerRules(kind: string, { registers }: AnySettingsSpec, checked: Checked): readonly Issue[] {
  const view = View.of(checked);
  const policy = view.at('patients', 'whenUnknown');
  const isWanted = policy.text() === 'register';
  if (registers === undefined) {
    if (!isWanted) return [];
    const write = 'write refuse, ask or search';
    return [policy.issue(`a site of kind ${kind} cannot be asked to register anybody`, write)];
  }
  if (!checked.isSound(['settings'])) return [];
  const { settings } = checked.value as { readonly settings: never };
  const isSet = registers.isSet(settings);
  if (isWanted === isSet) return [];
  const place = view.at('settings', ...registers.field.split('.'));
  if (isWanted) return [place.issue('is not set, and patients.whenUnknown is register', registers.write)];
  const problem = 'is set, and nobody is registered by it: patients.whenUnknown is not register';
  return [place.issue(problem, 'write patients: { whenUnknown: register }, or remove it')];
}
