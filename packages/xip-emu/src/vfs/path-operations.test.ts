import { S_IFDIR, S_IFLNK, S_IFMT, nameToBytes } from 'cramfs-format';
import { describe, expect, test } from 'vitest';
import { kernelImage } from '../../../../test/helpers/kernel-images.js';
import { errnoOf, mountOverlay, romMachine } from '../../../../test/helpers/emulator.js';
import { AccessFault } from '../errno.js';
import { TmpfsSuperBlock } from '../fs/tmpfs/super.js';
import type { Machine } from '../machine.js';
import { MAP_PRIVATE, MAP_SHARED, PROT_READ, PROT_WRITE } from '../memory-map.js';
import type { Process } from '../process.js';
import { DEFAULT_PAGE_SIZE as PAGE_SIZE } from '../units.js';

function setup(): { machine: Machine; process: Process } {
  const machine = romMachine(kernelImage('basic'));
  machine.mount('/tmp', new TmpfsSuperBlock(machine.phys));
  const process = machine.spawn();
  process.chdir('/tmp');
  return { machine, process };
}

function writeFile(process: Process, path: string, text: string): void {
  const file = process.open(path, { write: true, create: true, truncate: true });
  process.pwrite(file, 0, nameToBytes(text));
  process.close(file);
}

function readFile(process: Process, path: string): string {
  const file = process.open(path);
  const bytes = new Uint8Array(process.fstat(file).size);
  process.pread(file, 0, bytes);
  process.close(file);
  return String.fromCharCode(...bytes);
}

describe('open', () => {
  test('create, exclusive, truncate', () => {
    const { process } = setup();
    expect(errnoOf(() => process.open('f', { write: true }))).toBe('ENOENT');
    writeFile(process, 'f', 'hello');
    expect(process.stat('/tmp/f')).toMatchObject({ size: 5, links: 1 });
    expect(errnoOf(() => process.open('f', { create: true, exclusive: true }))).toBe('EEXIST');
    // O_TRUNC also empties a file that is opened for reading.
    process.close(process.open('f', { truncate: true }));
    expect(process.stat('f').size).toBe(0);
  });

  test('a symlink to nothing: create makes its target, exclusive refuses', () => {
    const { process } = setup();
    process.symlink('target', 'link');
    expect(errnoOf(() => process.open('link'))).toBe('ENOENT');
    expect(errnoOf(() => process.open('link', { create: true, exclusive: true }))).toBe('EEXIST');
    writeFile(process, 'link', 'x');
    expect(readFile(process, '/tmp/target')).toBe('x');
    expect(process.lstat('link').mode & S_IFMT).toBe(S_IFLNK);
  });

  test('directories and places without a directory', () => {
    const { process } = setup();
    process.mkdir('d');
    expect(errnoOf(() => process.open('d', { write: true }))).toBe('EISDIR');
    expect(errnoOf(() => process.open('d', { create: true }))).toBe('EISDIR');
    expect(errnoOf(() => process.open('d', { truncate: true }))).toBe('EISDIR');
    expect(errnoOf(() => process.open('new/', { create: true }))).toBe('EISDIR');
    expect(errnoOf(() => process.open('no/f', { create: true }))).toBe('ENOENT');
    expect(errnoOf(() => process.open('/f', { create: true }))).toBe('EROFS');
    writeFile(process, 'f', '');
    expect(errnoOf(() => process.open('f/x', { create: true }))).toBe('ENOTDIR');
    expect(errnoOf(() => process.open('f/'))).toBe('ENOTDIR');
  });

  test('cramfs is read-only, for each operation', () => {
    const { process } = setup();
    const path = '/rom/direct-5p-sharedtail';
    process.close(process.open(path, { create: true }));
    const codes = [
      () => process.open('/rom/new', { create: true }),
      () => process.open(path, { truncate: true }),
      () => {
        process.truncate(path, 0);
      },
      () => {
        process.mkdir('/rom/d');
      },
      () => {
        process.symlink('x', '/rom/s');
      },
      () => {
        process.link(path, '/rom/l');
      },
      () => {
        process.unlink(path);
      },
      () => {
        process.rmdir('/rom/bin');
      },
      () => {
        process.rename(path, '/rom/r');
      },
    ].map(errnoOf);
    expect(codes).toEqual(codes.map(() => 'EROFS'));
    const file = process.open(path);
    expect(
      errnoOf(() => {
        process.fsync(file);
      }),
    ).toBe('EINVAL');
    process.close(file);
  });
});

describe('names', () => {
  test('link, unlink: the last name takes the pages once nobody has the file open', () => {
    const { machine, process } = setup();
    writeFile(process, 'a', 'content');
    const used = machine.phys.used;
    process.link('a', 'b');
    expect(process.stat('b')).toEqual({ ...process.stat('a'), links: 2 });
    process.unlink('a');
    expect(errnoOf(() => process.stat('a'))).toBe('ENOENT');
    const first = process.open('b');
    const second = process.open('b');
    process.unlink('b');
    process.close(first);
    expect(machine.phys.used).toBe(used);
    const into = new Uint8Array(7);
    expect(process.pread(second, 0, into)).toBe(7);
    process.close(second);
    expect(machine.phys.used).toBe(used - 1);
  });

  test('mkdir, rmdir and link counts', () => {
    const { process } = setup();
    process.mkdir('d', 0o700);
    process.mkdir('d/e/');
    expect(process.stat('d')).toMatchObject({ mode: S_IFDIR | 0o700, links: 3 });
    expect(
      errnoOf(() => {
        process.rmdir('d');
      }),
    ).toBe('ENOTEMPTY');
    expect(
      errnoOf(() => {
        process.unlink('d');
      }),
    ).toBe('EISDIR');
    expect(
      errnoOf(() => {
        process.rmdir('d/e/.');
      }),
    ).toBe('EINVAL');
    expect(
      errnoOf(() => {
        process.rmdir('d/e/..');
      }),
    ).toBe('ENOTEMPTY');
    expect(
      errnoOf(() => {
        process.mkdir('d');
      }),
    ).toBe('EEXIST');
    expect(
      errnoOf(() => {
        process.rmdir('/tmp');
      }),
    ).toBe('EBUSY');
    process.rmdir('d/e');
    process.rmdir('d');
    expect(errnoOf(() => process.stat('d'))).toBe('ENOENT');
    expect(process.stat('/tmp').links).toBe(2);
  });

  test('rename replaces, moves, and refuses the impossible', () => {
    const { process } = setup();
    writeFile(process, 'a', '1');
    writeFile(process, 'b', '2');
    process.mkdir('d');
    process.rename('a', 'b');
    expect(readFile(process, 'b')).toBe('1');
    process.rename('b', 'd/c');
    expect(readFile(process, 'd/c')).toBe('1');
    expect(
      errnoOf(() => {
        process.rename('d', 'd/x');
      }),
    ).toBe('EINVAL');
    expect(
      errnoOf(() => {
        process.rename('d/c', 'd');
      }),
    ).toBe('ENOTEMPTY');
    writeFile(process, 'f', '');
    expect(
      errnoOf(() => {
        process.rename('d', 'f');
      }),
    ).toBe('ENOTDIR');
    expect(
      errnoOf(() => {
        process.rename('f', 'd');
      }),
    ).toBe('EISDIR');
    expect(
      errnoOf(() => {
        process.rename('f', '/rom/f');
      }),
    ).toBe('EXDEV');
  });
});

describe('where paths start', () => {
  test('relative paths, forked processes', () => {
    const { machine, process } = setup();
    process.mkdir('d');
    process.chdir('d');
    writeFile(process, '../f', 'up');
    const child = machine.fork(process);
    expect(readFile(child, '../f')).toBe('up');
    child.chdir('..');
    expect([process.fs.getcwd(), child.fs.getcwd()]).toEqual(['/tmp/d', '/tmp']);
    expect(
      errnoOf(() => {
        child.chdir('f');
      }),
    ).toBe('ENOTDIR');
  });

  test('chroot: no way up, absolute symlinks stay inside; the working directory may be outside', () => {
    const { process } = setup();
    process.mkdir('jail');
    process.symlink('/f', 'jail/s');
    writeFile(process, 'f', 'outside');
    writeFile(process, 'jail/f', 'inside');
    process.chroot('jail');
    expect(readFile(process, '/f')).toBe('inside');
    expect(readFile(process, '/../../f')).toBe('inside');
    expect(readFile(process, '/s')).toBe('inside');
    expect(errnoOf(() => process.stat('/rom'))).toBe('ENOENT');
    expect(readFile(process, 'f')).toBe('outside');
    expect(readFile(process, '../tmp/f')).toBe('outside');
    expect(process.fs.getcwd()).toBe('(unreachable)/tmp');
    process.chdir('/');
    expect(process.fs.getcwd()).toBe('/');
    expect(readFile(process, '../f')).toBe('inside');
  });
});

describe('truncate', () => {
  test('maps of what is gone, private copies too, are SIGBUS; the rest of the page is zero', () => {
    const { process } = setup();
    writeFile(process, 'f', 'x'.repeat(2 * PAGE_SIZE));
    const file = process.open('f', { write: true });
    const shared = process.mmap(2 * PAGE_SIZE, PROT_READ, MAP_SHARED, { file });
    const copy = process.mmap(2 * PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE, { file });
    process.store(copy + PAGE_SIZE, 1);
    expect(process.load(shared + PAGE_SIZE)).toBe(0x78);
    process.ftruncate(file, 100);
    expect(() => process.load(shared + PAGE_SIZE)).toThrow(AccessFault);
    expect(() => process.load(copy + PAGE_SIZE)).toThrow(AccessFault);
    expect(process.load(shared + 99)).toBe(0x78);
    expect(process.load(shared + 100)).toBe(0);
    process.ftruncate(file, 2 * PAGE_SIZE);
    expect(process.load(shared + PAGE_SIZE)).toBe(0);
    process.close(file);
  });

  test('errors', () => {
    const { process } = setup();
    writeFile(process, 'f', 'x');
    const file = process.open('f');
    expect(
      errnoOf(() => {
        process.ftruncate(file, 0);
      }),
    ).toBe('EINVAL');
    expect(
      errnoOf(() => {
        process.truncate('f', -1);
      }),
    ).toBe('EINVAL');
    expect(
      errnoOf(() => {
        process.truncate('/tmp', 0);
      }),
    ).toBe('EISDIR');
    process.close(file);
  });
});

test('an overlay: a new file, and truncation of a lower one, go to the upper layer', () => {
  const machine = romMachine(kernelImage('basic'));
  mountOverlay(machine);
  const process = machine.spawn();
  const path = '/ovl/direct-5p-sharedtail';
  const { size } = process.stat(path);
  process.truncate(path, 10);
  process.close(process.open('/ovl/bin/new', { create: true }));
  expect(process.stat(path).size).toBe(10);
  expect(process.stat('/rom/direct-5p-sharedtail').size).toBe(size);
  expect(process.stat('/up/bin/new').size).toBe(0);
  expect(process.stat('/ovl/bin/new').size).toBe(0);
});
