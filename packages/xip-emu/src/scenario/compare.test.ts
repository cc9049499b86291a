import { describe, expect, test } from 'vitest';
import { compareRecords, formatDifference } from './compare.js';
import type { ScenarioRecord } from './run.js';

function maps(start: number, end: number, flags: string, more: ScenarioRecord = {}) {
  const path = '/rom/bin/p';
  return { op: 'x-maps', when: 'start', start, end, perms: 'r-xp', off: 0, path, flags, ...more };
}

const WHOLE = maps(0, 5, 'rd ex pf io de dd', { pages: ['-'], rss: 0, an: 0 });
const SPLIT = [maps(0, 1, 'rd ex pf io de dd'), maps(1, 5, 'rd ex dd', { rss: 4 })];
const END = { n: 2, op: 'exec-end', cmd: 'exec bin/p', ret: 'ok' };

describe('what depends on the code of programs', () => {
  test('pages, later areas and checksums are left out', () => {
    const recorded = [
      { ...WHOLE, pages: ['ram:0'], rss: 4 },
      { op: 'x-check', crc: '0' },
      { ...WHOLE, when: 'read' },
      END,
    ];
    expect(compareRecords(recorded, [WHOLE, END])).toBeUndefined();
    expect(compareRecords([WHOLE, END], [{ ...WHOLE, end: 6 }, END])).toMatchObject({
      path: 'end',
    });
  });

  test('an area that the program has split may be whole without its code', () => {
    expect(compareRecords([...SPLIT, END], [WHOLE, END])).toBeUndefined();
    expect(compareRecords([...SPLIT, END], [...SPLIT, END])).toBeUndefined();
  });

  test('but what the emulator splits the kernel has split', () => {
    expect(compareRecords([WHOLE, END], [...SPLIT, END])).toMatchObject({ index: 0, path: 'end' });
    const elsewhere = [maps(0, 2, 'rd ex pf io de dd'), maps(2, 5, 'rd ex dd')];
    expect(compareRecords([...SPLIT, END], [...elsewhere, END])).toBeDefined();
  });

  test('ordinary neighbours are not put together', () => {
    const neighbours = [maps(0, 1, 'rd ex'), maps(1, 5, 'rd ex dd')];
    expect(compareRecords([...neighbours, END], [maps(0, 5, 'rd ex'), END])).toBeDefined();
  });
});

test('after a diagnosis nothing is compared, before it everything', () => {
  const before = { n: 1, op: 'open', cmd: 'open 0 f r', ret: 'ok', size: 1 };
  const diagnosis = { op: 'diagnosis', kind: 'oops' };
  const recorded = [before, { n: 2, op: 'mmap', cmd: 'mmap a', ret: 'ok' }, END];
  expect(compareRecords(recorded, [before, diagnosis])).toBeUndefined();
  const difference = compareRecords(recorded, [{ ...before, size: 2 }, diagnosis]);
  expect(formatDifference(difference!)).toBe(
    'line 1: open 0 f r\n  field:    size\n  expected: 1\n  got:      2',
  );
});
