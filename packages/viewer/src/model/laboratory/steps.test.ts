import { parseScenarioLine } from 'xip-emu';
import { expect, test } from 'vitest';
import {
  mmapLine,
  mremapLine,
  nextFd,
  nextHint,
  nextId,
  openLine,
  rangeLine,
  readLine,
  scenarioWord,
  touchLine,
} from './steps.js';

test('lines of a scenario, as its parser takes them', () => {
  const mmap = {
    fd: 0,
    length: 0x5000,
    prot: 'rx',
    flags: ['private'],
    pgoff: 2,
    address: 0x40000000,
  };
  const range = { id: 'a', offset: 0x1000, length: 4096 };
  const lines = [
    [mmapLine('a', mmap), 'mmap a 0 0x5000 rx private 2 0x40000000'],
    [
      mmapLine('b', { ...mmap, fd: undefined, prot: '', address: undefined }),
      'mmap b - 0x5000 - private,anon 2',
    ],
    [touchLine('a', 3, 'x'), 'touch a 3 x'],
    [openLine(0, '/a b#c', 'rw'), 'open 0 /a\\x20b\\x23c rw'],
    [rangeLine('mprotect', range, 'rw'), 'mprotect a 0x1000 0x1000 rw'],
    [rangeLine('munmap', range), 'munmap a 0x1000 0x1000'],
    [mremapLine('a', 8192, ['maymove']), 'mremap a 0x2000 maymove'],
    [mremapLine('a', 8192, []), 'mremap a 0x2000'],
    [readLine(0, 0, 20), 'read 0 0 0x14'],
  ] as const;
  for (const [made, line] of lines) {
    expect(made).toBe(line);
    expect(parseScenarioLine(made, 1)?.cmd).toBe(line);
  }
});

test('names that are free', () => {
  expect(nextId([])).toBe('a');
  expect(nextId([{ id: 'a' }, { id: 'c' }])).toBe('b');
  const all = Array.from({ length: 26 }, (_, index) => ({ id: String.fromCharCode(97 + index) }));
  expect(nextId(all)).toBe('aa');
  expect(nextFd([{ fd: 0 }, { fd: 2 }])).toBe(1);
  expect(nextHint([], 4096)).toBe(0x40000000);
  expect(nextHint([{ address: 0x40000000, length: 0x5000 }], 4096)).toBe(0x40020000);
  expect(nextHint([{ address: 0x3ff7ff8000, length: 4096 }], 65536)).toBe(0x40000000);
});

test('a word has no blanks, whatever a file is called', () => {
  expect(scenarioWord('a\u2003b\nc')).toBe('a\\xe2\\x80\\x83b\\x0ac');
});
