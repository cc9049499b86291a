import { expect, test } from 'vitest';
import { parseSmaps } from './smaps.js';

/** From a static busybox on Linux 6.18, without the lines that do not matter here. */
const SMAPS = `00400000-00401000 r--p 00000000 fe:00 2212398                            /bin/busybox
Size:                  4 kB
KernelPageSize:        4 kB
MMUPageSize:           4 kB
Rss:                   4 kB
Pss:                   4 kB
Referenced:            4 kB
Anonymous:             0 kB
THPeligible:           0
VmFlags: rd mr mw me 
00401000-00583000 r-xp 00001000 fe:00 2212398                            /bin/busybox
Size:               1544 kB
KernelPageSize:        4 kB
Rss:                 640 kB
Pss:                 640 kB
VmFlags: rd ex mr mw me 
00583000-005d6000 r--p 00183000 fe:00 2212398                            /bin/busybox
Size:                332 kB
KernelPageSize:        4 kB
Rss:                   0 kB
VmFlags: rd mr mw me 
005d7000-005de000 rw-p 001d6000 fe:00 2212398                            /bin/busybox
Size:                 28 kB
KernelPageSize:        4 kB
Rss:                  28 kB
VmFlags: rd wr mr mw me ac 
7ffc37bd4000-7ffc37bf5000 rw-p 00000000 00:00 0                          [stack]
Size:                132 kB
KernelPageSize:        4 kB
Rss:                  12 kB
VmFlags: rd wr mr mw me gd ac 
`;

test('an area that is completely resident gives pages, any other a number', () => {
  expect(parseSmaps(SMAPS, 'smaps')).toEqual({
    source: 'smaps',
    format: 'smaps',
    kind: 'mapped',
    pageSize: 4096,
    faultAround: undefined,
    files: new Map([['/bin/busybox', [{ first: 0, pages: 1, count: 1 }]]]),
    atLeast: new Map([['/bin/busybox', 160]]),
  });
});

test('private copies do not count', () => {
  const copied = SMAPS.replace('Anonymous:             0 kB', 'Anonymous:             4 kB');
  expect([...parseSmaps(copied, '').files]).toEqual([]);
});

test('of several processes, whole areas add up', () => {
  const { files, atLeast } = parseSmaps(
    SMAPS + SMAPS.replace('Rss:                 640', 'Rss: 1544'),
    '',
  );
  expect([...files.values()]).toEqual([
    [
      { first: 0, pages: 1, count: 2 },
      { first: 1, pages: 386, count: 1 },
    ],
  ]);
  expect([...atLeast.values()]).toEqual([160]);
});

test('the page size is that of most areas, whatever huge pages have', () => {
  const text = `10000000-10040000 r-xp 00020000 1f:02 81 /bin/a
Size: 256 kB
KernelPageSize: 64 kB
Rss: 256 kB
20000000-20200000 r-xp 00000000 1f:02 82 /bin/huge
Size: 2048 kB
KernelPageSize: 2048 kB
Rss: 0 kB
`;
  const { pageSize, files } = parseSmaps(text, '');
  expect(pageSize).toBe(65536);
  expect([...files]).toEqual([['/bin/a', [{ first: 2, pages: 4, count: 1 }]]]);
});

test('cut off, or something else', () => {
  expect(() => parseSmaps(SMAPS.slice(0, SMAPS.indexOf('Rss:')), '')).toThrow(
    'line 1: the area has no Rss: cut off?',
  );
  expect(() => parseSmaps(`${SMAPS}abc\n`, '')).toThrow(
    'line 32: not a line of /proc/PID/maps or smaps',
  );
});
