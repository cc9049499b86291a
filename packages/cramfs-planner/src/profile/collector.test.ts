import { expect, test } from 'vitest';
import { parseCollected } from './collector.js';

const RECORD = `cramfs-touched 1
page-size 4096
fault-around 65536
process 81 kthreadd
process 82 sh
area 00401000-00583000 r-xp 00001000 fe:00 2212398                            /bin/busybox
pages 0-2,5
area 00583000-005d6000 r--p 00183000 fe:00 2212398                            /bin/busybox
rss 8 kB
process 83 odd\x07 name
area 00401000-00583000 r-xp 00001000 fe:00 2212398                            /bin/busybox
pages 2
area 7f000000-7f001000 r--p 00000000 fe:00 7                                  /etc/\xff
rss 4 kB
end
`;

test('the pages of files, counted by processes', () => {
  expect(parseCollected(RECORD, 'r')).toEqual({
    source: 'r',
    format: 'collector',
    kind: 'mapped',
    pageSize: 4096,
    faultAround: 65536,
    files: new Map([
      [
        '/bin/busybox',
        [
          { first: 1, pages: 2, count: 1 },
          { first: 3, pages: 1, count: 2 },
          { first: 6, pages: 1, count: 1 },
        ],
      ],
      ['/etc/\xff', [{ first: 0, pages: 1, count: 1 }]],
    ]),
    atLeast: new Map([['/bin/busybox', 2]]),
  });
});

test('fault-around that is not known', () => {
  const record = RECORD.replace('fault-around 65536', 'fault-around unknown');
  expect(parseCollected(record, '').faultAround).toBeUndefined();
});

test.each([
  ['end\n', '', "line 15: cut off: the last line should be 'end'"],
  ['cramfs-touched 1', 'cramfs-touched 2', 'line 1: version 2 is not known'],
  ['page-size 4096', 'page-size 100', 'line 2: 100 is not the size of a page'],
  ['fault-around 65536', 'fault-around x', 'line 3: fault-around'],
  ['process 81', 'PROCESS 81', "line 4: the word 'PROCESS' is not known"],
  ['r-xp', 'rwxp', 'line 6: not a read-only area'],
  ['0-2,5', '0-2,2', "line 7: '2' are not pages of an area of 386 pages"],
  ['0-2,5', '0-386', "line 7: '0-386' are not pages"],
  ['0-2,5', '0-2,', "line 7: '' are not pages"],
  ['rss 8 kB', 'rss 8', 'line 9: rss should be a number of kB'],
  ['rss 8 kB', 'pages 1\npages 2', 'line 10: there is no area before it'],
  ['end\n', 'end\nprocess 84\n', 'line 16: more after the last line'],
])('%s -> %s', (part, other, message) => {
  expect(() => parseCollected(RECORD.replace(part, other), '')).toThrow(message);
});
