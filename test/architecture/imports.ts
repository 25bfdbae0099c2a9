/** Rules about imports: layers, libraries, purity. */
import { posix } from 'node:path';
import ts from 'typescript';
import { CORE_EFFECTS, PACKAGES, placeOf, PURE_PACKAGES, SHARED_WIRE, WIRE, type Found } from './places.ts';
import { lineOf, walk, type Source, type Violation } from './source.ts';

interface Import {
  readonly specifier: string;
  readonly typesOnly: boolean;
  readonly line: number;
}

/** Every way to name another module: import, export from, import(), typeof import(), require. */
export function importsOf({ tree }: Source): readonly Import[] {
  if (tree === null) return [];
  const found: Import[] = [];
  const add = (specifier: ts.Node | undefined, typesOnly: boolean): void => {
    if (specifier === undefined || !ts.isStringLiteralLike(specifier)) return;
    found.push({ specifier: specifier.text, typesOnly, line: lineOf(tree, specifier) });
  };
  walk(tree, (node) => {
    if (ts.isImportDeclaration(node)) add(node.moduleSpecifier, namesTypesOnly(node.importClause));
    else if (ts.isExportDeclaration(node)) add(node.moduleSpecifier, node.isTypeOnly);
    else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) add(node.argument.literal, true);
    else if (ts.isCallExpression(node) && loads(node.expression)) add(node.arguments[0], false);
  });
  return found;
}

function namesTypesOnly(clause: ts.ImportClause | undefined): boolean {
  if (clause === undefined) return false;
  if (clause.phaseModifier === ts.SyntaxKind.TypeKeyword) return true;
  const named = clause.namedBindings;
  if (clause.name !== undefined || named === undefined || !ts.isNamedImports(named)) return false;
  return named.elements.length > 0 && named.elements.every((element) => element.isTypeOnly);
}

function loads(callee: ts.Expression): boolean {
  return callee.kind === ts.SyntaxKind.ImportKeyword || (ts.isIdentifier(callee) && callee.text === 'require');
}

export function layers(one: Source): readonly Violation[] {
  const path = belowSrc(one);
  if (path === null) return [];
  const from = placeOf(path);
  if (from === null) {
    return [{ path: one.path, line: 0, rule: 'layers', what: 'belongs to no place of test/architecture/places.ts' }];
  }
  const violations: Violation[] = [];
  for (const { specifier, typesOnly, line } of importsOf(one)) {
    const report = (rule: string, what: string): void => {
      violations.push({ path: one.path, line, rule, what });
    };
    if (!specifier.startsWith('.')) {
      const problem = libraryProblem(from, specifier, typesOnly);
      if (problem !== null) report('libraries', problem);
      continue;
    }
    const target = posix.normalize(posix.join(posix.dirname(path), specifier));
    if (!/\.(ts|tsx|json)$/.test(target)) report('layers', `${specifier} names no file with its ending`);
    const problem = fileProblem(from, target, typesOnly);
    if (problem !== null) report('layers', problem);
  }
  return violations;
}

function belowSrc({ path, tree }: Source): string | null {
  return tree !== null && path.startsWith('src/') ? path.slice('src/'.length) : null;
}

function fileProblem(from: Found, target: string, typesOnly: boolean): string | null {
  if (target.startsWith('..')) return `${target} lies outside src`;
  const to = placeOf(target);
  if (to === null) return target.endsWith('.json') ? null : `${target} belongs to no place`;
  const { place } = from;
  if (place.onlyTypes === true && !typesOnly) return `a contract imports types only, not values of ${target}`;
  if (place.pure === true && !typesOnly && CORE_EFFECTS.includes(target))
    return `${place.name} is pure, ${target} is not`;
  if (from.unit === to.unit) return null;
  const ownWire = wireKind(target) === from.unit.split(':')[1] && place.may.includes('connectors/wire');
  const name = ownWire ? 'connectors/wire' : to.place.name;
  if (!place.may.includes(name)) return `${place.name} may not import ${name} (${target})`;
  const valueRefused = place.typesOnly?.includes(name) === true && !typesOnly;
  return valueRefused ? `${place.name} may import only types of ${name} (${target})` : null;
}

function wireKind(target: string): string | null {
  return SHARED_WIRE[target] ?? WIRE.exec(target)?.[1] ?? null;
}

function libraryProblem({ place }: Found, specifier: string, typesOnly: boolean): string | null {
  if (typesOnly) return null;
  const name = specifier.startsWith('node:')
    ? specifier.split('/').slice(0, 1).join('')
    : specifier
        .split('/')
        .slice(0, specifier.startsWith('@') ? 2 : 1)
        .join('/');
  if (place.pure === true && !PURE_PACKAGES.includes(specifier))
    return `${place.name} is pure and may not use ${specifier}`;
  const allowed = PACKAGES[name];
  if (allowed === undefined || allowed.includes(place.name)) return null;
  return `${specifier} is used only in ${allowed.length === 0 ? 'no place' : allowed.join(', ')}`;
}

/** The server installs without devDependencies: what `src` imports must be among the others. */
export function installed(one: Source, dependencies: ReadonlySet<string>): readonly Violation[] {
  if (!one.path.startsWith('src/')) return [];
  return importsOf(one).flatMap(({ specifier, typesOnly, line }) => {
    if (specifier.startsWith('.') || specifier.startsWith('node:') || typesOnly) return [];
    const name = specifier
      .split('/')
      .slice(0, specifier.startsWith('@') ? 2 : 1)
      .join('/');
    if (dependencies.has(name)) return [];
    return [{ path: one.path, line, rule: 'libraries', what: `${name} is not among the dependencies` }];
  });
}

/** A file that only hands on what others declare hides where things are. */
export function barrels(one: Source): readonly Violation[] {
  if (one.tree === null || one.tree.statements.length === 0) return [];
  const handsOn = one.tree.statements.every(
    (statement) =>
      ts.isImportDeclaration(statement) ||
      (ts.isExportDeclaration(statement) &&
        (statement.moduleSpecifier !== undefined || statement.exportClause !== undefined)),
  );
  const exports = one.tree.statements.some((statement) => ts.isExportDeclaration(statement) && !isEmpty(statement));
  if (!handsOn || !exports) return [];
  return [{ path: one.path, line: 0, rule: 'no barrels', what: 'only re-exports; import from where it is declared' }];
}

function isEmpty({ exportClause }: ts.ExportDeclaration): boolean {
  return exportClause !== undefined && ts.isNamedExports(exportClause) && exportClause.elements.length === 0;
}
