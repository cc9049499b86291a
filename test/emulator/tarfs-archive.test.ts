/** What sync writes, read by the tar programs that people have. */
import { spawnSync } from 'node:child_process';
import {
  linkSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { readTarIndex } from 'cramfs-archive';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { MAP_SHARED, PROT_READ, PROT_WRITE } from '#xip-emu/memory-map.js';
import type { Process } from '#xip-emu/process.js';
import { tarArchive, tarItem } from '../helpers/tar-builder.js';
import { readAll, tarfsWorld, writeAt } from '../helpers/tarfs.js';

const LONG = `${'a-very-long-directory-name/'.repeat(5)}${'n'.repeat(120)}`;

const FORMATS: readonly (readonly [name: string, command: string, options: readonly string[]])[] = [
  ['GNU tar, gnu', 'tar', ['--format=gnu']],
  ['GNU tar, gnu, sparse', 'tar', ['--format=gnu', '-S']],
  ['GNU tar, pax', 'tar', ['--format=posix']],
  ['GNU tar, pax, sparse 1.0', 'tar', ['--format=posix', '-S']],
  ['GNU tar, pax, sparse 0.1', 'tar', ['--format=posix', '-S', '--sparse-version=0.1']],
  ['GNU tar, pax, sparse 0.0', 'tar', ['--format=posix', '-S', '--sparse-version=0.0']],
  ['GNU tar, label', 'tar', ['--format=gnu', '--label=A label']],
  ['bsdtar, pax', 'bsdtar', ['--format=pax']],
  ['bsdtar, gnutar', 'bsdtar', ['--format=gnutar']],
];

function run(command: string, options: readonly string[], input?: Uint8Array): Buffer {
  const { status, stdout, stderr, error } = spawnSync(command, options, {
    input,
    env: { ...process.env, LC_ALL: 'C.UTF-8' },
    maxBuffer: 2 ** 28,
  });
  if (error !== undefined) throw error;
  expect(stderr.toString()).toBe('');
  expect(status).toBe(0);
  return stdout;
}

function has(command: string): boolean {
  return spawnSync(command, ['--version']).status === 0;
}

let base: string;
let tree: string;

beforeAll(() => {
  base = mkdtempSync(join(tmpdir(), 'tarfs-'));
  tree = join(base, 'tree');
  mkdirSync(join(tree, 'dir/empty'), { recursive: true });
  mkdirSync(join(tree, LONG, '..'), { recursive: true });
  writeFileSync(join(tree, 'a-first'), 'first '.repeat(100));
  writeFileSync(join(tree, 'file'), 'x'.repeat(10_000));
  writeFileSync(join(tree, 'shrinks'), 'y'.repeat(10_000));
  writeFileSync(join(tree, 'gone'), 'z'.repeat(700));
  writeFileSync(join(tree, 'dir/inner'), 'inner');
  writeFileSync(join(tree, 'untouched'), 'untouched '.repeat(500));
  writeFileSync(join(tree, LONG), 'long');
  linkSync(join(tree, 'file'), join(tree, 'hard'));
  symlinkSync('dir/inner', join(tree, 'soft'));
  for (const name of ['sparse', 'sparse-untouched']) {
    writeFileSync(join(tree, name), 'start');
    truncateSync(join(tree, name), 1 << 20);
    writeFileSync(join(tree, name), 'end', { flag: 'a' });
  }
});

afterAll(() => {
  rmSync(base, { recursive: true });
});

/** Paths and what is there, as far as an archive is about it. */
type Listing = Map<string, string>;

function listDirectory(root: string): Listing {
  const found: Listing = new Map();
  const inodes = new Map<number, string>();
  const visit = (path: string): void => {
    for (const name of readdirSync(join(root, path)).sort()) {
      const child = path === '' ? name : `${path}/${name}`;
      const status = lstatSync(join(root, child));
      if (status.isDirectory()) {
        found.set(child, 'directory');
        visit(child);
      } else if (status.isSymbolicLink()) {
        found.set(child, `-> ${readlinkSync(join(root, child))}`);
      } else {
        const first = inodes.get(status.ino) ?? child;
        inodes.set(status.ino, first);
        found.set(child, `${first}: ${digest(readFileSync(join(root, child)))}`);
      }
    }
  };
  visit('');
  return found;
}

function digest(bytes: Uint8Array): string {
  return `${bytes.length} ${Buffer.from(bytes.subarray(0, 40)).toString('latin1')}… ${bytes.reduce(
    (sum, byte, at) => (sum * 31 + byte + at) % 1_000_003,
    0,
  )}`;
}

function extract(command: string, archive: Uint8Array): Listing {
  const target = mkdtempSync(join(base, 'out-'));
  const file = join(base, 'out.tar');
  writeFileSync(file, archive);
  run(command, ['-xf', file, '-C', target]);
  const listing = listDirectory(target);
  rmSync(target, { recursive: true });
  return listing;
}

/** What the archive has of a member, headers and padding included. */
function memberBytes(archive: Uint8Array, path: string): string {
  const member = readTarIndex(archive).members.findLast((each) => each.path === path);
  return Buffer.from(archive.subarray(member!.start, member!.end)).toString('latin1');
}

function change(process: Process): void {
  writeAt(process, 'file', 5000, Buffer.from('in place'));
  writeAt(process, 'dir/inner', 0, Buffer.from('grown '.repeat(2000)));
  process.truncate('shrinks', 10);
  writeAt(process, 'sparse', 500_000, Buffer.from('middle'));
  process.unlink('gone');
  process.mkdir('new');
  process.mkdir('new/sub');
  writeAt(process, 'new/sub/file', 600, Buffer.from('behind a hole'));
  process.link('new/sub/file', 'new/hard');
  process.link('untouched', 'new/other-name');
  process.symlink('../file', 'new/soft');
  process.rename('dir/empty', 'dir/renamed');
  writeAt(process, LONG, 4, Buffer.from('er'));
  writeAt(process, `${LONG}er`, 0, Buffer.from('another long name'));
  // Through a map.
  const file = process.open('a-first', { write: true });
  const address = process.mmap(4096, PROT_READ | PROT_WRITE, MAP_SHARED, { file });
  process.store(address + 599, 0x21);
  process.close(file);
}

/** The same on the host's own files. */
function changeDirectory(root: string): void {
  const at = (path: string): string => join(root, path);
  const patch = (path: string, position: number, text: string): void => {
    const bytes = readFileSync(at(path));
    const changed = Buffer.alloc(Math.max(bytes.length, position + text.length));
    bytes.copy(changed);
    changed.write(text, position);
    writeFileSync(at(path), changed);
  };
  patch('file', 5000, 'in place');
  patch('dir/inner', 0, 'grown '.repeat(2000));
  truncateSync(at('shrinks'), 10);
  patch('sparse', 500_000, 'middle');
  rmSync(at('gone'));
  mkdirSync(at('new/sub'), { recursive: true });
  writeFileSync(at('new/sub/file'), '');
  patch('new/sub/file', 600, 'behind a hole');
  linkSync(at('new/sub/file'), at('new/hard'));
  linkSync(at('untouched'), at('new/other-name'));
  symlinkSync('../file', at('new/soft'));
  rmSync(at('dir/empty'), { recursive: true });
  mkdirSync(at('dir/renamed'));
  patch(LONG, 4, 'er');
  writeFileSync(at(`${LONG}er`), 'another long name');
  patch('a-first', 599, '!');
}

describe.skipIf(!has('tar') || !has('bsdtar')).each(FORMATS)('%s', (_, command, options) => {
  test('changed files have their new content, in GNU tar and in bsdtar; others stay', () => {
    const original = run(command, [...options, '-cf', '-', '-C', tree, '.']);
    const { machine, process, tarfs } = tarfsWorld(original);
    expect(Buffer.compare(readAll(process, 'sparse'), readFileSync(join(tree, 'sparse')))).toBe(0);
    change(process);
    machine.sync();

    const copy = join(base, 'copy');
    run('cp', ['-a', tree, copy]);
    changeDirectory(copy);
    const expected = listDirectory(copy);
    rmSync(copy, { recursive: true });
    expect(extract('tar', tarfs.archive)).toEqual(expected);
    expect(extract('bsdtar', tarfs.archive)).toEqual(expected);
    for (const path of ['./untouched', './soft', './sparse-untouched', './dir/']) {
      expect(memberBytes(tarfs.archive, path)).toBe(memberBytes(original, path));
    }
    // Mounted again it has the same content, and nothing to write.
    const again = tarfsWorld(tarfs.archive);
    expect(readAll(again.process, 'dir/inner')).toEqual(readAll(process, 'dir/inner'));
    again.machine.sync();
    expect(again.tarfs.archive).toBe(tarfs.archive);
  });

  test('what changes in place leaves every other byte of the archive as it was', () => {
    const original = run(command, [...options, '-cf', '-', '-C', tree, '.']);
    const { machine, process, tarfs } = tarfsWorld(original);
    writeAt(process, 'file', 5000, Buffer.from('in place'));
    machine.sync();
    const { archive } = tarfs;
    expect(archive.length).toBe(original.length);
    const differing = [...original.keys()].filter((at) => original[at] !== archive[at]);
    const { dataAt } = readTarIndex(original).members.find(({ path }) => path.endsWith('/file'))!;
    expect(differing).toEqual(Array.from({ length: 8 }, (_, index) => dataAt + 5000 + index));
  });
});

describe('the archive', () => {
  test('is not written before sync, msync or fsync; each of them writes it', () => {
    const { machine, process, tarfs } = tarfsWorld(tarArchive(tarItem({ name: 'f', data: 'old' })));
    const content = (): string => Buffer.from(tarfs.archive.subarray(512, 515)).toString();
    const file = process.open('f', { write: true });
    process.pwrite(file, 0, Buffer.from('new'));
    expect(content()).toBe('old');
    process.fsync(file);
    expect(content()).toBe('new');
    const address = process.mmap(4096, PROT_READ | PROT_WRITE, MAP_SHARED, { file });
    process.store(address, 0x4e);
    expect(content()).toBe('new');
    process.msync(address, 4096);
    expect(content()).toBe('New');
    process.store(address + 1, 0x45);
    machine.sync();
    expect(content()).toBe('NEw');
  });

  test('umount syncs', () => {
    const { machine, process, tarfs } = tarfsWorld(tarArchive(tarItem({ name: 'f', data: 'old' })));
    writeAt(process, 'f', 0, Buffer.from('new'));
    process.chdir('/');
    machine.mounts.remove('/tar');
    expect(Buffer.from(tarfs.archive.subarray(512, 515)).toString()).toBe('new');
  });

  test('grows by whole records where it had whole records, and keeps what follows its end', () => {
    const item = tarItem({ name: 'f', data: 'old' });
    const padded = Buffer.concat([item, Buffer.alloc(10240 - item.length)]);
    const trailing = Buffer.concat([tarArchive(item), Buffer.from('trailing')]);
    for (const [archive, length] of [
      [padded, 20480],
      [trailing, trailing.length + 9728],
    ] as const) {
      const { machine, process, tarfs } = tarfsWorld(archive);
      writeAt(process, 'f', 0, Buffer.alloc(10_000, 'n'));
      machine.sync();
      expect(tarfs.archive.length).toBe(length);
      const end = Buffer.from(tarfs.archive.subarray(-8)).toString();
      expect(end).toBe(archive === trailing ? 'trailing' : '\0'.repeat(8));
    }
  });

  test('members that a later one of the same name replaces go with it, and not before', () => {
    const archive = tarArchive(
      tarItem({ name: 'a', data: 'one' }),
      tarItem({ name: 'b', typeflag: '1', linkname: 'a' }),
      tarItem({ name: 'a', data: 'two' }),
      tarItem({ name: 'c', data: 'other' }),
    );
    const names = (bytes: Uint8Array): string[] =>
      readTarIndex(bytes).members.map(({ type, path }) => `${type} ${path}`);
    const first = tarfsWorld(archive);
    expect(Buffer.from(readAll(first.process, 'b')).toString()).toBe('one');
    writeAt(first.process, 'c', 0, Buffer.from('O'));
    first.machine.sync();
    expect(names(first.tarfs.archive)).toEqual(names(archive));
    first.process.unlink('a');
    first.machine.sync();
    expect(names(first.tarfs.archive)).toEqual(['file c', 'file b']);
    expect(Buffer.from(readAll(tarfsWorld(first.tarfs.archive).process, 'b')).toString()).toBe(
      'one',
    );
  });

  test.each([
    ['nothing', Buffer.alloc(0)],
    ['no archive', Buffer.alloc(2000, 'x')],
    ['a cut archive', tarArchive(tarItem({ name: 'f', data: 'x'.repeat(2000) })).subarray(0, 1024)],
    ['a link to nothing', tarArchive(tarItem({ name: 'f', typeflag: '1', linkname: 'g' }))],
    ['a file as a directory', tarArchive(tarItem({ name: 'f' }), tarItem({ name: 'f/g' }))],
  ])('%s is not mounted: EINVAL', (_, archive) => {
    expect(() => tarfsWorld(archive)).toThrow('EINVAL');
  });
});
