import { CRAMFS_FLAG_EXT_BLOCK_POINTERS, CRAMFS_FLAG_FSID_VERSION_2 } from 'cramfs-format';
import { openImage } from 'cramfs-reader';
import { describe, expect, test } from 'vitest';
import { MAP_SHARED, PROT_EXEC, PROT_READ, PROT_WRITE } from '#xip-emu/memory-map.js';
import { Machine } from '#xip-emu/machine.js';
import type { Process } from '#xip-emu/process.js';
import { accountMachine, nrBlockdevPages } from '#xip-emu/report/accounting.js';
import { pagemapEntries } from '#xip-emu/report/pagemap.js';
import { mapsText } from '#xip-emu/report/maps.js';
import { DEFAULT_PAGE_SIZE as PAGE_SIZE } from '#xip-emu/units.js';
import { VM_MIXEDMAP, VM_PFNMAP } from '#xip-emu/vfs/vm-area.js';
import { buildDialectImage, stickyExtent } from '../helpers/dialect-images.js';
import { elfFile } from '../helpers/elf-builder.js';
import { mapFile, mmOf, mountOverlay, romMachine } from '../helpers/emulator.js';
import { ROM_ADDRESS, kernelImage } from '../helpers/kernel-images.js';
import { costOf, xipFile } from '../helpers/programs.js';
import {
  buildRawImage,
  directory,
  file,
  noise,
  special,
  symlink,
  text,
  type RawImageOptions,
} from '../helpers/raw-image.js';

/* The facts of docs/kernel-facts.md, as the emulated kernel shows them. One test is one fact. */

const basic = kernelImage('basic');
const BASE = 0x40000000;
const ZEROS = new Uint8Array(PAGE_SIZE);
const D = { kind: 'D', align: PAGE_SIZE } as const;

function readAll(process: Process, path: string): Uint8Array {
  const opened = process.open(path);
  try {
    const content = new Uint8Array(opened.inode.size);
    expect(process.pread(opened, 0, content)).toBe(content.length);
    return content;
  } finally {
    process.close(opened);
  }
}

function loadAll(process: Process, address: number, length: number): Uint8Array {
  const content = new Uint8Array(length);
  expect(process.loadRange(address, content)).toEqual({ loaded: length });
  return content;
}

/** Flags of the area at an address. */
function flagsAt(process: Process, address: number): number {
  return mmOf(process).vmas.vmaAt(address / PAGE_SIZE)!.flags;
}

describe('kernel facts', () => {
  test('K1: a whole last block that is direct and uncompressed reads as zeros', () => {
    const content = noise(2 * PAGE_SIZE);
    const { bytes } = buildRawImage({
      whole: file(content, { blocks: [D, D] }),
      pointed: file(content, { blocks: [D, 'U'] }),
      longer: file(noise(PAGE_SIZE + 100), { blocks: [D, { ...D, tail: 'zero' }] }),
    });
    const machine = romMachine(bytes);
    const process = machine.spawn();
    const first = content.subarray(0, PAGE_SIZE);
    const last = content.subarray(PAGE_SIZE);
    const direct = mapFile(process, '/rom/whole', 2, PROT_READ);
    const copied = mapFile(process, '/rom/whole', 2, PROT_READ | PROT_WRITE);
    expect(loadAll(process, direct, 2 * PAGE_SIZE)).toEqual(content);
    expect(loadAll(process, copied, PAGE_SIZE)).toEqual(first);
    expect(loadAll(process, copied + PAGE_SIZE, PAGE_SIZE)).toEqual(ZEROS);
    expect(readAll(process, '/rom/whole').subarray(PAGE_SIZE)).toEqual(ZEROS);
    expect(readAll(process, '/rom/pointed').subarray(PAGE_SIZE)).toEqual(last);
    expect(readAll(process, '/rom/longer')).toEqual(noise(PAGE_SIZE + 100));

    const nommu = romMachine(bytes, { mmu: false }).spawn();
    const copy = mapFile(nommu, '/rom/whole', 2, PROT_READ | PROT_WRITE);
    expect(loadAll(nommu, copy, 2 * PAGE_SIZE)).toEqual(Uint8Array.from([...first, ...ZEROS]));
    const rom = mapFile(nommu, '/rom/whole', 2, PROT_READ);
    expect(loadAll(nommu, rom, 2 * PAGE_SIZE)).toEqual(content);
  });

  test('K2: names with the same data offset share mode and owner', () => {
    const { bytes } = buildRawImage({
      plain: file('content', { mode: 0o644, uid: 1000, gid: 100 }),
      su: file('content', { mode: 0o4755, sameAs: '/plain' }),
    });
    const modes = (...names: string[]): number[] => {
      const process = romMachine(bytes).spawn();
      return names.map((name) => process.open(`/rom/${name}`).inode.mode & 0o7777);
    };
    expect(modes('plain', 'su')).toEqual([0o644, 0o644]);
    expect(modes('su', 'plain')).toEqual([0o4755, 0o4755]);
    const process = romMachine(bytes).spawn();
    expect(process.open('/rom/su').inode).toBe(process.open('/rom/plain').inode);
  });

  test('K3: on ROM, names near the end of the image do not exist', () => {
    // The last entry starts less than 12 + 252 bytes before the end of the image.
    const tree = { later: directory({ last: file('') }) };
    const { bytes, placed } = buildRawImage(tree, { roundTo: 4 });
    const entry = placed.get('/later/last')!.entry;
    expect(bytes.length - entry).toBeLessThan(264);
    const machine = romMachine(bytes);
    const disk = new Uint8Array(PAGE_SIZE);
    disk.set(bytes);
    machine.mountCramfs('/disk', openImage(disk));
    const process = machine.spawn();
    expect(() => process.open('/rom/later/last')).toThrow('ENOENT');
    expect(process.open('/disk/later/last').inode.size).toBe(0);

    // With the window inside the image they are there.
    const padded = buildRawImage(tree, { roundTo: PAGE_SIZE });
    expect(romMachine(padded.bytes).spawn().open('/rom/later/last').inode.size).toBe(0);
  });

  test('K4: gid has 8 bits, uid 16, a size 24, a name 252 bytes', () => {
    const longest = 'n'.repeat(252);
    const { bytes } = buildRawImage({
      [longest]: file('x'),
      owned: file('y', { uid: 0xffff, gid: 0xff, inode: { size: 0xffffff } }),
    });
    const process = romMachine(bytes).spawn();
    expect(process.open(`/rom/${longest}`).inode.size).toBe(1);
    expect(() => process.open(`/rom/${longest}n`)).toThrow('ENOENT');
    expect(() => process.open(`/rom/${'n'.repeat(256)}`)).toThrow('ENAMETOOLONG');
    expect(process.open('/rom/owned').inode).toMatchObject({
      size: 0xffffff,
      raw: { uid: 0xffff, gid: 0xff },
    });
  });

  test('K5: a last page shared with other data is not mapped', () => {
    const machine = romMachine(basic, { faultAround: PAGE_SIZE });
    const process = machine.spawn();
    const shared = mapFile(process, '/rom/direct-5p-sharedtail', 5, PROT_READ);
    const padded = mapFile(process, '/rom/direct-7p-zerotail', 7, PROT_READ);
    expect(flagsAt(process, shared) & (VM_PFNMAP | VM_MIXEDMAP)).toBe(VM_MIXEDMAP);
    expect(flagsAt(process, padded) & (VM_PFNMAP | VM_MIXEDMAP)).toBe(VM_PFNMAP);
    expect(accountMachine(machine)).toMatchObject({ romPages: 4 + 7, pageCachePages: 0 });
    // Zeros follow the end of the file: the page comes from the page cache.
    const size = 16484;
    const inPage = size % PAGE_SIZE;
    const tail = loadAll(process, shared + 4 * PAGE_SIZE, PAGE_SIZE);
    expect(tail.subarray(inPage)).toEqual(ZEROS.subarray(inPage));
    expect(accountMachine(machine)).toMatchObject({ romPages: 4 + 7, pageCachePages: 1 });

    // A kernel without an MMU does not look there, and shows the other file's data.
    const nommu = romMachine(basic, { mmu: false }).spawn();
    const rom = mapFile(nommu, '/rom/direct-5p-sharedtail', 5, PROT_READ);
    expect(rom).toBe(0x22000000 + 73728);
    expect(loadAll(nommu, rom + size, PAGE_SIZE - inPage)).toEqual(
      Uint8Array.from(basic.subarray(73728 + size, 73728 + 5 * PAGE_SIZE)),
    );
  });

  test('K6: page table entries of XIP pages, once lost, do not come back', () => {
    const machine = romMachine(basic, { faultAround: PAGE_SIZE });
    const process = machine.spawn();
    const full = mapFile(process, '/rom/direct-7p-zerotail', 7, PROT_READ);
    expect(() => {
      process.madvise(full, PAGE_SIZE, 'dontneed');
    }).toThrow('EINVAL');

    const mixed = mapFile(process, '/rom/gap-6p', 6, PROT_READ);
    const before = loadAll(process, mixed, PAGE_SIZE);
    expect(accountMachine(machine)).toMatchObject({ romPages: 10, pageCachePages: 0 });
    process.madvise(mixed, PAGE_SIZE, 'dontneed');
    expect(pagemapEntries(mmOf(process), mixed, PAGE_SIZE)[0]).toBe(0n);
    expect(loadAll(process, mixed, PAGE_SIZE)).toEqual(before);
    expect(accountMachine(machine)).toMatchObject({ romPages: 9, pageCachePages: 1 });

    // fork copies them, as no fault in the child could make them.
    const child = machine.fork(process);
    expect(accountMachine(machine).processes[1]).toMatchObject({ pid: child.pid, romPages: 9 });
  });

  test('K7: overlayfs keeps XIP with an MMU and loses it without', () => {
    const machine = romMachine(basic);
    mountOverlay(machine);
    const process = machine.spawn();
    mapFile(process, '/ovl/direct-7p-zerotail', 7, PROT_READ | PROT_EXEC, { address: BASE });
    expect(flagsAt(process, BASE) & VM_PFNMAP).toBe(VM_PFNMAP);
    expect(mapsText(process.mm)).toMatch(
      /^40000000-40007000 r-xp 2200a000 .* \/ovl\/direct-7p-zerotail\n/,
    );
    expect(accountMachine(machine)).toMatchObject({ romPages: 7, ramBytes: 0 });

    const without = romMachine(basic, { mmu: false });
    mountOverlay(without);
    const nommu = without.spawn();
    mapFile(nommu, '/ovl/direct-7p-zerotail', 7, PROT_READ | PROT_EXEC);
    expect(accountMachine(without)).toMatchObject({
      romPages: 0,
      processes: [{ romPages: 0, anonymousPages: 7 }],
    });
    expect(() => mapFile(nommu, '/ovl/gap-6p', 2, PROT_READ, { flags: MAP_SHARED })).toThrow(
      'ENODEV',
    );
  });

  test('K8: block size = page size = what the image was built for', () => {
    const content = noise(4 * PAGE_SIZE);
    const tree = { f: file(content, { blocks: [D, D] }) };
    const { bytes } = buildRawImage(tree, { blockSize: 2 * PAGE_SIZE });
    const image = openImage(bytes, { blockSize: 8192 });
    expect(image.readFile(image.lookup('/f'))).toEqual(content);
    const machine = romMachine(bytes);
    machine.mountCramfs('/rom', image, ROM_ADDRESS);
    // There is a pointer per page, and a block per page: the second half of each is lost.
    const process = machine.spawn();
    const pages = new Uint8Array(2 * PAGE_SIZE);
    process.pread(process.open('/rom/f'), 0, pages);
    expect(pages.subarray(0, PAGE_SIZE)).toEqual(content.subarray(0, PAGE_SIZE));
    expect(pages.subarray(PAGE_SIZE)).toEqual(content.subarray(2 * PAGE_SIZE, 3 * PAGE_SIZE));
    mapFile(process, '/rom/f', 4, PROT_READ);
    expect(accountMachine(machine)).toMatchObject({ romPages: 1 });

    const other = buildRawImage({ f: file('content') }, { endianness: 'big' });
    expect(() => romMachine(other.bytes)).toThrow('EINVAL: wrong endianness');
  });

  test('K9: unknown flags are refused; flags of pointers count in any image', () => {
    const content = noise(2 * PAGE_SIZE + 1);
    const image = (flags: number) =>
      buildRawImage({ f: file(content, { blocks: [D, D, D] }) }, { flags }).bytes;
    expect(() => romMachine(image(0x1000))).toThrow('unsupported file system features');
    for (const flags of [CRAMFS_FLAG_FSID_VERSION_2, CRAMFS_FLAG_EXT_BLOCK_POINTERS | 1]) {
      expect(readAll(romMachine(image(flags)).spawn(), '/rom/f')).toEqual(content);
    }
  });

  test('K10: XIP needs flag 0x800, MTD and an address', () => {
    const content = noise(PAGE_SIZE);
    const mapped = (flags: number | undefined, onDisk: boolean): number => {
      const { bytes } = buildRawImage({ f: file(content, { blocks: [D] }) }, { flags });
      const machine = romMachine(bytes);
      if (onDisk) machine.mountCramfs('/rom', openImage(bytes));
      mapFile(machine.spawn(), '/rom/f', 1, PROT_READ);
      return accountMachine(machine).romPages;
    };
    expect(mapped(undefined, false)).toBe(1);
    expect(mapped(undefined, true)).toBe(0);
    expect(mapped(0x3, false)).toBe(0);
  });

  test('K11: only the first contiguous run of a mapping is direct', () => {
    const machine = romMachine(basic);
    const process = machine.spawn();
    mapFile(process, '/rom/gap-6p', 6, PROT_READ);
    expect(accountMachine(machine)).toMatchObject({ romPages: 3 });
    mapFile(process, '/rom/gap-6p', 3, PROT_READ, { pgoff: 3 });
    expect(accountMachine(machine)).toMatchObject({ romPages: 6 });
    mapFile(process, '/rom/compfirst-5p', 5, PROT_READ);
    expect(accountMachine(machine)).toMatchObject({ romPages: 6 });
  });

  test('K12: what has to be page aligned is the address on the bus', () => {
    const mapped = (path: string): number => {
      const machine = romMachine(basic);
      mapFile(machine.spawn(), path, 3, PROT_READ);
      return accountMachine(machine).romPages;
    };
    expect(mapped('/rom/unaligned2048-3p-exact')).toBe(0);
    expect(mapped('/rom/direct-8p-exact')).toBe(3);
  });

  test('K13: writable mappings are RAM; mprotect makes copies of ROM pages one by one', () => {
    const machine = romMachine(basic, { faultAround: PAGE_SIZE });
    const process = machine.spawn();
    const data = mapFile(process, '/rom/direct-7p-zerotail', 7, PROT_READ | PROT_WRITE);
    process.load(data);
    expect(accountMachine(machine)).toMatchObject({ romPages: 0, pageCachePages: 1 });
    const code = mapFile(process, '/rom/gap-6p', 3, PROT_READ);
    process.mprotect(code, 3 * PAGE_SIZE, PROT_READ | PROT_WRITE);
    process.store(code + PAGE_SIZE, 1);
    expect(accountMachine(machine)).toMatchObject({ romPages: 2, anonymousPages: 1 });
  });

  test('K14: without an MMU all of a mapping is direct or nothing', () => {
    const machine = romMachine(basic, { mmu: false });
    const process = machine.spawn();
    expect(mapFile(process, '/rom/gap-6p', 3, PROT_READ)).toBe(0x22000000 + 159744);
    expect(mapFile(process, '/rom/gap-6p', 6, PROT_READ)).toBeGreaterThanOrEqual(0x80000000);
    expect(mapFile(process, '/rom/unaligned8-4p', 4, PROT_READ) % PAGE_SIZE).toBe(8);
  });

  test('K15: read(2) copies to RAM, also what is mapped from ROM', () => {
    const machine = romMachine(basic);
    const process = machine.spawn();
    mapFile(process, '/rom/direct-7p-zerotail', 7, PROT_READ);
    expect(accountMachine(machine)).toMatchObject({ pageCachePages: 0, savedBytes: 7 * PAGE_SIZE });
    readAll(process, '/rom/direct-7p-zerotail');
    expect(accountMachine(machine)).toMatchObject({ pageCachePages: 7, savedBytes: 0 });
  });

  test('K16: names out of order hide others', () => {
    const { bytes } = buildRawImage([
      ['b', file('b')],
      ['a', file('a')],
      ['c', file('c')],
    ]);
    const process = romMachine(bytes).spawn();
    expect(() => process.open('/rom/a')).toThrow('ENOENT');
    expect(process.open('/rom/c').inode.size).toBe(1);
  });

  test('K17: a block longer than two pages is EIO, and SIGBUS for a mapping', () => {
    const content = text(2 * PAGE_SIZE);
    const { bytes } = buildRawImage({
      bad: file(content, { blocks: ['C', { kind: 'C', stored: noise(2 * PAGE_SIZE + 1) }] }),
    });
    const process = romMachine(bytes).spawn();
    const opened = process.open('/rom/bad');
    const into = new Uint8Array(2 * PAGE_SIZE);
    expect(process.pread(opened, 0, into)).toBe(PAGE_SIZE);
    expect(() => process.pread(opened, PAGE_SIZE, into)).toThrow('EIO');
    const at = mapFile(process, '/rom/bad', 2, PROT_READ);
    expect(() => process.load(at + PAGE_SIZE)).toThrow('SIGBUS');
  });

  test('K18: the image’s size must fit the flash partition', () => {
    const mounts = (options: RawImageOptions, romSize: number, offset = 0): (() => unknown) => {
      const { bytes } = buildRawImage({ f: file('content') }, options);
      const rom = new Uint8Array(offset + bytes.length);
      rom.set(bytes, offset);
      const roms = [{ address: ROM_ADDRESS, size: romSize, bytes: rom }];
      return () => new Machine({ roms }).mountCramfs('/', openImage(bytes), ROM_ADDRESS + offset);
    };
    expect(mounts({ size: 0x20000 }, 0x20000)).not.toThrow();
    expect(mounts({ size: 0x20001 }, 0x20000)).toThrow('EINVAL');
    expect(mounts({ size: 0x20000 }, 0x20000, PAGE_SIZE)).toThrow('EINVAL');
    // Without a size Linux needs 256 MiB of ROM; a disk may end anywhere.
    expect(mounts({ v1: true }, 0xfff0000)).toThrow('EINVAL');
    expect(mounts({ v1: true }, 0x10000000)).not.toThrow();
    const { bytes } = buildRawImage({ f: file('content') }, { v1: true });
    const machine = new Machine();
    machine.mountCramfs('/', openImage(bytes));
    expect(readAll(machine.spawn(), '/f')).toEqual(ascii('content'));
  });

  test('K19: the root directory is always readable by all', () => {
    const { bytes } = buildRawImage(
      { secret: directory({}, { mode: 0o700 }) },
      { root: { mode: 0o040700 } },
    );
    const process = romMachine(bytes).spawn();
    expect(process.open('/rom').inode.mode).toBe(0o040755);
    expect(process.open('/rom/secret').inode.mode).toBe(0o040700);
  });

  test('K20: a symlink has one block', () => {
    // 4095 bytes that lead to `f`, and more in the second block.
    const long = `${'./'.repeat(2047)}foo`;
    const { bytes } = buildRawImage({
      f: file('content'),
      long: symlink(long),
      short: symlink(long.slice(0, 4095)),
    });
    const process = romMachine(bytes).spawn();
    expect(process.open('/rom/short').path).toBe('/rom/f');
    expect(process.open('/rom/long').path).toBe('/rom/f');
  });

  test('K21: Linux does not check the CRC', () => {
    const { bytes } = buildRawImage({ f: file('content') }, { crc: 0x12345678 });
    expect(readAll(romMachine(bytes).spawn(), '/rom/f')).toEqual(ascii('content'));
  });

  test('K22: two regions that start at one address stop a kernel without an MMU', () => {
    const content = noise(2 * PAGE_SIZE + 100);
    const { bytes } = buildRawImage({
      a: file(content, { blocks: 'DDD' }),
      b: file(content, {
        blocks: [0, 1, 2].map((index) => ({ kind: 'D', sameAs: ['/a', index] }) as const),
      }),
    });
    const machine = romMachine(bytes, { mmu: false });
    const [first, second, third] = [machine.spawn(), machine.spawn(), machine.spawn()];
    mapFile(first, '/rom/a', 3, PROT_READ);
    // Part of a region shares it, and ranges that start elsewhere are regions of their own.
    mapFile(second, '/rom/a', 2, PROT_READ);
    expect(() => mapFile(third, '/rom/b', 3, PROT_READ)).toThrow(/add_nommu_region\(\): BUG/);
  });

  test('K23: the loader of FDPIC programs clears memory in ROM', () => {
    const run = (memsz: number): (() => void) => {
      const text = { flags: 5, offset: 0, filesz: 0x800, memsz };
      const program = elfFile(32, true, [text], noise(0x900));
      program[7] = 65;
      return () => void costOf({ '/p': xipFile(program) }, '/p', {}, { mmu: false });
    };
    expect(run(0x800)).not.toThrow();
    expect(run(0x801)).toThrow(/ROM/);
  });

  // outside-rom.test.ts tests all cases.
  test('K24: data outside the image is mapped; outside the ROM, it kills', () => {
    const beyond = (size: number): Uint8Array =>
      buildRawImage({ f: file(noise(size), { blocks: [{ kind: 'D', pointer: 0xc1000000 }] }) })
        .bytes;
    const process = romMachine(beyond(PAGE_SIZE)).spawn();
    const at = mapFile(process, '/rom/f', 1, PROT_READ);
    expect(() => process.load(at)).toThrow('SIGSEGV (ACCERR)');
    const other = romMachine(beyond(100)).spawn();
    expect(() => mapFile(other, '/rom/f', 1, PROT_READ)).toThrow('dies in mmap(2)');
  });

  test('K25: a size of 0 kills the kernel at the first read from ROM', () => {
    const { bytes } = buildRawImage({ f: file('content') }, { size: 0 });
    const process = romMachine(bytes).spawn();
    expect(() => process.open('/rom/f')).toThrow('the kernel dies at the first read');
    const small = romMachine(buildRawImage({ f: file('content') }, { size: 40 }).bytes).spawn();
    expect(() => small.open('/rom/f')).toThrow('ENOENT');
    const machine = new Machine();
    machine.mountCramfs('/', openImage(bytes));
    expect(readAll(machine.spawn(), '/f')).toEqual(ascii('content'));
  });

  test('K26: a block device ends with its last whole page', () => {
    const content = noise(3 * PAGE_SIZE);
    const { bytes, placed } = buildRawImage(
      {
        first: file('content'),
        long: file(content, { blocks: 'UUU' }),
        packed: file(text(PAGE_SIZE), { blocks: 'C' }),
      },
      { roundTo: 4 },
    );
    const onDisk = (size: number): Process => {
      const machine = new Machine();
      machine.mountCramfs('/', openImage(bytes.slice(0, size)));
      return machine.spawn();
    };
    // Cut in the middle of a page: bytes that are on the device, but not read.
    expect(placed.get('/long')!.blocks[0]!.start).toBeLessThan(PAGE_SIZE - 100);
    const cut = onDisk(2 * PAGE_SIZE + 600);
    const expected = content.slice();
    expected.fill(0, 2 * PAGE_SIZE - placed.get('/long')!.blocks[0]!.start);
    expect(readAll(cut, '/long')).toEqual(expected);
    const address = mapFile(cut, '/long', 3, PROT_READ);
    expect(loadAll(cut, address, 3 * PAGE_SIZE)).toEqual(expected);
    expect(readAll(cut, '/first')).toEqual(ascii('content'));
    // The pointers there are zeros.
    expect(() => readAll(cut, '/packed')).toThrow('EIO');
    expect(readAll(onDisk(bytes.length), '/long')).not.toEqual(content);

    const padded = new Uint8Array(Math.ceil(bytes.length / PAGE_SIZE) * PAGE_SIZE);
    padded.set(bytes);
    const machine = new Machine();
    machine.mountCramfs('/', openImage(padded));
    expect(readAll(machine.spawn(), '/long')).toEqual(content);
    expect(readAll(machine.spawn(), '/packed')).toEqual(text(PAGE_SIZE));

    // The superblock is in the first page, or nowhere. On ROM it does not matter.
    expect(() => onDisk(PAGE_SIZE - 4)).toThrow('EINVAL: wrong magic');
    expect(readAll(romMachine(bytes).spawn(), '/rom/packed')).toEqual(text(PAGE_SIZE));
  });

  test('K27: from a block device, what is read may be in RAM twice', () => {
    const content = noise(6 * PAGE_SIZE - 10);
    const { bytes } = buildRawImage({ f: file(content, { blocks: 'UUUUUU' }) });
    const machine = new Machine();
    machine.mountCramfs('/', openImage(bytes));
    expect(readAll(machine.spawn(), '/f')).toEqual(content);
    // All whole pages of the image, and those of the file.
    expect(nrBlockdevPages(machine)).toBe(Math.floor(bytes.length / PAGE_SIZE));
    expect(accountMachine(machine).pageCachePages).toBe(6);
    expect(machine.phys.used).toBe(nrBlockdevPages(machine) + 6);
    const rom = romMachine(bytes);
    expect(readAll(rom.spawn(), '/rom/f')).toEqual(content);
    expect(rom.phys.used).toBe(6);
  });

  test('K28: device nodes of an image open the flash of the board', () => {
    const { bytes } = buildRawImage({
      flash: special(0o060600, 31 << 8),
      character: special(0o020600, 90 << 8),
    });
    const process = romMachine(bytes).spawn();
    const flash = process.open('/rom/flash', { write: true });
    const content = new Uint8Array(bytes.length);
    expect(process.pread(flash, 0, content)).toBe(bytes.length);
    expect(content).toEqual(bytes);
    expect(() => process.pwrite(flash, 0, content)).toThrow('EPERM');
    const options = { file: flash };
    expect(() => process.mmap(PAGE_SIZE, PROT_WRITE, MAP_SHARED, options)).toThrow('EINVAL');
    expect(() => process.open('/rom/character', { write: true })).toThrow('EACCES');
  });

  // arm-arguments.test.ts tests all cases.
  test('K29: without an MMU, long arguments go over what is below a stack', () => {
    const text = { flags: 5, offset: 0, filesz: 0x800, memsz: 0x800 };
    const program = elfFile(
      32,
      true,
      [text, { type: 0x6474e551, flags: 6, offset: 0, filesz: 0, memsz: 0x4000 }],
      noise(0x900),
    );
    program[7] = 65;
    const run = (bytes: number): (() => void) => {
      const argv = ['/p', 'x'.repeat(bytes)];
      return () => void costOf({ '/p': xipFile(program) }, '/p', { argv }, { mmu: false });
    };
    expect(run(0x3000)).not.toThrow();
    expect(run(0x4000)).toThrow(/transfer_args_to_stack\(\): the arguments are longer/);
  });

  test('K30: on a noexec mount no text is mapped, in ROM or not', () => {
    for (const mmu of [true, false]) {
      const machine = romMachine(basic, { mmu });
      machine.remount('/rom', { noexec: true });
      const process = machine.spawn();
      const map = (prot: number) => () => mapFile(process, '/rom/direct-7p-zerotail', 7, prot);
      expect(map(PROT_READ | PROT_EXEC)).toThrow('EPERM');
      const at = map(PROT_READ)();
      expect(accountMachine(machine).romPages).toBe(7);
      if (!mmu) continue;
      expect(() => {
        process.mprotect(at, PAGE_SIZE, PROT_READ | PROT_EXEC);
      }).toThrow('EACCES');
      mountOverlay(machine);
      expect(mapFile(process, '/ovl/direct-7p-zerotail', 7, PROT_EXEC)).toBeGreaterThan(0);
    }
  });

  // arm-rooms.test.ts tests all cases.
  test('K31: without an MMU, loaders go beyond memory of odd programs', () => {
    const run = (memsz: number): (() => void) => {
      const text = { flags: 5, offset: 0, filesz: 0x800, memsz };
      const program = elfFile(32, true, [text], noise(0x900));
      program[7] = 65;
      return () => void costOf({ '/p': xipFile(program) }, '/p', {}, { mmu: false });
    };
    expect(run(0x800)).not.toThrow();
    expect(run(0x7ff)).toThrow(/more bytes in the file than in memory/);
  });

  // extent-kernels.test.ts, beside the file system, tests all cases of K32 and K33.
  const STICKY = {
    a: { mode: 0o101755, content: noise(PAGE_SIZE + 9, 1) },
    b: { mode: 0o101755, content: noise(PAGE_SIZE, 2) },
  };

  test('K32: the linear XIP patches map, and read, what follows a file', () => {
    const bytes = buildDialectImage(STICKY, { extent: stickyExtent });
    const machine = romMachine(bytes, { policy: 'linux-linear-xip' });
    const process = machine.spawn();
    mapFile(process, '/rom/a', 4, PROT_READ, { address: BASE, pgoff: 1 });
    expect(process.load(BASE + PAGE_SIZE)).toBe(noise(1, 2)[0]);
    expect(process.load(BASE + 3 * PAGE_SIZE)).toBe(0);
    expect(accountMachine(machine).romPages).toBe(2);
  });

  test('K33: ASXipFS maps a page when it is touched, and copies on write', () => {
    const bytes = buildDialectImage(STICKY, { flags: 0x803, extent: stickyExtent });
    const machine = romMachine(bytes, { policy: 'linux-asxipfs' });
    const process = machine.spawn();
    mapFile(process, '/rom/a', 3, PROT_READ | PROT_WRITE, { address: BASE });
    expect(accountMachine(machine)).toMatchObject({ romPages: 0, ramBytes: 0 });
    process.load(BASE);
    process.store(BASE + PAGE_SIZE, 1);
    expect(accountMachine(machine)).toMatchObject({ romPages: 1, ramBytes: PAGE_SIZE });
    expect(() => process.load(BASE + 2 * PAGE_SIZE)).toThrow('SIGBUS');
  });
});

function ascii(content: string): Uint8Array {
  return Uint8Array.from(content, (letter) => letter.charCodeAt(0));
}
