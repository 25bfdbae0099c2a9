/** All rules together, and what remains of their findings when the exceptions are taken away. */
import * as code from './code.ts';
import type { Exception } from './exceptions.ts';
import { barrels, installed, layers } from './imports.ts';
import type { Rule, Source, Violation } from './source.ts';
import * as text from './text.ts';

const RULES: readonly Rule[] = [
  layers,
  barrels,
  code.clock,
  code.environment,
  code.sql,
  code.globals,
  code.words,
  code.functionLength,
  code.fileLength,
  code.lineLength,
  text.fileNames,
  text.unfinished,
  text.machinePaths,
  text.skippedTests,
];

/** `dependencies`: what is installed beside the server, by name. */
export function judge(sources: readonly Source[], dependencies: ReadonlySet<string>): readonly Violation[] {
  return [
    ...sources.flatMap((source) => RULES.flatMap((rule) => rule(source))),
    ...sources.flatMap((source) => installed(source, dependencies)),
    ...code.connectorSizes(sources),
  ];
}

export function excuses({ path, rule, atMost }: Exception, violation: Violation): boolean {
  if (violation.path !== path || violation.rule !== rule) return false;
  return atMost === undefined || Number(/^\d+/.exec(violation.what)?.[0] ?? Infinity) <= atMost;
}
