import { CramfsError } from 'cramfs-format';
import { describe, expect, test } from 'vitest';
import { inChunks, paxHeader, tarArchive, tarItem } from '../../../test/helpers/tar-builder.js';
import { readTarSource } from './tar-source.js';
import type { FileEntry } from './tree.js';

/** `aa`, a gap of 3, `b`, a gap up to 10. */
const EXPECTED = 'aa\0\0\0b\0\0\0\0';

async function readOnly(archive: Buffer): Promise<{ name: string; content: string; size: number }> {
  const root = await readTarSource(inChunks(archive), { file: 'a.tar' });
  const [name, entry] = [...root.children][0] as [string, FileEntry];
  const content = Buffer.from(await entry.read()).toString('latin1');
  return { name, content, size: entry.size };
}

async function messageOf(archive: Buffer): Promise<string> {
  const error: unknown = await readOnly(archive).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(CramfsError);
  expect((error as CramfsError).code).toBe('BAD_SOURCE');
  return (error as CramfsError).message;
}

function octal(value: number): string {
  return `${value.toString(8).padStart(11, '0')}\0`;
}

function pieces(list: readonly (readonly [number, number])[]): string {
  return list.map(([offset, length]) => octal(offset) + octal(length)).join('');
}

describe('GNU headers (type S)', () => {
  test('with the map in the header', async () => {
    const item = tarItem({
      name: 's',
      typeflag: 'S',
      format: 'gnu',
      data: 'aab',
      patches: [
        [
          386,
          pieces([
            [0, 2],
            [5, 1],
            [10, 0],
          ]),
        ],
        [483, octal(10)],
      ],
    });
    expect(await readOnly(tarArchive(item))).toEqual({ name: 's', content: EXPECTED, size: 10 });
  });

  test('with extension blocks, which are not data', async () => {
    // 30 pieces of one byte: 4 in the header, 21 and 5 in two blocks after it.
    const all = Array.from({ length: 30 }, (_, index) => [index * 3, 1] as const);
    const header = tarItem({
      name: 's',
      typeflag: 'S',
      format: 'gnu',
      size: 30,
      patches: [
        [386, pieces(all.slice(0, 4))],
        [482, '\x01'],
        [483, octal(90)],
      ],
    });
    const extensions = Buffer.alloc(1024);
    extensions.write(pieces(all.slice(4, 25)), 0);
    extensions[504] = 1;
    extensions.write(pieces(all.slice(25)), 512);
    const data = Buffer.alloc(512);
    data.fill('x', 0, 30);
    const { content } = await readOnly(tarArchive(header, extensions, data));
    expect(content).toBe('x\0\0'.repeat(30));
  });
});

describe('pax records', () => {
  test('of version 0.0', async () => {
    const records: [string, string][] = [
      ['GNU.sparse.size', '10'],
      ['GNU.sparse.numblocks', '2'],
      ['GNU.sparse.offset', '0'],
      ['GNU.sparse.numbytes', '2'],
      ['GNU.sparse.offset', '5'],
      ['GNU.sparse.numbytes', '1'],
    ];
    const archive = tarArchive(paxHeader(records), tarItem({ name: 's', data: 'aab' }));
    expect(await readOnly(archive)).toEqual({ name: 's', content: EXPECTED, size: 10 });
  });

  test('of version 0.1', async () => {
    const records: [string, string][] = [
      ['GNU.sparse.name', 'real\xff'],
      ['GNU.sparse.size', '10'],
      ['GNU.sparse.map', '0,2,5,1,10,0'],
    ];
    const archive = tarArchive(paxHeader(records), tarItem({ name: 'no', data: 'aab' }));
    expect(await readOnly(archive)).toEqual({ name: 'real\xff', content: EXPECTED, size: 10 });
  });

  const version1: [string, string][] = [
    ['GNU.sparse.major', '1'],
    ['GNU.sparse.minor', '0'],
    ['GNU.sparse.name', 'real'],
    ['GNU.sparse.realsize', '10'],
  ];

  test('of version 1.0, with the map before the data', async () => {
    const data = `${'2\n0\n2\n5\n1\n'.padEnd(512, '\0')}aab`;
    const archive = tarArchive(paxHeader(version1), tarItem({ name: 'no', data }));
    expect(await readOnly(archive)).toEqual({ name: 'real', content: EXPECTED, size: 10 });
  });

  test('of version 1.0, with a map of more than a block', async () => {
    const count = 400;
    const map = Array.from({ length: count }, (_, index) => `${index * 2}\n1\n`).join('');
    const text = `${count}\n${map}`;
    const data = text.padEnd(Math.ceil(text.length / 512) * 512, '\0') + 'x'.repeat(count);
    const records = version1.map(([keyword, value]): [string, string] => [
      keyword,
      keyword === 'GNU.sparse.realsize' ? '800' : value,
    ]);
    const { content } = await readOnly(
      tarArchive(paxHeader(records), tarItem({ name: 'n', data })),
    );
    expect(content).toBe('x\0'.repeat(count));
  });

  test.each([
    [[['GNU.sparse.major', '2']], 'unknown sparse format 2.?'],
    [[['GNU.sparse.map', '0,2,5,1']], 'a sparse file without GNU.sparse.size'],
    [
      [
        ['GNU.sparse.size', '10'],
        ['GNU.sparse.map', '0,2,5'],
      ],
      'bad map of a sparse file',
    ],
    [
      [
        ['GNU.sparse.size', '10'],
        ['GNU.sparse.map', '0,2,x,1'],
      ],
      'bad number for sparse offset',
    ],
    [
      [
        ['GNU.sparse.size', '10'],
        ['GNU.sparse.map', '0,2,1,1'],
      ],
      'bad map of a sparse file: its pieces overlap or pass its end',
    ],
    [
      [
        ['GNU.sparse.size', '5'],
        ['GNU.sparse.map', '0,2,5,1'],
      ],
      'bad map of a sparse file: its pieces overlap or pass its end',
    ],
    [
      [
        ['GNU.sparse.size', '10'],
        ['GNU.sparse.map', '0,2,5,2'],
      ],
      'the map of a sparse file does not agree with its size',
    ],
  ] as [[string, string][], string][])('%j are refused', async (records, message) => {
    const archive = tarArchive(paxHeader(records), tarItem({ name: 's', data: 'aab' }));
    expect(await messageOf(archive)).toBe(message);
  });

  test.each(['9999999\n', 'x\n', '1'.repeat(2000), '2\n0\n2\n'])(
    'of version 1.0 with a bad map are refused',
    async (map) => {
      const data = map.padEnd(512, '\0');
      const archive = tarArchive(paxHeader(version1), tarItem({ name: 'n', data }));
      expect(await messageOf(archive)).toMatch(/sparse|bad number|cut short/);
    },
  );
});

test('a file that is nearly all hole is not held in memory', async () => {
  const records: [string, string][] = [
    ['GNU.sparse.size', String(2 ** 40)],
    ['GNU.sparse.map', `0,1,${2 ** 40 - 2},2`],
  ];
  const archive = tarArchive(paxHeader(records), tarItem({ name: 's', data: 'abc' }));
  const { size, content } = await readOnly(archive);
  expect([size, content.length, content[0]]).toEqual([2 ** 40, 2 ** 24 - 1, 'a']);
});
