import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

const ROOT = new URL('../../', import.meta.url);
const manual = readFileSync(new URL('docs/seeds.md', ROOT), 'utf8');

/** Sections that say where their tests are, and that the names are theirs. */
const SECTIONS = manual
  .split(/^## /m)
  .slice(1)
  .map((section) => ({
    title: section.slice(0, section.indexOf('\n')),
    file: /tests are in\s+`([^`]+)`,\s+by\s+these\s+names/.exec(section)?.[1],
    names: [...section.matchAll(/^\| .* \| (.*) \|$/gm)]
      .slice(1)
      .flatMap(([, cell]) => cell!.trim().split('; '))
      // A mark, and how many tests a group has.
      .map((name) => name.replace(/^\* | \(\w+ tests\)$/g, ''))
      .filter((name) => !/^-*$|^test$|`/.test(name)),
  }))
  .filter(({ file }) => file !== undefined);

test('sections of docs/seeds.md name their tests', () => {
  expect(SECTIONS.length).toBeGreaterThan(0);
});

test.each(SECTIONS)('docs/seeds.md, $title: each name is one of a test', ({ file, names }) => {
  const titles = new Set(stringLiterals(readFileSync(new URL(file!, ROOT), 'utf8')));
  expect(names.length).toBeGreaterThan(5);
  expect(names.filter((name) => !titles.has(name))).toEqual([]);
});

/** The strings of a source file, among them the titles of its tests, whole. */
function stringLiterals(source: string): string[] {
  return [
    ...source.matchAll(/'((?:\\.|[^'\\\n])*)'|"((?:\\.|[^"\\\n])*)"|`((?:\\.|[^`\\])*)`/g),
  ].map(([, single, double, template]) => (single ?? double ?? template)!.replace(/\\(.)/g, '$1'));
}
