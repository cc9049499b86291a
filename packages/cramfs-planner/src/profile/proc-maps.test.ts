import { expect, test } from 'vitest';
import { isReadOnlyFile, parseProcArea } from './proc-maps.js';

// Written by Linux 6.18; the second line's file has a newline in its name, the third line's a backslash and
// digits.
test.each([
  ['7f9d4000-7f9d6000 r-xp 0002f000 1f:02 81 /bin/sp ace', '/bin/sp ace', 0x2f000],
  [
    '7f59927be000-7f59928be000 r--p 00000000 fe:00 2212402                    /d/nl\\012x',
    '/d/nl\nx',
    0,
  ],
  [
    '7f73aa5d0000-7f73aa6d0000 r--p 00000000 fe:00 2212403                    /d/b\\040x',
    '/d/b\\040x',
    0,
  ],
  [
    '7f2f91335000-7f2f91435000 r--p 00000000 fe:00 2212406                    /d/\xff\xfe',
    '/d/\xff\xfe',
    0,
  ],
  [
    '7fd922dd5000-7fd922ed5000 r--s 00000000 fe:00 2212404                    /d/x (deleted)',
    '/d/x (deleted)',
    0,
  ],
])('%s', (line, path, offset) => {
  const area = parseProcArea(line)!;
  expect(area).toMatchObject({ path, offset });
  expect(isReadOnlyFile(area)).toBe(true);
});

test('areas without a file, and writable ones', () => {
  const stack = parseProcArea(
    '7ffd0a5e8000-7ffd0a609000 rw-p 00000000 00:00 0                          [stack]',
  );
  expect(stack).toMatchObject({ path: undefined, start: 0x7ffd0a5e8000 });
  const anonymous = parseProcArea('7f7ce9ec7000-7f7ce9ec8000 rw-p 00000000 00:00 0 ');
  expect(anonymous).toMatchObject({ path: undefined });
  const data = parseProcArea('00061000-00062000 rw-p 00051000 1f:02 81         /bin/sh')!;
  expect(isReadOnlyFile(data)).toBe(false);
  const vsyscall = parseProcArea(
    'ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0                  [vsyscall]',
  );
  expect(vsyscall!.end - vsyscall!.start).toBe(4096);
});

test.each([
  '',
  'Rss: 0 kB',
  '7f00-7e00 r-xp 0 0:0 0',
  '00061000-00061000 r-xp 00000000 00:00 0',
  'zz',
])('not an area: %j', (line) => {
  expect(parseProcArea(line)).toBeUndefined();
});
