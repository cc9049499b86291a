import { readFileSync } from 'node:fs';
import { FINDING_CODES } from 'cramfs-reader';
import { describe, expect, test } from 'vitest';
import { readDocument, section, table } from './markdown.js';

const DOCUMENT = readDocument('kernel-facts.md');

describe('kernel facts', () => {
  const rows = table(section(DOCUMENT, 'Overview'));
  const facts = rows.map((row) => row['fact']);

  test('are numbered without a gap', () => {
    expect(facts).toEqual(facts.map((_, index) => `K${index + 1}`));
  });

  test('have a chapter each, which says where to look in Linux', () => {
    const chapters = [...DOCUMENT.matchAll(/^### (K\d+): .*$/gm)];
    expect(new Set(chapters.map(([, fact]) => fact))).toEqual(new Set(facts));
    expect(chapters).toHaveLength(facts.length);
    for (const [heading, fact] of chapters) {
      const [, place] = /^Compare `([^`]+)`/m.exec(section(DOCUMENT, heading.slice(4))) ?? [];
      expect(place, fact).toMatch(/^([\w/]+\.[ch]:)?(\w+\(\)|struct \w+)$/);
    }
  });

  test('have a test of the emulator each', () => {
    const source = readFileSync(
      new URL('../emulator/kernel-facts.test.ts', import.meta.url),
      'utf8',
    );
    const tested = [...source.matchAll(/^ {2}test\('(K\d+): /gm)].map(([, fact]) => fact);
    expect(tested.sort()).toEqual([...facts].sort());
    expect(rows.map((row) => row['emulated'])).toEqual(facts.map((fact) => `test \`${fact}\``));
  });

  test('name codes that check knows', () => {
    const codes = rows.flatMap((row) => [...row['`check`']!.matchAll(/`([^`]+)`/g)]);
    expect(codes.length).toBeGreaterThan(10);
    for (const [, code] of codes) expect(Object.keys(FINDING_CODES)).toContain(code);
  });

  test('include every fact that a code of check is named after', () => {
    for (const code of Object.keys(FINDING_CODES)) {
      const fact = /^k(\d+)-/.exec(code);
      if (fact === null) continue;
      const row = rows.find((cells) => cells['fact'] === `K${fact[1]}`);
      expect(row?.['`check`']).toContain(`\`${code}\``);
    }
  });
});
