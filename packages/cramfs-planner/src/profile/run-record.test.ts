import { expect, test } from 'vitest';
import { isRunRecordLine, parseRunRecord } from './run-record.js';

// Written by `cramfs run` on the image basic of test/fixtures/kernel-images.
const RECORDS = `{"n":1,"p":0,"op":"mount","cmd":"mount mtd","ret":"ok"}
{"n":2,"p":0,"op":"open","cmd":"open 0 direct-8p-exact r","ret":"ok","size":32768}
{"n":3,"p":0,"op":"mmap","cmd":"mmap a 0 0x8000 r private 0 0x40000000","ret":"ok","addr":"0x40000000"}
{"n":4,"p":0,"op":"touch","cmd":"touch a 4 r","ret":"ok","val":174}
{"n":5,"p":0,"op":"touch","cmd":"touch a 7 w","ret":"SIGSEGV","code":"ACCERR"}
{"n":6,"p":0,"op":"sum","cmd":"sum a 0x1000 0x1800","ret":"ok","crc":"4a192349"}
{"n":7,"p":0,"op":"fork","cmd":"fork","child":1,"ret":"ok"}
{"n":8,"p":1,"op":"touch","cmd":"touch a 0 r","ret":"ok","val":37}
{"n":9,"p":1,"op":"open","cmd":"open 1 /rom/direct-5p-sharedtail r","ret":"ok","size":16484}
{"n":10,"p":1,"op":"mmap","cmd":"mmap b 1 0x3000 rw private 2","ret":"ok","addr":"auto"}
{"n":11,"p":1,"op":"touch","cmd":"touch b 0 r","ret":"ok","val":52}
{"n":12,"p":1,"op":"mmap","cmd":"mmap b 1 0x3000 rx private 2","ret":"ok","addr":"auto"}
{"n":13,"p":1,"op":"touch","cmd":"touch b 1 r","ret":"ok","val":109}
{"n":14,"p":1,"op":"touch","cmd":"touch b 100 r","ret":"skip-auto"}
{"n":15,"p":0,"op":"end","cmd":"end","child":1,"status":"exit:0"}
{"n":16,"p":0,"op":"touch","cmd":"touch b 0 r","ret":"no-such-id"}
{"op":"scenario-end","kernel":"ok","umount":"ok","taint":0}
`;

test('pages touched through read-only mappings, in all processes', () => {
  const profile = parseRunRecord(RECORDS, 'r');
  expect(profile).toMatchObject({
    source: 'r',
    format: 'run-record',
    kind: 'mapped',
    pageSize: 4096,
  });
  expect([...profile.files]).toEqual([
    ['/direct-5p-sharedtail', [{ first: 3, pages: 1, count: 1 }]],
    [
      '/direct-8p-exact',
      [
        { first: 0, pages: 3, count: 1 },
        { first: 4, pages: 1, count: 1 },
      ],
    ],
  ]);
});

test('a scenario does not depend on the one before it', () => {
  const again = RECORDS.split('\n').filter((line) => !/"n":(2|3),/.test(line));
  expect(parseRunRecord(RECORDS + again.join('\n'), '').files.get('/direct-8p-exact')).toHaveLength(
    2,
  );
});

test('errors', () => {
  expect(() => parseRunRecord(RECORDS.slice(0, -5), '')).toThrow(
    'line 17: not a record of cramfs run',
  );
  expect(isRunRecordLine(RECORDS.split('\n')[0]!)).toBe(true);
  expect(['{}', '[]', 'null', '{"op":1}', '{"op"'].some(isRunRecordLine)).toBe(false);
});
