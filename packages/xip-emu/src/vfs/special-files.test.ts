import { describe, expect, test } from 'vitest';
import { SyscallError } from '../errno.js';
import { tarArchive, tarItem } from '../../../../test/helpers/tar-builder.js';
import { FuseSuperBlock } from '../fs/fuse/super.js';
import { TarfsSuperBlock } from '../fs/tarfs/super.js';
import { TmpfsSuperBlock } from '../fs/tmpfs/super.js';
import { Machine } from '../machine.js';
import { MAP_PRIVATE, PROT_READ } from '../memory-map.js';
import { MirrorServer } from '../userland/mirror-server.js';
import { FALLOC_FL_KEEP_SIZE, FALLOC_FL_PUNCH_HOLE } from './read-write.js';

function machineOf(): { machine: Machine; process: ReturnType<Machine['spawn']> } {
  const machine = new Machine();
  machine.mount('/t', new TmpfsSuperBlock(machine.phys));
  const process = machine.spawn();
  process.chdir('/t');
  return { machine, process };
}

function codeOf(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    if (error instanceof SyscallError) return error.code;
    throw error;
  }
  return 'ok';
}

describe('special files: init_special_inode()', () => {
  const { process } = machineOf();
  process.mknod('null', 0o020666, { major: 1, minor: 3 });
  process.mknod('zero', 0o020666, { major: 1, minor: 5 });
  process.mknod('full', 0o020666, { major: 1, minor: 7 });
  process.mknod('ttyS9', 0o020666, { major: 4, minor: 73 });
  process.mknod('sda', 0o060666, { major: 8, minor: 0 });
  process.mknod('fifo', 0o010666);
  process.mknod('socket', 0o140666);
  const bytes = new Uint8Array(4);

  test('devices without a driver, and sockets, are not opened: ENXIO', () => {
    for (const name of ['ttyS9', 'sda', 'socket']) {
      expect(codeOf(() => process.open(name))).toBe('ENXIO');
    }
    expect(process.stat('ttyS9').rdev).toEqual({ major: 4, minor: 73 });
    expect(
      codeOf(() => {
        process.truncate('sda', 0);
      }),
    ).toBe('EINVAL');
  });

  test('the devices of memory answer as drivers/char/mem.c', () => {
    const none = process.open('null', { write: true });
    expect(process.pread(none, 0, bytes)).toBe(0);
    expect(process.pwrite(none, 100, bytes)).toBe(4);
    expect(process.lseek(none, 50)).toBe(0);
    expect(
      codeOf(() => {
        process.fsync(none);
      }),
    ).toBe('EINVAL');
    expect(codeOf(() => process.mmap(4096, PROT_READ, MAP_PRIVATE, { file: none }))).toBe('ENODEV');
    const zero = process.open('zero');
    bytes.fill(1);
    expect(process.read(zero, bytes)).toBe(4);
    expect([...bytes]).toEqual([0, 0, 0, 0]);
    const full = process.open('full', { write: true });
    expect(codeOf(() => process.write(full, bytes))).toBe('ENOSPC');
  });

  test('a FIFO without its other end: O_NONBLOCK, or EAGAIN where Linux waits', () => {
    expect(codeOf(() => process.open('fifo'))).toBe('EAGAIN');
    expect(codeOf(() => process.open('fifo', { read: false, write: true }))).toBe('EAGAIN');
    const writer = { read: false, write: true, nonBlock: true };
    expect(codeOf(() => process.open('fifo', writer))).toBe('ENXIO');
    const reader = process.open('fifo', { nonBlock: true });
    expect(process.read(reader, bytes)).toBe(0);
    const end = process.open('fifo', writer);
    expect(codeOf(() => process.read(reader, bytes))).toBe('EAGAIN');
    expect(process.write(end, Uint8Array.of(7, 8))).toBe(2);
    expect(process.read(reader, bytes)).toBe(2);
    expect(codeOf(() => process.pread(reader, 0, bytes))).toBe('ESPIPE');
    expect(codeOf(() => process.lseek(reader, 0))).toBe('ESPIPE');
    process.close(reader);
    expect(codeOf(() => process.write(end, bytes))).toBe('EPIPE');
    process.close(end);
  });
});

describe('special files of other file systems', () => {
  /** Opens nodes below a directory as their types are opened. */
  function check(process: ReturnType<Machine['spawn']>, directory: string): void {
    const none = process.open(`${directory}/null`, { write: true });
    expect(process.write(none, new Uint8Array(3))).toBe(3);
    expect(process.read(none, new Uint8Array(3))).toBe(0);
    expect(process.stat(`${directory}/null`).rdev).toEqual({ major: 1, minor: 3 });
    expect(codeOf(() => process.open(`${directory}/sda`))).toBe('ENXIO');
    expect(codeOf(() => process.open(`${directory}/fifo`))).toBe('EAGAIN');
    const reader = process.open(`${directory}/fifo`, { nonBlock: true });
    expect(process.read(reader, new Uint8Array(3))).toBe(0);
  }

  test('tarfs: nodes of the archive, and new ones', () => {
    const device = { mode: 0o666, typeflag: '3', major: 1, minor: 3 };
    const archive = tarArchive(
      tarItem({ name: 'null', ...device }),
      tarItem({ name: 'sda', ...device, typeflag: '4' }),
      tarItem({ name: 'fifo', typeflag: '6' }),
    );
    const machine = new Machine();
    machine.mount('/tar', new TarfsSuperBlock(archive, { phys: machine.phys }));
    const process = machine.spawn();
    check(process, '/tar');
    process.mknod('/tar/zero', 0o020666, { major: 1, minor: 5 });
    expect(process.read(process.open('/tar/zero'), new Uint8Array(3))).toBe(3);
  });

  test('FUSE: a device node of the server opens the device here', () => {
    const { machine, process } = machineOf();
    machine.mount(
      '/fuse',
      new FuseSuperBlock(machine.phys, new MirrorServer(machine.spawn(), '/t')),
    );
    process.mknod('/fuse/null', 0o020666, { major: 1, minor: 3 });
    process.mknod('/fuse/sda', 0o060666, { major: 8, minor: 0 });
    process.mknod('/fuse/fifo', 0o010666);
    check(process, '/fuse');
    expect(process.stat('/t/null').rdev).toEqual({ major: 1, minor: 3 });
  });
});

describe('closed files', () => {
  test('are EBADF for every call, also while a map keeps the file', () => {
    const { machine, process } = machineOf();
    const file = process.open('f', { write: true, create: true });
    process.pwrite(file, 0, new Uint8Array(4096));
    process.mmap(4096, PROT_READ, MAP_PRIVATE, { file });
    process.close(file);
    const bytes = new Uint8Array(1);
    const calls: (() => unknown)[] = [
      () => {
        process.close(file);
      },
      () => process.read(file, bytes),
      () => process.write(file, bytes),
      () => process.pread(file, 0, bytes),
      () => process.pwrite(file, 0, bytes),
      () => process.readv(file, [bytes]),
      () => process.writev(file, [bytes]),
      () => process.lseek(file, 0),
      () => process.getdents(file),
      () => {
        process.ftruncate(file, 0);
      },
      () => {
        process.fsync(file);
      },
      () => process.fstat(file),
      () => process.dup(file),
      () => {
        process.fallocate(file, 0, 0, 1);
      },
      () => {
        process.ficlone(file, file);
      },
      () => process.mmap(4096, PROT_READ, MAP_PRIVATE, { file }),
    ];
    expect(calls.map(codeOf)).toEqual(calls.map(() => 'EBADF'));
    expect(
      codeOf(() => {
        machine.umount('/t');
      }),
    ).toBe('EBUSY');
    process.exit();
    expect(
      codeOf(() => {
        machine.umount('/t');
      }),
    ).toBe('ok');
  });

  test('exit() closes open files, unless told not to; a fork has its own', () => {
    const { machine, process } = machineOf();
    const file = process.open('f', { write: true, create: true });
    const child = machine.fork(process);
    process.close(file);
    expect(child.pwrite(file, 0, new Uint8Array(3))).toBe(3);
    child.exit({ closeFiles: false });
    expect(
      codeOf(() => {
        machine.umount('/t');
      }),
    ).toBe('EBUSY');
    child.close(file);
    process.exit();
    expect(
      codeOf(() => {
        machine.umount('/t');
      }),
    ).toBe('ok');
  });
});

describe('positions', () => {
  test('O_APPEND, read and write at the position, dup shares it', () => {
    const { process } = machineOf();
    const log = process.open('log', { read: false, write: true, append: true, create: true });
    process.write(log, Uint8Array.of(1, 2));
    process.pwrite(log, 0, Uint8Array.of(3));
    expect(process.fstat(log).size).toBe(3);
    const file = process.open('log');
    const copy = process.dup(file);
    const bytes = new Uint8Array(2);
    expect(process.readv(file, [bytes, new Uint8Array(9)])).toBe(3);
    expect(process.lseek(copy, -1, 'cur')).toBe(2);
    process.close(file);
    expect(process.read(copy, bytes)).toBe(1);
    expect(bytes[0]).toBe(3);
    process.exit();
  });

  test('getdents goes on where it ended, and seekdir goes back', () => {
    const { process } = machineOf();
    for (const name of ['a', 'b', 'c']) process.mkdir(name);
    const directory = process.open('.', { directory: true });
    const first = process.getdents(directory, 3);
    const rest = process.getdents(directory);
    expect([...first, ...rest].map(({ name }) => name)).toEqual(['.', '..', 'c', 'b', 'a']);
    expect(process.getdents(directory)).toEqual([]);
    process.lseek(directory, first[2]!.next);
    expect(process.getdents(directory)).toEqual(rest);
    process.rmdir('b');
    process.lseek(directory, first[2]!.next);
    expect(process.getdents(directory).map(({ name }) => name)).toEqual(['a']);
  });

  test('a hole is found, punched, and takes no blocks', () => {
    const { process } = machineOf();
    const file = process.open('f', { write: true, create: true });
    process.pwrite(file, 0, new Uint8Array(4 * 4096).fill(1));
    process.fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 4000, 4192);
    expect(process.fstat(file)).toMatchObject({ size: 4 * 4096, blocks: 24 });
    expect(process.lseek(file, 0, 'hole')).toBe(4096);
    expect(process.lseek(file, 4096, 'data')).toBe(8192);
    expect(codeOf(() => process.lseek(file, 4 * 4096, 'data'))).toBe('ENXIO');
    expect(
      codeOf(() => {
        process.fallocate(file, FALLOC_FL_PUNCH_HOLE, 0, 1);
      }),
    ).toBe('EOPNOTSUPP');
  });

  test.each([-1, NaN, 0.5, 2 ** 63, Infinity])('%j is not an offset: EINVAL', (offset) => {
    const { process } = machineOf();
    const file = process.open('f', { write: true, create: true });
    const bytes = new Uint8Array(1);
    expect(codeOf(() => process.pread(file, offset, bytes))).toBe('EINVAL');
    expect(codeOf(() => process.pwrite(file, offset, bytes))).toBe('EINVAL');
    expect(codeOf(() => process.lseek(file, offset))).toBe('EINVAL');
    expect(
      codeOf(() => {
        process.fallocate(file, 0, offset, 1);
      }),
    ).toBe('EINVAL');
  });
});

test('names that move take open files along; those that go say so', () => {
  const { process } = machineOf();
  process.mkdir('d');
  const file = process.open('d/f', { write: true, create: true });
  process.chdir('d');
  process.rename('/t/d', '/t/e');
  expect(file.path).toBe('/t/e/f');
  expect(process.fs.getcwd()).toBe('/t/e');
  process.unlink('f');
  expect(file.path).toBe('/t/e/f (deleted)');
  process.rmdir('/t/e');
  expect(
    codeOf(() => {
      process.mkdir('x');
    }),
  ).toBe('ENOENT');
  expect(codeOf(() => process.open('x', { write: true, create: true }))).toBe('ENOENT');
});
