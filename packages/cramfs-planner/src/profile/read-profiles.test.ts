import { nameToBytes } from 'cramfs-format';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readProfiles } from './read-profiles.js';

const MAPS = '00001000-00003000 r-xp 00000000 1f:02 81         /bin/a\n';
const SAMPLES = {
  json: '\n{ "format": "cramfs-profile", "version": 1, "kind": "cached", "pageSize": 4096, "files": [] }',
  axfs: './bin/sh,0,1\n',
  smaps: `${MAPS}Size: 8 kB\nKernelPageSize: 4 kB\nRss: 8 kB\n`,
  collector: 'cramfs-touched 1\nprocess 1 sh\nend\n',
  fincore: '  RES PAGES   SIZE FILE\n 124K    31 122.7K /bin/dash\n',
  vmtouch: '/bin/a\n\r[OO] 2/2\n',
  'run-record': '{"n":1,"p":0,"op":"mount","cmd":"mount mtd","ret":"ok"}\n',
} as const;

function file(name: string, text: string) {
  return { name, bytes: nameToBytes(text) };
}

test.each(Object.entries(SAMPLES))('%s is recognised by its content', (format, text) => {
  expect(readProfiles([file('f', text)])).toMatchObject([{ source: 'f', format }]);
});

test('fincore --json, too', () => {
  const text =
    '{\n   "fincore": [\n      {"res":"4K","pages":1,"size":"1B","file":"b\xffad"}\n   ]\n}\n';
  expect(readProfiles([file('f', text)])[0]!.atLeast).toEqual(new Map([['/b\xffad', 1]]));
});

const PAGEMAP = `${'\0'.repeat(16)}\0\0\0\0\0\0\0\xa0`;

test.each([MAPS, SAMPLES.smaps])('a pagemap is read with the file before it', (maps) => {
  const files = [file('other', SAMPLES.axfs), file('maps', maps), file('pagemap', PAGEMAP)];
  const [axfs, pagemap, ...more] = readProfiles(files);
  expect(axfs).toMatchObject({ format: 'axfs' });
  expect(pagemap).toMatchObject({ source: 'pagemap', format: 'pagemap' });
  expect([...pagemap!.files]).toEqual([['/bin/a', [{ first: 1, pages: 1, count: 1 }]]]);
  expect(more).toEqual([]);
});

test.each([
  ['', 'empty: not a profile'],
  ['hello\n', 'not a profile: it should be the JSON form'],
  [MAPS, 'maps says what is mapped, not what is touched'],
  [PAGEMAP, 'a pagemap says nothing by itself'],
  ['{"format": "cramfs-profile", "a": "\xff"}', 'not UTF-8'],
  ['{"fincore": [', 'line 1: not JSON: cut off'],
  ['bin/sh,0,1\nx', 'line 2: not a page of AXFS'],
])('%j: %s', (text, message) => {
  let found: unknown;
  try {
    readProfiles([file('some\xff', text)]);
  } catch (error) {
    found = error;
  }
  expect(found).toMatchObject({ name: 'CramfsError', code: 'BAD_SOURCE', path: 'some\xff' });
  expect(String(found)).toContain(message);
});

test('cut and damaged files give profiles or errors, and nothing else', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...Object.values(SAMPLES), PAGEMAP),
      fc.nat(200),
      fc.uint8Array({ maxLength: 9 }),
      (text, at, other) => {
        const bytes = Uint8Array.from([...nameToBytes(text.slice(0, at)), ...other]);
        try {
          readProfiles([file('maps', MAPS), { name: 'f', bytes }]);
        } catch (error) {
          expect(error).toMatchObject({ name: 'CramfsError', code: 'BAD_SOURCE' });
        }
      },
    ),
    { numRuns: 1000 },
  );
});

test('as many lines as large systems have pages', () => {
  const rows = Array.from(
    { length: 200_000 },
    (_, page) => `bin/a,${(page * 7919 * 4096) % 2 ** 40},1`,
  );
  const [profile] = readProfiles([file('big', rows.join('\n'))]);
  expect(
    profile!.files.get('/bin/a')!.reduce((sum, { pages, count }) => sum + pages * count, 0),
  ).toBe(200_000);
});
