import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { CALLS } from './calls/index.js';
import { MOUNT_WORDS, MOUNTS } from './mounts.js';
import { parseScenario } from './parse.js';

describe('mount', () => {
  test.each([
    ['mtd', 'mtd'],
    ['mtd0', 'mtd'],
    ['/dev/mtdblock0', 'mtd'],
    ['/dev/vda', 'block'],
    ['overlay-block', 'overlay-block'],
    ['fuse-cached', 'fuse-cached'],
  ])('%s is the kind %s', (word, kind) => {
    expect(parseScenario(`mount ${word}`)).toEqual([
      { n: 1, cmd: `mount ${word}`, op: 'mount', kind, file: undefined },
    ]);
  });

  test('the name of an archive follows tarfs, and no other kind', () => {
    expect(parseScenario('mount tarfs a.tar')).toMatchObject([{ kind: 'tarfs', file: 'a.tar' }]);
    expect(() => parseScenario('mount tarfs')).toThrow('line 1: a word is missing');
    expect(() => parseScenario('mount mtd a.tar')).toThrow('line 1: one word too many: a.tar');
  });
});

test('lines count from 1, comments and empty lines included', () => {
  const text = '# a comment\n\nmount mtd # another\n  fork\n\tmaps\n end\nexec sh\n';
  const statements = parseScenario(text);
  expect(statements).toMatchObject([
    { n: 3, cmd: 'mount mtd', op: 'mount' },
    { n: 4, cmd: 'fork', op: 'fork' },
    { n: 5, cmd: 'maps', op: 'call', word: 'maps' },
    { n: 6, cmd: 'end', op: 'end' },
    { n: 7, cmd: 'exec sh', op: 'exec', path: 'sh' },
  ]);
});

test.each([
  ['nothing a', 'line 1: no such operation: nothing'],
  ['maps\nend', 'line 2: end without fork'],
  ['fork\nmaps', 'line 1: fork without end'],
  ['mount floppy', `line 1: floppy is none of ${[...MOUNT_WORDS.keys()].join(', ')}`],
  ['tune readahead 1', 'line 1: readahead is none of fault_around'],
  ['touch a 0', 'line 1: a word is missing'],
  ['touch a 0 q', 'line 1: q is none of r, w, x'],
  ['fork\nfork\nend', 'line 1: fork without end'],
  ['switch a', 'line 1: not a number: a'],
  ['touch a -1 r', 'line 1: not a number: -1'],
  ['mmap a - 1 rq private 0', 'line 1: no such flag: q'],
  ['mmap a - 1 r private,huge 0', 'line 1: no such flag: huge'],
  ['open 0 f r sync', 'line 1: no such flag: sync'],
  ['open 0 f x', 'line 1: x is none of r, w, rw'],
  ['lseek 0 --1 cur', 'line 1: not a number: --1'],
  ['lseek 0 0 start', 'line 1: start is none of set, cur, end, data, hole'],
  ['fallocate 0 0 1 collapse_range', 'line 1: no such flag: collapse_range'],
  ['clone 0 1 0', 'line 1: a word is missing'],
  ['dedupe 0 1', 'line 1: a word is missing'],
  ['madvise a 0 1 cold', /^line 1: cold is none of normal, /],
  ['sync now', 'line 1: one word too many: now'],
])('%j is refused', (text, message) => {
  expect(() => parseScenario(text)).toThrow(message);
});

test('docs/emulator.md has every word', () => {
  const docs = readFileSync(new URL('../../../../docs/emulator.md', import.meta.url), 'utf8');
  const code = [...docs.matchAll(/`([^`]*)`/g)].map(([, words]) => words);
  const words = new Set(code.flatMap((line) => line!.split(/[ |\\]+/)));
  expect([...CALLS.keys(), ...Object.keys(MOUNTS)].filter((word) => !words.has(word))).toEqual([]);
});
