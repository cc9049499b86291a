import { existsSync, readFileSync, readdirSync } from 'node:fs';
import ts from 'typescript';
import { expect, test } from 'vitest';

/*
 * What other programs can import. A name that comes or goes changes public-names.txt, which is to
 * be meant: `npx vitest run test/packages -u` writes it.
 */

const PACKAGES = new URL('../../packages/', import.meta.url);

interface Manifest {
  readonly name: string;
  readonly exports: Readonly<Record<string, { readonly default: string }>>;
}

/** Names that a module exports: lists of names only, so that no change to it goes unnoticed. */
function exportedNames(source: URL): string[] {
  const text = readFileSync(source, 'utf8');
  const { statements } = ts.createSourceFile(source.pathname, text, ts.ScriptTarget.Latest);
  return statements.flatMap((statement) => {
    if (!ts.isExportDeclaration(statement)) throw new Error(`${source.pathname}: not a list`);
    const { exportClause, isTypeOnly } = statement;
    if (exportClause === undefined || !ts.isNamedExports(exportClause)) {
      throw new Error(`${source.pathname}: export *`);
    }
    return exportClause.elements.map((element) => {
      const isType = isTypeOnly || element.isTypeOnly;
      return isType ? `type ${element.name.text}` : element.name.text;
    });
  });
}

const entries = readdirSync(PACKAGES).flatMap((directory) => {
  const manifest = new URL(`${directory}/package.json`, PACKAGES);
  if (!existsSync(manifest)) return [];
  const { name, exports } = JSON.parse(readFileSync(manifest, 'utf8')) as Manifest;
  // CommonJS entry points are where worker threads start: nobody imports them.
  const importable = Object.entries(exports).filter(([, { default: file }]) =>
    file.endsWith('.js'),
  );
  return importable.map(([path, { default: file }]) => ({
    specifier: name + path.slice(1),
    source: new URL(
      `${directory}/${file.replace('/dist/', '/src/').replace(/js$/, 'ts')}`,
      PACKAGES,
    ),
  }));
});

test('the public names of each package are those of public-names.txt', async () => {
  const lists = entries.map(({ specifier, source }) => {
    const names = exportedNames(source).sort();
    expect(new Set(names).size).toBe(names.length);
    return [specifier, ...names.map((name) => `  ${name}`)].join('\n');
  });
  expect(lists.length).toBeGreaterThanOrEqual(8);
  await expect(`${lists.join('\n\n')}\n`).toMatchFileSnapshot('public-names.txt');
});

test.each(entries)('$specifier gives what it declares', async ({ specifier, source }) => {
  const declared = exportedNames(source).filter((name) => !name.startsWith('type '));
  const module = (await import(specifier)) as object;
  expect(Object.keys(module).sort()).toEqual(declared.sort());
});
