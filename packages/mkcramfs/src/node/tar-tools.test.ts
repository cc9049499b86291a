/** Archives of common tar programs, compared with the directory itself. */
import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  linkSync,
  mkdirSync,
  mkdtempSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { listTree } from '../../../../test/helpers/tree-listing.js';
import { inChunks } from '../../../../test/helpers/tar-builder.js';
import { readTarSource } from '../tar-source.js';
import type { DirectoryEntry, FileEntry } from '../tree.js';
import { readDirectorySource } from './directory-source.js';

function has(command: string): boolean {
  return spawnSync(command, ['--version']).status === 0;
}

function run(command: string, options: string[], input?: string): Buffer {
  const { status, stdout, stderr } = spawnSync(command, options, {
    input,
    env: { ...process.env, LC_ALL: 'C.UTF-8' },
    maxBuffer: 2 ** 28,
  });
  expect(stderr.toString()).toBe('');
  expect(status).toBe(0);
  return stdout;
}

function readArchive(archive: Uint8Array): Promise<DirectoryEntry> {
  return readTarSource(inChunks(archive, 10_000), { file: 'a.tar' });
}

function readDirectory(path: string): DirectoryEntry {
  const problems: unknown[] = [];
  const tree = readDirectorySource(path, { onProblem: (problem) => problems.push(problem) });
  expect(problems).toEqual([]);
  return tree;
}

function writeName(directory: string, name: string, content: string | Uint8Array): void {
  writeFileSync(Buffer.from(`${directory}/${name}`, 'latin1'), content);
}

let base: string;
/** With names that every format can hold. */
let plain: string;
/** With names that need the formats' extensions. */
let odd: string;
/** With a file of two pieces in 3 MB. */
let sparse: string;

beforeAll(() => {
  base = mkdtempSync(join(tmpdir(), 'tar-tools-'));
  plain = join(base, 'plain');
  mkdirSync(join(plain, 'sub/empty'), { recursive: true });
  writeName(plain, 'file', 'x'.repeat(5000));
  linkSync(join(plain, 'file'), join(plain, 'sub/hard'));
  writeName(plain, 'sub/su', 'su');
  chmodSync(join(plain, 'sub/su'), 0o4711);
  symlinkSync('../file', join(plain, 'sub/soft'));
  writeName(plain, 'caf\xc3\xa9', '');
  odd = join(base, 'odd');
  const long = 'd'.repeat(200);
  mkdirSync(join(odd, long, long), { recursive: true });
  writeName(odd, `${long}/${long}/\xff`, 'deep');
  writeName(odd, `\xff\xfe\n ${'y'.repeat(100)}`, 'bytes');
  writeName(odd, `\xc3\xa9${'z'.repeat(150)}`, 'utf-8');
  symlinkSync('t'.repeat(300), join(odd, 'link'));
  linkSync(Buffer.from(`${odd}/${long}/${long}/\xff`, 'latin1'), join(odd, 'hard'));
  sparse = join(base, 'sparse');
  mkdirSync(sparse);
  expect(spawnSync('truncate', ['-s', '3M', join(sparse, 's')]).status).toBe(0);
  for (const [at, text] of [
    ['0', 'start'],
    ['1000000', 'middle'],
    ['3145725', 'end'],
  ] as const) {
    const options = [`of=${sparse}/s`, 'bs=1', `seek=${at}`, 'conv=notrunc', 'status=none'];
    expect(spawnSync('dd', options, { input: text }).status).toBe(0);
  }
});
afterAll(() => {
  rmSync(base, { recursive: true });
});

const gnu = (...options: string[]) => ['tar', options] as const;
const bsd = (...options: string[]) => ['bsdtar', options] as const;

const PLAIN = [
  gnu('--format=v7'),
  gnu('--format=ustar'),
  gnu('--format=oldgnu'),
  gnu('--format=gnu'),
  gnu('--format=posix'),
  bsd('--format=v7tar'),
  bsd('--format=ustar'),
  bsd('--format=gnutar'),
  bsd('--format=pax'),
];
const ODD = [gnu('--format=oldgnu'), gnu('--format=gnu'), gnu('--format=posix')];
const SPARSE = [
  gnu('-S', '--format=gnu'),
  gnu('-S', '--format=posix', '--sparse-version=0.0'),
  gnu('-S', '--format=posix', '--sparse-version=0.1'),
  gnu('-S', '--format=posix', '--sparse-version=1.0'),
  bsd('--format=pax'),
];

async function expectSame(command: string, options: string[], directory: string): Promise<void> {
  const archive = run(command, [...options, '-C', directory, '-cf', '-', '.']);
  expect(await listTree(await readArchive(archive))).toEqual(
    await listTree(readDirectory(directory)),
  );
}

describe.each(PLAIN)('%s %j', (command, options) => {
  test.skipIf(!has(command))('plain names', async () => {
    await expectSame(command, options, plain);
  });
});

describe.each(ODD)('%s %j', (command, options) => {
  test.skipIf(!has(command))('odd and long names', async () => {
    await expectSame(command, options, odd);
  });
});

describe.each(SPARSE)('%s %j', (command, options) => {
  test.skipIf(!has(command))('sparse files', async () => {
    const archive = run(command, [...options, '-C', sparse, '-cf', '-', '.']);
    expect(archive.length).toBeLessThan(1_000_000);
    const tree = await readArchive(archive);
    const [file, original] = [tree, readDirectory(sparse)].map(({ children }) => {
      return children.get('s') as FileEntry;
    });
    expect(Buffer.compare(await file!.read(), await original!.read())).toBe(0);
  });
});

test.skipIf(!has('bsdtar'))('bsdtar writes names that are not UTF-8 as they are', async () => {
  // It warns, but does it.
  const options = ['--format=pax', '-C', odd, '-cf', '-', '.'];
  const { stdout } = spawnSync('bsdtar', options, { maxBuffer: 2 ** 26 });
  expect(await listTree(await readArchive(stdout))).toEqual(await listTree(readDirectory(odd)));
});

test.skipIf(!has('tar'))('owners that do not fit into the header', async () => {
  for (const format of ['gnu', 'posix']) {
    const owner = ['--owner=u:4000000', '--group=g:3000000000'];
    const archive = run('tar', [`--format=${format}`, ...owner, '-C', plain, '-cf', '-', 'file']);
    const file = (await readArchive(archive)).children.get('file')!;
    expect([file.uid, file.gid]).toEqual([4_000_000, 3_000_000_000]);
  }
});

test.skipIf(!has('bsdtar'))('device nodes and owners without being root', async () => {
  const mtree = `#mtree
. type=dir mode=0755 uid=0 gid=0
./dev type=dir mode=0755 uid=0 gid=0
./dev/console type=char device=linux,5,1 mode=0622 uid=0 gid=5
./dev/mmcblk0 type=block device=linux,179,0 mode=0660 uid=0 gid=6
./dev/initctl type=fifo mode=0600 uid=0 gid=0
./bin type=link link=usr/bin mode=0777 uid=0 gid=0
`;
  for (const format of ['ustar', 'gnutar', 'pax']) {
    const archive = run('bsdtar', [`--format=${format}`, '-cf', '-', '@-'], mtree);
    expect(await listTree(await readArchive(archive))).toEqual([
      'drwxr-xr-x 0:0 /',
      'lrwxrwxrwx 0:0 /bin -> usr/bin',
      'drwxr-xr-x 0:0 /dev',
      'crw--w--w- 0:5 /dev/console 5:1',
      'prw------- 0:0 /dev/initctl',
      'brw-rw---- 0:6 /dev/mmcblk0 179:0',
    ]);
  }
});

test.skipIf(!has('tar'))('appended and incremental archives', async () => {
  const archive = join(base, 'appended.tar');
  run('tar', ['-C', plain, '-cf', archive, 'file', 'sub/su']);
  writeName(base, 'file', 'newer');
  run('tar', ['-C', base, '-rf', archive, 'file']);
  const appended = await listTree(await readArchive(run('cat', [archive])));
  expect(appended.find((line) => line.includes('/file'))).toContain('/file [5] newer');
  const snapshot = [`--listed-incremental=${base}/snapshot`, '--format=gnu'];
  const incremental = run('tar', [...snapshot, '-C', plain, '-cf', '-', '.']);
  expect(await listTree(await readArchive(incremental))).toEqual(
    await listTree(readDirectory(plain)),
  );
});

const anyName = fc
  .uint8Array({ minLength: 1, maxLength: 120 })
  .map((bytes) => Buffer.from(bytes.map((byte) => (byte === 0 || byte === 47 ? 95 : byte))))
  .map((bytes) => bytes.toString('latin1'))
  .filter((name) => name !== '.' && name !== '..');

test.skipIf(!has('tar'))('random trees through GNU tar', async () => {
  let count = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.dictionary(
        anyName,
        fc.dictionary(anyName, fc.uint8Array({ maxLength: 1500 }), { maxKeys: 4 }),
        {
          maxKeys: 4,
          noNullPrototype: true,
        },
      ),
      fc.constantFrom('gnu', 'posix'),
      async (directories, format) => {
        const root = join(base, `random${(count += 1)}`);
        mkdirSync(root);
        for (const [name, files] of Object.entries(directories)) {
          mkdirSync(Buffer.from(`${root}/${name}`, 'latin1'));
          for (const [file, data] of Object.entries(files))
            writeName(root, `${name}/${file}`, data);
        }
        await expectSame('tar', [`--format=${format}`], root);
      },
    ),
    { numRuns: 25 },
  );
});
