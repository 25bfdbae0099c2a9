/** Rules about names of files and about text of any kind of file. */
import type { Source, Violation } from './source.ts';

const EMPTY_NAMES = /^(utils?|helpers?|common|managers?|services?)$/;

/** A name that fits anything tells nothing about what is inside. */
export function fileNames({ path }: Source): readonly Violation[] {
  const word = path
    .split('/')
    .flatMap((part) => part.split(/[.-]/))
    .find((part) => EMPTY_NAMES.test(part));
  return word === undefined
    ? []
    : [{ path, line: 0, rule: 'file names', what: `"${word}" says nothing about the file` }];
}

/** Written in two pieces, so that this file is not found by its own rule. */
const UNFINISHED = new RegExp(
  ['TO' + 'DO', 'FIX' + 'ME', 'X' + 'XX', 'not ' + 'implemented'].map((w) => `\\b${w}\\b`).join('|'),
);

export function unfinished(one: Source): readonly Violation[] {
  return everyLine(one, 'unfinished', (line) => UNFINISHED.exec(line)?.[0] ?? null);
}

const MACHINE = new RegExp(
  `(?:^|[\\s'"\`(=:])(/(?:${['work', 'home', 'root', 'Users'].join('|')})/[\\w.-]+|[A-Z]:\\\\+Users)`,
);

/** A path of the machine on which something was written exists on no other. */
export function machinePaths(one: Source): readonly Violation[] {
  return everyLine(one, 'machine paths', (line) => MACHINE.exec(line)?.[1] ?? null);
}

const PASSED_OVER = new RegExp(
  `\\b(?:test|it|describe|suite)\\.(?:${['sk' + 'ip', 'on' + 'ly', 'to' + 'do'].join('|')})\\b`,
);
const PASSED_OVER_BY_OPTION = new RegExp(
  `\\b(?:${['sk' + 'ip', 'on' + 'ly', 'to' + 'do'].join('|')}): *(?:true|['"\`])`,
);

/**
 * A test that does not run is no test. What cannot hold on a machine is skipped by a condition that names the reason.
 */
export function skippedTests(one: Source): readonly Violation[] {
  if (!/\.test\.tsx?$/.test(one.path)) return [];
  return everyLine(
    one,
    'skipped tests',
    (line) => (PASSED_OVER.exec(line) ?? PASSED_OVER_BY_OPTION.exec(line))?.[0] ?? null,
  );
}

function everyLine({ path, lines }: Source, rule: string, find: (line: string) => string | null): readonly Violation[] {
  return lines.flatMap((line, at) => {
    const what = find(line);
    return what === null ? [] : [{ path, line: at + 1, rule, what }];
  });
}
