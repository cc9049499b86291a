import { CramfsError } from 'cramfs-format';
import fc from 'fast-check';
import { pack } from 'tar-stream';
import { describe, expect, test } from 'vitest';
import {
  gnuLong,
  inChunks,
  paxHeader,
  tarArchive,
  tarItem,
  type TarItem,
} from '../../../test/helpers/tar-builder.js';
import { listTree } from '../../../test/helpers/tree-listing.js';
import { readTarSource } from './tar-source.js';
import type { DirectoryEntry, FileEntry, Problem } from './tree.js';

async function read(archive: Uint8Array, chunk?: number): Promise<DirectoryEntry> {
  return readTarSource(inChunks(archive, chunk), { file: 'a.tar' });
}

async function list(...items: (TarItem | Buffer)[]): Promise<string[]> {
  const parts = items.map((item) => (Buffer.isBuffer(item) ? item : tarItem(item)));
  return listTree(await read(tarArchive(...parts)));
}

async function errorOf(archive: Uint8Array): Promise<CramfsError> {
  const error: unknown = await read(archive).catch((reason: unknown) => reason);
  expect(error).toBeInstanceOf(CramfsError);
  return error as CramfsError;
}

/** The message for an archive of these members, which must be about the last one. */
async function refusal(...items: TarItem[]): Promise<string> {
  const parts = items.map(tarItem);
  const error = await errorOf(tarArchive(...parts));
  expect(error.code).toBe('BAD_SOURCE');
  expect(error.path).toBe('a.tar');
  expect(error.offset).toBe(Buffer.concat(parts.slice(0, -1)).length);
  return error.message;
}

test('every type of member, with owners and device numbers', async () => {
  expect(
    await list(
      { name: './', typeflag: '5', mode: 0o750, uid: 1, gid: 2 },
      { name: './dev/', typeflag: '5', mode: 0o755 },
      { name: './dev/tty', typeflag: '3', mode: 0o622, gid: 5, major: 5, minor: 0 },
      { name: './dev/sda1', typeflag: '4', mode: 0o660, gid: 6, major: 8, minor: 1 },
      { name: './dev/pipe', typeflag: '6', mode: 0o600 },
      { name: './bin/su', mode: 0o4755, data: 'su' },
      { name: './bin/sh', typeflag: '2', mode: 0, linkname: '../bin/su' },
      { name: './bin/contiguous', typeflag: '7', data: 'c' },
      { name: './bin/v7', typeflag: '\0', format: 'v7', data: 'v7' },
      { name: './v7dir/', typeflag: '\0', format: 'v7', mode: 0o700 },
      { name: './dump/', typeflag: 'D', format: 'gnu', mode: 0o700, data: 'Yname\0\0' },
      { name: 'label', typeflag: 'V', format: 'gnu' },
      { name: './empty' },
    ),
  ).toEqual([
    'drwxr-x--- 1:2 /',
    'drwxr-xr-x 0:0 /bin',
    '-rw-r--r-- 0:0 /bin/contiguous [1] c',
    'lrwxrwxrwx 0:0 /bin/sh -> ../bin/su',
    '-rwsr-xr-x 0:0 /bin/su [2] su',
    '-rw-r--r-- 0:0 /bin/v7 [2] v7',
    'drwxr-xr-x 0:0 /dev',
    'prw------- 0:0 /dev/pipe',
    'brw-rw---- 0:6 /dev/sda1 8:1',
    'crw--w--w- 0:5 /dev/tty 5:0',
    'drwx------ 0:0 /dump',
    '-rw-r--r-- 0:0 /empty [0]',
    'drwx------ 0:0 /v7dir',
  ]);
});

describe('names', () => {
  test('lose ./, slashes in front and doubled ones', async () => {
    expect(await list({ name: '/a//b/./c' }, { name: '././d/', typeflag: '5' })).toEqual([
      'drwxr-xr-x 0:0 /',
      'drwxr-xr-x 0:0 /a',
      'drwxr-xr-x 0:0 /a/b',
      '-rw-r--r-- 0:0 /a/b/c [0]',
      'drw-r--r-- 0:0 /d',
    ]);
  });

  test('are bytes in every kind of header', async () => {
    const name = '\xff\xe9\n\x01';
    const long = `${name}${'x'.repeat(150)}`;
    expect(
      await list(
        { name: `u${name}` },
        { name: `g${name}`, format: 'gnu' },
        paxHeader([['path', `p${long}`]]),
        { name: 'short' },
        gnuLong('L', `l${long}`),
        { name: 'short', format: 'gnu' },
        paxHeader([['linkpath', long]]),
        { name: 's1', typeflag: '2', linkname: 'short' },
        gnuLong('K', long),
        { name: 's2', typeflag: '2', linkname: 'short', format: 'gnu' },
      ),
    ).toEqual([
      'drwxr-xr-x 0:0 /',
      '-rw-r--r-- 0:0 /g\\xff\\xe9\\x0a\\x01 [0]',
      `-rw-r--r-- 0:0 /l\\xff\\xe9\\x0a\\x01${'x'.repeat(150)} [0]`,
      `-rw-r--r-- 0:0 /p\\xff\\xe9\\x0a\\x01${'x'.repeat(150)} [0]`,
      `lrwxrwxrwx 0:0 /s1 -> \\xff\\xe9\\x0a\\x01${'x'.repeat(150)}`,
      `lrwxrwxrwx 0:0 /s2 -> \\xff\\xe9\\x0a\\x01${'x'.repeat(150)}`,
      '-rw-r--r-- 0:0 /u\\xff\\xe9\\x0a\\x01 [0]',
    ]);
  });

  test('with two dots are refused, others with dots are not', async () => {
    expect(await refusal({ name: 'ok' }, { name: 'a/../b' })).toBe("'a/../b': a path with '..'");
    expect(await refusal({ name: '..', typeflag: '5' })).toBe("'..': a path with '..'");
    expect(await list({ name: '..a/...' })).toContain('-rw-r--r-- 0:0 /..a/... [0]');
  });

  test('with a NUL or too long for Linux are refused', async () => {
    const nul = tarArchive(paxHeader([['path', 'a\0b']]), tarItem({ name: 'n' }));
    expect((await errorOf(nul)).message).toBe("'a\\x00b': a path with a NUL");
    const deep = tarArchive(paxHeader([['path', 'a/'.repeat(1e6)]]), tarItem({ name: 'n' }));
    expect((await errorOf(deep)).message).toMatch(/^'a\/.*\.\.\.': a path of 2000000 bytes$/);
  });
});

describe('pax records', () => {
  test('go before the header, global ones too', async () => {
    expect(
      await list(
        paxHeader(
          [
            ['uid', '70000'],
            ['gid', '7'],
          ],
          'g',
        ),
        { name: 'a', uid: 1 },
        paxHeader([
          ['gid', '300'],
          ['size', '3'],
          ['mtime', '1.5'],
          ['SCHILY.xattr.user.x', '\0\xff'],
        ]),
        { name: 'b', data: 'bbb', size: 0 },
        paxHeader([['uid', '']]),
        { name: 'c', uid: 3 },
        paxHeader([
          ['SCHILY.devmajor', '259'],
          ['SCHILY.devminor', '70000'],
        ]),
        { name: 'd', typeflag: '4' },
      ),
    ).toEqual([
      'drwxr-xr-x 0:0 /',
      '-rw-r--r-- 70000:7 /a [0]',
      '-rw-r--r-- 70000:300 /b [3] bbb',
      '-rw-r--r-- 3:7 /c [0]',
      'brw-r--r-- 70000:7 /d 259:70000',
    ]);
  });

  test('of one member do not reach the next', async () => {
    expect(await list(paxHeader([['path', 'x']]), { name: 'a' }, { name: 'b' })).toEqual([
      'drwxr-xr-x 0:0 /',
      '-rw-r--r-- 0:0 /b [0]',
      '-rw-r--r-- 0:0 /x [0]',
    ]);
  });

  test('that are malformed are refused', async () => {
    const bad = tarArchive(
      tarItem({ name: 'pax', typeflag: 'x', data: '99 path=a\n' }),
      tarItem({ name: 'n' }),
    );
    expect(await errorOf(bad)).toMatchObject({ message: 'bad record in a pax header', offset: 0 });
  });
});

describe('order', () => {
  test('later members replace earlier ones; directories keep what is in them', async () => {
    expect(
      await list(
        { name: 'd', typeflag: '5', mode: 0o700 },
        { name: 'd/f', data: 'old' },
        { name: 'd/f', data: 'new', uid: 4 },
        { name: 'd', typeflag: '5', mode: 0o711, gid: 9 },
        { name: 'x', typeflag: '5' },
        { name: 'x', typeflag: '2', linkname: 'y' },
        { name: 'z' },
        { name: 'z', typeflag: '5', mode: 0o755 },
        { name: 'z/f' },
      ),
    ).toEqual([
      'drwxr-xr-x 0:0 /',
      'drwx--x--x 0:9 /d',
      '-rw-r--r-- 4:0 /d/f [3] new',
      'lrwxrwxrwx 0:0 /x -> y',
      'drwxr-xr-x 0:0 /z',
      '-rw-r--r-- 0:0 /z/f [0]',
    ]);
  });

  test('parents may come later', async () => {
    expect(
      await list({ name: 'd/e/f' }, { name: 'd', typeflag: '5', mode: 0o700, uid: 1 }),
    ).toEqual([
      'drwxr-xr-x 0:0 /',
      'drwx------ 1:0 /d',
      'drwxr-xr-x 0:0 /d/e',
      '-rw-r--r-- 0:0 /d/e/f [0]',
    ]);
  });

  test('impossible entries are refused', async () => {
    expect(await refusal({ name: 'd/f' }, { name: 'd' })).toBe(
      "'d': a file would replace a directory that is not empty",
    );
    expect(await refusal({ name: 'f' }, { name: 'f/g' })).toBe("'f/g': 'f' on its path is a file");
    expect(
      await refusal({ name: 'l', typeflag: '2', linkname: '/etc' }, { name: 'l/passwd' }),
    ).toBe("'l/passwd': 'l' on its path is a symlink");
    expect(await refusal({ name: '.' })).toBe('the root is a file');
  });
});

test('extended attributes are one warning with their number and the first path', async () => {
  const problems: Problem[] = [];
  await readTarSource(
    inChunks(
      tarArchive(
        paxHeader([['SCHILY.xattr.security.selinux', 'label']]),
        tarItem({ name: 'labelled' }),
        paxHeader([['SCHILY.xattr.user.comment', 'x']]),
        tarItem({ name: './bin/first' }),
        paxHeader([['LIBARCHIVE.xattr.security.capability', 'AAAA']]),
        tarItem({ name: 'bin/ping' }),
        paxHeader([['SCHILY.acl.access', 'user::rw-']]),
        tarItem({ name: 'acl' }),
      ),
    ),
    { file: 'a.tar', onProblem: (problem) => problems.push(problem) },
  );
  expect(problems).toEqual([
    {
      severity: 'warning',
      kind: 'xattr',
      path: '/bin/first',
      message:
        '3 files have extended attributes, which cramfs cannot hold, file capabilities of 1 among ' +
        'them: left out',
    },
  ]);
});

describe('hard links', () => {
  test('are what they link to, links to links as well', async () => {
    const parts: TarItem[] = [
      { name: 'bin/a', data: 'content', mode: 0o4755, uid: 3 },
      { name: 'b', typeflag: '1', linkname: './bin/a', mode: 0o600 },
      { name: 'c', typeflag: '1', linkname: '/b' },
      { name: 'n', typeflag: '3', major: 1, minor: 3 },
      { name: 'n2', typeflag: '1', linkname: 'n' },
      { name: 's', typeflag: '2', linkname: 'bin' },
      { name: 's2', typeflag: '1', linkname: 's' },
      { name: 'bin/a', data: 'replaced' },
    ];
    expect(await list(...parts)).toEqual([
      'drwxr-xr-x 0:0 /',
      '-rwsr-xr-x 3:0 /b [7] content',
      'drwxr-xr-x 0:0 /bin',
      '-rw-r--r-- 0:0 /bin/a [8] replaced',
      '-rwsr-xr-x 3:0 /c [7] content',
      'crw-r--r-- 0:0 /n 1:3',
      'crw-r--r-- 0:0 /n2 1:3',
      'lrwxrwxrwx 0:0 /s -> bin',
      'lrwxrwxrwx 0:0 /s2 -> bin',
    ]);
  });

  test('share the bytes, not the entry', async () => {
    const tree = await read(
      tarArchive(
        tarItem({ name: 'a', data: 'x' }),
        tarItem({ name: 'b', typeflag: '1', linkname: 'a' }),
      ),
    );
    const [a, b] = [...tree.children.values()] as FileEntry[];
    expect((await b!.read()).buffer).toBe((await a!.read()).buffer);
    expect(b).toHaveProperty('read', Reflect.get(a!, 'read'));
    expect(b).not.toBe(a);
  });

  test('may have a size without data, or with', async () => {
    expect(
      await list(
        { name: 'a', data: 'x'.repeat(600) },
        { name: 'b', typeflag: '1', linkname: 'a', size: 600 },
        { name: 'c', typeflag: '1', linkname: 'a', data: 'x'.repeat(600) },
        { name: 'd', typeflag: '1', linkname: 'a', size: 600 },
      ),
    ).toHaveLength(5);
  });

  test('to a missing (or later) member, or to a directory, are refused', async () => {
    expect(await refusal({ name: 'a', typeflag: '1', linkname: 'b' })).toBe(
      "'a': hard link to 'b', which does not come before it",
    );
    expect(await refusal({ name: 'd/f' }, { name: 'a', typeflag: '1', linkname: 'd' })).toBe(
      "'a': hard link to 'd', which is a directory",
    );
    expect(await refusal({ name: 'd/f' }, { name: 'a', typeflag: '1', linkname: '../d' })).toBe(
      "'../d': a path with '..'",
    );
  });
});

describe('large files', () => {
  test('keep their size, but only what cramfs can hold of their content', async () => {
    const size = 2 ** 24 + 1000;
    async function* chunks(): AsyncGenerator<Uint8Array> {
      yield await Promise.resolve(tarItem({ name: 'big', size }));
      const zeros = new Uint8Array(1 << 16);
      for (let left = size + (-size & 511); left > 0; left -= zeros.length) {
        yield zeros.subarray(0, left);
      }
      yield tarArchive(tarItem({ name: 'next', data: 'n' }));
    }
    const tree = await readTarSource(chunks(), { file: 'a.tar' });
    const big = tree.children.get('big') as FileEntry;
    expect([big.size, (await big.read()).length]).toEqual([size, 2 ** 24 - 1]);
    expect(tree.children.has('next')).toBe(true);
  });

  test('sizes in binary', async () => {
    const archive = tarItem({
      name: 'b',
      data: 'abc',
      patches: [[124, `\x80${'\0'.repeat(10)}\x03`]],
    });
    expect(await list(archive)).toContain('-rw-r--r-- 0:0 /b [3] abc');
  });
});

describe('damage', () => {
  const sound = tarArchive(tarItem({ name: 'a', data: 'x'.repeat(1000) }), tarItem({ name: 'b' }));

  test('empty input', async () => {
    expect(await errorOf(Buffer.alloc(0))).toMatchObject({
      code: 'BAD_SOURCE',
      message: 'the archive is empty, or was cut short',
      offset: 0,
    });
  });

  test('something else', async () => {
    const error = await errorOf(Buffer.from('#!/bin/sh\n'.repeat(100)));
    expect(error).toMatchObject({
      code: 'BAD_SOURCE',
      message: 'not a tar archive',
      path: 'a.tar',
    });
    expect((await errorOf(Buffer.from('short'))).message).toBe('not a tar archive');
  });

  test('cut anywhere before the end marker', async () => {
    for (let length = 1; length < 2560; length += 97) {
      const error = await errorOf(sound.subarray(0, length));
      expect(error.message, `at ${length}`).toMatch(/cut short|not a tar archive/);
      expect(error.offset).toBeLessThanOrEqual(length);
    }
    expect((await errorOf(sound.subarray(0, 2048))).message).toBe(
      'the archive has no end marker: it was cut short',
    );
  });

  test('one zero block is end enough', async () => {
    expect((await read(sound.subarray(0, 2560))).children.size).toBe(2);
  });

  test('a header that was changed', async () => {
    const bad = Buffer.from(sound);
    bad[1536 + 3] = 1;
    expect(await errorOf(bad)).toMatchObject({ message: 'bad header checksum', offset: 1536 });
  });

  test('types nobody knows, and star’s and volume members', async () => {
    expect(await refusal({ name: 'a', typeflag: 'Q' })).toBe("unknown type 'Q' of a member");
    expect(await refusal({ name: 'a', typeflag: 'M', format: 'gnu' })).toBe(
      "unknown type 'M' of a member",
    );
    expect(await refusal({ name: 'a', typeflag: 'S' })).toBe("unknown type 'S' of a member");
  });

  test('extended headers that claim to be huge', async () => {
    expect(await refusal({ name: 'p', typeflag: 'x', size: 2 ** 30 })).toBe(
      'extended header of 1073741824 bytes',
    );
  });

  test('global headers that add up', async () => {
    const headers = Array.from({ length: 3 }, (_, index) =>
      paxHeader([[`comment${index}`, 'x'.repeat(2 << 20)]], 'g'),
    );
    expect((await errorOf(tarArchive(...headers))).message).toMatch(
      /^global headers of \d+ bytes$/,
    );
  });

  test('sparse files that claim more than there can be', async () => {
    const sparse = Array.from({ length: 65 }, (_, index) =>
      Buffer.concat([
        paxHeader([
          ['GNU.sparse.major', '0'],
          ['GNU.sparse.minor', '1'],
          ['GNU.sparse.size', String(2 ** 40)],
          ['GNU.sparse.map', '0,0'],
        ]),
        tarItem({ name: `sparse-${index}` }),
      ]),
    );
    expect((await errorOf(tarArchive(...sparse))).message).toMatch(
      /^more than 1073741824 bytes of/,
    );
  });

  test('data after the end marker is a warning', async () => {
    const problems: Problem[] = [];
    const onProblem = (problem: Problem): unknown => problems.push(problem);
    const twice = Buffer.concat([sound, sound]);
    const tree = await readTarSource(inChunks(twice), { file: 'a.tar', onProblem });
    expect(tree.children.size).toBe(2);
    expect(problems).toEqual([
      {
        severity: 'warning',
        kind: 'source',
        path: '/',
        message: 'a.tar: what follows the end marker of the archive is ignored',
      },
    ]);
    problems.length = 0;
    const padded = Buffer.concat([sound, Buffer.alloc(10_000)]);
    await readTarSource(inChunks(padded), { file: 'a.tar', onProblem });
    expect(problems).toEqual([]);
  });

  test('the input is read to its end, and closed after an error', async () => {
    let state = 'open';
    async function* chunks(archive: Buffer): AsyncGenerator<Uint8Array> {
      try {
        yield* inChunks(archive, 512);
        state = 'at its end';
      } finally {
        if (state === 'open') state = 'closed';
      }
    }
    await readTarSource(chunks(Buffer.concat([sound, sound])), { file: 'a' });
    expect(state).toBe('at its end');
    state = 'open';
    await expect(readTarSource(chunks(Buffer.alloc(4096, 1)), { file: 'a' })).rejects.toThrow();
    expect(state).toBe('closed');
  });
});

test('archives of tar-stream', async () => {
  const archive = pack();
  archive.entry({ name: 'etc/', type: 'directory', mode: 0o755, uid: 1 });
  archive.entry({ name: 'etc/caf\u00e9', mode: 0o640, gid: 5 }, 'content');
  archive.entry({ name: `etc/${'long'.repeat(60)}`, mode: 0o600 }, 'long');
  archive.entry({ name: 'dev/sda', type: 'block-device', devmajor: 8, devminor: 16, mode: 0o660 });
  archive.entry({ name: 'link', type: 'symlink', linkname: 'etc' });
  archive.finalize();
  const tree = await readTarSource(archive as AsyncIterable<Uint8Array>, { file: 'a' });
  expect(await listTree(tree)).toEqual([
    'drwxr-xr-x 0:0 /',
    'drwxr-xr-x 0:0 /dev',
    'brw-rw---- 0:0 /dev/sda 8:16',
    'drwxr-xr-x 1:0 /etc',
    '-rw-r----- 0:5 /etc/caf\u00e9 [7] content',
    `-rw------- 0:0 /etc/${'long'.repeat(60)} [4] long`,
    'lrwxrwxrwx 0:0 /link -> etc',
  ]);
});

const anyName = fc
  .uint8Array({ minLength: 1, maxLength: 40 })
  .map((bytes) => Buffer.from(bytes.map((byte) => (byte === 0 || byte === 47 ? 95 : byte))))
  .map((bytes) => bytes.toString('latin1'))
  .filter((name) => name !== '.' && name !== '..');

const anyFile = fc.record({
  name: fc.array(anyName, { minLength: 1, maxLength: 5 }).map((names) => names.join('/')),
  data: fc.uint8Array({ maxLength: 2000 }),
  mode: fc.nat(0o7777),
  uid: fc.nat(0xffffffff),
  gid: fc.nat(0o7777777),
  style: fc.constantFrom('pax', 'gnu'),
});

test('contents of pax or GNU headers come back, whatever the bytes', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.uniqueArray(anyFile, { selector: ({ name }) => name.split('/')[0], maxLength: 8 }),
      fc.integer({ min: 1, max: 3000 }),
      async (files, chunk) => {
        const parts = files.flatMap(({ name, data, mode, uid, gid, style }) =>
          style === 'pax'
            ? [
                paxHeader([
                  ['path', name],
                  ['uid', String(uid)],
                ]),
                tarItem({ name: 'x', data, mode, gid }),
              ]
            : [
                gnuLong('L', name),
                tarItem({ name: 'x', data, mode, uid: uid & 0xfffff, gid, format: 'gnu' }),
              ],
        );
        const tree = await read(tarArchive(...parts), chunk);
        expect(tree.children.size).toBe(files.length);
        for (const { name, data, mode, uid, gid, style } of files) {
          let found = tree as DirectoryEntry | FileEntry | undefined;
          for (const part of name.split('/')) {
            found = (found as DirectoryEntry).children.get(part) as FileEntry | undefined;
          }
          const file = found as FileEntry;
          expect({ ...file, read: Buffer.from(await file.read()) }).toEqual({
            type: 'file',
            mode: 0o100000 | mode,
            uid: style === 'pax' ? uid : uid & 0xfffff,
            gid,
            size: data.length,
            read: Buffer.from(data),
          });
        }
      },
    ),
    { numRuns: 150 },
  );
});

test('damaged archives give a CramfsError or a tree, nothing else', async () => {
  const sound = tarArchive(
    paxHeader([
      ['path', 'pax/file'],
      ['uid', '7'],
      ['GNU.sparse.size', '9'],
      ['GNU.sparse.map', '4,1'],
    ]),
    tarItem({ name: 'x', data: 'y' }),
    gnuLong('L', 'long/name'),
    tarItem({ name: 'x', format: 'gnu', data: 'data' }),
    tarItem({ name: 'l', typeflag: '1', linkname: 'long/name' }),
    tarItem({ name: 'd', typeflag: '5' }),
    tarItem({ name: 'd/c', typeflag: '3', major: 1, minor: 3 }),
  );
  expect((await read(sound)).children.size).toBe(4);
  const change = fc.record({ at: fc.nat(sound.length - 1), to: fc.integer({ min: 0, max: 255 }) });
  await fc.assert(
    fc.asyncProperty(
      fc.array(change, { maxLength: 4 }),
      fc.nat(sound.length),
      fc.boolean(),
      async (changes, length, fixed) => {
        const bad = Buffer.from(sound.subarray(0, length));
        for (const { at, to } of changes) if (at < length) bad[at] = to;
        if (fixed) fixChecksums(bad);
        try {
          await listTree(await read(bad));
        } catch (error) {
          expect(error).toBeInstanceOf(CramfsError);
        }
      },
    ),
    { numRuns: 1000 },
  );
});

/** Makes blocks that look like headers valid, so that damage gets further. */
function fixChecksums(archive: Buffer): void {
  for (let at = 0; at + 512 <= archive.length; at += 512) {
    const block = archive.subarray(at, at + 512);
    if (block.toString('latin1', 257, 262) !== 'ustar') continue;
    block.fill(' ', 148, 156);
    const sum = block.reduce((total, byte) => total + byte, 0);
    block.write(`${sum.toString(8).padStart(6, '0')}\0 `, 148, 'latin1');
  }
}
