import { openImage } from 'cramfs-reader';
import { describe, expect, test } from 'vitest';
import {
  buildRawImage,
  directory,
  file,
  noise,
  special,
  text,
} from '../../../../test/helpers/raw-image.js';
import { SyscallError } from '../errno.js';
import { Machine } from '../machine.js';
import { MAP_PRIVATE, MAP_SHARED, PROT_READ, PROT_WRITE } from '../memory-map.js';
import type { Process } from '../process.js';
import { nrBlockdevPages } from '../report/accounting.js';
import { mapsText } from '../report/maps.js';
import { createWorld } from '../scenario/world.js';
import { parseScenario } from '../scenario/parse.js';
import { runScenario } from '../scenario/run.js';
import { TmpfsSuperBlock } from '../fs/tmpfs/super.js';

const P = 4096;
const ROM = 0x22000000;
/** Of a file of nine pages. */
const DATA_SIZE = 9 * P - 20;
const BLOCK = 0o060600;
const CHARACTER = 0o020600;

/** The number as cramfs keeps it, in the place of the size. */
const stored = (major: number, minor: number): number => (major << 8) | minor;

const IMAGE = buildRawImage({
  dev: directory({
    mtdblock0: special(BLOCK, stored(31, 0)),
    mtdblock1: special(BLOCK, stored(31, 1)),
    rom: special(BLOCK, stored(31, 0)),
    vda: special(BLOCK, stored(254, 0)),
    vda1: special(BLOCK, stored(254, 1)),
    mtd0: special(CHARACTER, stored(90, 0)),
    mtd0ro: special(CHARACTER, stored(90, 1)),
    mtd9: special(CHARACTER, stored(90, 18)),
    null: special(CHARACTER, stored(1, 3)),
  }),
  data: file(noise(DATA_SIZE), { blocks: 'D'.repeat(9) }),
  text: file(text(3 * P + 50)),
}).bytes;
const ROM_SIZE = Math.ceil(IMAGE.length / P + 2) * P;

function machineOf(mmu = true): { machine: Machine; process: Process } {
  const machine = new Machine({ mmu, roms: [{ address: ROM, size: ROM_SIZE, bytes: IMAGE }] });
  const image = openImage(IMAGE);
  machine.mountCramfs('/rom', image, ROM);
  machine.mountCramfs('/disk', image);
  return { machine, process: machine.spawn() };
}

function codeOf(call: () => unknown): unknown {
  try {
    return call() ?? 'ok';
  } catch (error) {
    if (error instanceof SyscallError) return error.code;
    throw error;
  }
}

describe('a block device that is read-only answers as one of Linux 6.18 did', () => {
  const SIZE = 3 * P + 512;
  const content = noise(SIZE);
  const machine = new Machine();
  machine.devices.attachDisk(content);
  machine.mount('/t', new TmpfsSuperBlock(machine.phys));
  const process = machine.spawn();
  process.chdir('/t');
  for (const name of ['a', 'b']) process.mknod(name, BLOCK, { major: 254, minor: 0 });
  process.mknod('absent', BLOCK, { major: 31, minor: 9 });
  const node = process.open('a', { write: true });
  const reader = process.open('b');
  const one = Uint8Array.of(1);
  const map = (prot: number, flags: number, pages = 4): number =>
    process.mmap(pages * P, prot, flags, { file: (prot & PROT_WRITE) === 0 ? reader : node });
  const fallocate = (mode: number, offset: number, length: number): void => {
    process.fallocate(node, mode, offset, length);
  };

  // Recorded on a loop device made with `losetup -r`, through nodes on a tmpfs.
  test.each<readonly [string, () => unknown, unknown]>([
    ['open of a number without a device', () => process.open('absent'), 'ENXIO'],
    ['fstat: the size is that of the node', () => process.fstat(node).size, 0],
    ['lseek to the end', () => process.lseek(node, 0, 'end'), SIZE],
    ['lseek beyond it', () => process.lseek(node, SIZE + 1), 'EINVAL'],
    ['SEEK_DATA', () => process.lseek(node, 100, 'data'), 'EINVAL'],
    ['SEEK_HOLE', () => process.lseek(node, 100, 'hole'), 'EINVAL'],
    ['write', () => process.pwrite(node, 0, one), 'EPERM'],
    ['write beyond the end', () => process.pwrite(node, 1 << 20, one), 'EPERM'],
    ['write of nothing', () => process.pwrite(node, 0, new Uint8Array(0)), 'EPERM'],
    ['read beyond the end', () => process.pread(node, 1 << 20, new Uint8Array(10)), 0],
    ['read across the end', () => process.pread(node, 3 * P, new Uint8Array(P)), 512],
    [
      'truncate',
      () => {
        process.truncate('a', 0);
      },
      'EINVAL',
    ],
    [
      'ftruncate',
      () => {
        process.ftruncate(node, 0);
      },
      'EINVAL',
    ],
    [
      'fsync',
      () => {
        process.fsync(node);
      },
      'ok',
    ],
    [
      'fallocate',
      () => {
        fallocate(0, 0, P);
      },
      'EOPNOTSUPP',
    ],
    [
      'a hole',
      () => {
        fallocate(3, 0, P);
      },
      'EPERM',
    ],
    [
      'a hole that is not sectors',
      () => {
        fallocate(3, 1, P);
      },
      'EINVAL',
    ],
    [
      'a hole beyond the end',
      () => {
        fallocate(3, 1 << 20, P);
      },
      'EINVAL',
    ],
    [
      'a hole across the end',
      () => {
        fallocate(3, 3 * P, 2 * P);
      },
      'EPERM',
    ],
    [
      'fallocate across the end',
      () => {
        fallocate(0, 3 * P, 2 * P);
      },
      'EINVAL',
    ],
    ['a shared map to write to', () => map(PROT_READ | PROT_WRITE, MAP_SHARED), 'EINVAL'],
    [
      'mprotect of a shared map',
      () => {
        process.mprotect(map(PROT_READ, MAP_SHARED), P, 3);
      },
      'EACCES',
    ],
    ['O_EXCL and O_CREAT', () => process.open('a', { create: true, exclusive: true }), 'EEXIST'],
    [
      'O_TRUNC',
      () => {
        process.close(process.open('a', { write: true, truncate: true }));
      },
      'ok',
    ],
  ])('%s', (_, call, expected) => {
    expect(codeOf(call)).toBe(expected);
  });

  test('private maps may be written to; after the end of the device comes SIGBUS', () => {
    const at = map(PROT_READ | PROT_WRITE, MAP_PRIVATE, 5);
    process.store(at, 77);
    expect(process.load(at)).toBe(77);
    expect(process.load(at + 3 * P + 511)).toBe(content.at(-1));
    expect(process.load(at + 3 * P + 512)).toBe(0);
    expect(() => process.load(at + 4 * P)).toThrow(expect.objectContaining({ signal: 'SIGBUS' }));
    expect(process.pread(reader, 0, one)).toBe(1);
    expect(one[0]).toBe(content[0]);
  });

  test('O_EXCL keeps others with O_EXCL out, until it is closed', () => {
    const alone = process.open('b', { exclusive: true });
    expect(codeOf(() => process.open('a', { exclusive: true }))).toBe('EBUSY');
    process.close(process.open('a'));
    process.close(alone);
    process.close(process.open('a', { exclusive: true }));
  });
});

describe('nodes of the ROM and the disk that the image is on', () => {
  test('all nodes of a device share its pages, whatever file system they are in', () => {
    const { machine, process } = machineOf();
    const [one, other] = ['/rom/dev/mtdblock0', '/disk/dev/rom'].map((path) => process.open(path));
    expect(process.lseek(one!, 0, 'end')).toBe(ROM_SIZE);
    const bytes = new Uint8Array(ROM_SIZE);
    expect(process.pread(one!, 0, bytes)).toBe(ROM_SIZE);
    expect(bytes.subarray(0, IMAGE.length)).toEqual(IMAGE);
    expect(bytes.subarray(IMAGE.length).every((byte) => byte === 0)).toBe(true);
    expect(machine.devices.blockDevice({ major: 31, minor: 0 })!.mapping.pages).toBe(ROM_SIZE / P);
    const at = process.mmap(2 * P, PROT_READ, MAP_PRIVATE, { file: other! });
    expect([...process.mincore(at, 2 * P)]).toEqual([1, 1]);
    // /proc shows the node.
    const { ino } = process.stat('/disk/dev/rom');
    expect(mapsText(process.mm)).toMatch(new RegExp(` fe:00 ${ino} +/disk/dev/rom\n`));
    process.close(one!);
    process.close(other!);
    expect([...process.mincore(at, 2 * P)]).toEqual([1, 1]);
    process.munmap(at, 2 * P);
    // The pages are freed with the last file: nothing is mounted from the block device of an MTD.
    expect(machine.devices.blockDevice({ major: 31, minor: 0 })!.mapping.pages).toBe(0);
  });

  test('a mount from the disk reads through the same pages, and has the disk for itself', () => {
    const { machine, process } = machineOf();
    const pages = machine.devices.blockDevice({ major: 254, minor: 0 })!.mapping;
    // The superblock: four pages at once.
    expect([...pages.indexes()]).toEqual([0, 1, 2, 3]);
    const data = process.open('/disk/data');
    process.pread(data, 8 * P, new Uint8Array(10));
    const last = Math.floor(IMAGE.length / P);
    expect([...pages.indexes()].at(-1)).toBe(last - 1);
    expect(nrBlockdevPages(machine)).toBe(pages.pages);
    const disk = process.open('/disk/dev/vda');
    const at = process.mmap(last * P, PROT_READ, MAP_SHARED, { file: disk });
    expect([...process.mincore(at, last * P)].filter((page) => page === 1).length).toBe(
      pages.pages,
    );
    expect(codeOf(() => process.open('/disk/dev/vda', { exclusive: true }))).toBe('EBUSY');
    // The MTD is mounted, not its block device.
    process.close(process.open('/disk/dev/mtdblock0', { exclusive: true }));
    process.exit();
    expect(pages.pages).toBeGreaterThan(0);
    machine.umount('/disk');
    expect(pages.pages).toBe(0);
  });

  test('missing devices: a partition, a second ROM, a second disk', () => {
    const { process } = machineOf();
    for (const name of ['mtdblock1', 'vda1']) {
      expect(codeOf(() => process.open(`/rom/dev/${name}`))).toBe('ENXIO');
    }
    expect(codeOf(() => process.open('/rom/dev/mtd9'))).toBe('ENODEV');
  });

  test('a read-only mount keeps nobody from writing to devices', () => {
    const { machine, process } = machineOf();
    const none = process.open('/rom/dev/null', { write: true });
    expect(process.write(none, new Uint8Array(3))).toBe(3);
    expect(codeOf(() => process.open('/rom/data', { write: true }))).toBe('EROFS');
    const rom = process.open('/rom/dev/mtdblock0', { write: true, append: true });
    expect(codeOf(() => process.write(rom, new Uint8Array(1)))).toBe('EPERM');
    process.exit();
    machine.umount('/rom');
  });

  test('mounts by name: a disk and a ROM, each is one file system wherever it is mounted', () => {
    const machine = new Machine({ roms: [{ address: ROM, size: ROM_SIZE, bytes: IMAGE }] });
    machine.devices.attachDisk(IMAGE.slice());
    machine.devices.attachDisk(IMAGE);
    const disk = machine.mount('cramfs', '/dev/vdb', '/disk');
    expect(disk.dev).toEqual({ major: 254, minor: 16 });
    expect(machine.mount('cramfs', 'vdb', '/again')).toBe(disk);
    const rom = machine.mount('cramfs', '/dev/mtdblock0', '/rom');
    expect(machine.mount('cramfs', 'mtd0', '/rom2')).toBe(rom);
    expect(rom.dev).toEqual({ major: 31, minor: 0 });
    for (const source of ['/dev/vdc', 'mtd1', 'vda1', '']) {
      expect(codeOf(() => machine.mount('cramfs', source, '/none'))).toBe('ENOENT');
    }
  });

  test('memory that is short takes the pages back', () => {
    const bytes = IMAGE;
    const machine = new Machine({
      ramSize: 12 * P,
      roms: [{ address: ROM, size: ROM_SIZE, bytes }],
    });
    machine.mountCramfs('/disk', openImage(IMAGE));
    const process = machine.spawn();
    const content = new Uint8Array(DATA_SIZE);
    expect(process.pread(process.open('/disk/data'), 0, content)).toBe(DATA_SIZE);
    expect(content).toEqual(noise(DATA_SIZE));
  });
});

describe('mtd0: the character device', () => {
  test('reads the ROM past the page cache, and is not mapped with an MMU', () => {
    const { machine, process } = machineOf();
    const before = machine.phys.used;
    const mtd = process.open('/rom/dev/mtd0');
    const bytes = new Uint8Array(P);
    expect(process.lseek(mtd, 0, 'end')).toBe(ROM_SIZE);
    expect(process.pread(mtd, 100, bytes)).toBe(P);
    expect(bytes).toEqual(IMAGE.subarray(100, 100 + P));
    expect(process.pread(mtd, ROM_SIZE - 10, bytes)).toBe(10);
    expect(machine.phys.used).toBe(before);
    expect(codeOf(() => process.mmap(P, PROT_READ, MAP_SHARED, { file: mtd }))).toBe('ENODEV');
    for (const name of ['mtd0', 'mtd0ro']) {
      expect(codeOf(() => process.open(`/rom/dev/${name}`, { write: true }))).toBe('EACCES');
    }
  });

  test('without an MMU a shared map is the ROM itself; a private one is EACCES or cannot be copied', () => {
    const { process } = machineOf(false);
    const file = process.open('/rom/dev/mtd0ro');
    const map = (prot: number, flags: number, offset: number, length: number): unknown =>
      codeOf(() => process.mmap(length, prot, flags, { file, offset }));
    expect(map(PROT_READ, MAP_SHARED, P, 2 * P)).toBe(ROM + P);
    expect(map(PROT_READ, MAP_SHARED, ROM_SIZE - P, 2 * P)).toBe('EINVAL');
    expect(map(PROT_READ, MAP_PRIVATE, 4 * P, P)).toBe('EACCES');
    expect(map(PROT_READ | PROT_WRITE, MAP_PRIVATE, 4 * P, P)).toBe('EINVAL');
    expect(map(PROT_READ | PROT_WRITE, MAP_SHARED, 4 * P, P)).toBe('EACCES');
  });
});

test('without an MMU a block device is copied, and not shared', () => {
  const { machine, process } = machineOf(false);
  const file = process.open('/rom/dev/mtdblock0');
  expect(codeOf(() => process.mmap(P, PROT_READ, MAP_SHARED, { file }))).toBe('ENODEV');
  const at = process.mmap(2 * P, PROT_READ, MAP_PRIVATE, { file, offset: P });
  expect(machine.phys.rom.frameOf(at / P)).toBeUndefined();
  const bytes = new Uint8Array(2 * P);
  process.loadRange(at, bytes);
  expect(bytes).toEqual(IMAGE.subarray(P, 3 * P));
});

test('scenarios: /dev has the devices, and nodes of the image lead to them', () => {
  const scenario = `
    mount mtd
    open 0 /dev/mtdblock0 r
    open 1 dev/rom r
    open 2 /dev/vda r
    open 3 /dev/mtd0 r
    open 4 /dev/mtd1 r
    read 0 0 8192
    mmap A 1 16384 r private 0
    mincore A
    sum A 0 8192`;
  const world = createWorld(IMAGE, { mmu: true });
  const records = runScenario(parseScenario(scenario), world);
  const rom = 32 << 20;
  const disk = Math.ceil(IMAGE.length / 512) * 512;
  expect(records.slice(1, 6)).toMatchObject([
    { ret: 'ok', size: rom },
    { ret: 'ok', size: rom },
    { ret: 'ok', size: disk },
    { ret: 'ok', size: rom },
    { ret: 'ENOENT' },
  ]);
  const [read, , mincore, sum] = records.slice(6);
  expect(mincore).toMatchObject({ vec: '1100' });
  expect(sum).toMatchObject({ crc: read!['crc'] });
  expect(records.at(-1)).toMatchObject({ op: 'scenario-end', umount: 'ok' });
});
