import { openImage } from 'cramfs-reader';
import { describe, expect, test } from 'vitest';
import { errnoOf } from '../../../../test/helpers/emulator.js';
import { buildRawImage, file, noise } from '../../../../test/helpers/raw-image.js';
import { DevSuperBlock } from '../fs/devfs/super.js';
import { KernelCorruption } from '../kernel-corruption.js';
import { Machine } from '../machine.js';
import { MAP_PRIVATE, MAP_SHARED, PROT_EXEC, PROT_READ, PROT_WRITE } from '../memory-map.js';
import type { Process } from '../process.js';
import { DEFAULT_PAGE_SIZE as PAGE_SIZE } from '../units.js';

/* Devices that are mapped without an MMU: what of the ROM itself, what as a copy, what not. */

const ROM = 0x20000000;
const SIZE = 32 * PAGE_SIZE;
const content = noise(3 * PAGE_SIZE);
const { bytes, placed } = buildRawImage({
  f: file(content, {
    blocks: ['D', 'D', 'D'].map(() => ({ kind: 'D', align: PAGE_SIZE }) as const),
  }),
});
/** Of the file's first page in the ROM. */
const filePage = placed.get('/f')!.blocks[0]!.start / PAGE_SIZE;

function spawn(count = 1): Process[] {
  const machine = new Machine({
    arch: 'arm',
    mmu: false,
    roms: [{ address: ROM, size: SIZE, bytes }],
  });
  machine.mountCramfs('/rom', openImage(bytes), ROM);
  machine.mount('/dev', new DevSuperBlock({ mapsNull: false }));
  return Array.from({ length: count }, () => machine.spawn());
}

function map(
  process: Process,
  path: string,
  { prot = PROT_READ, type = MAP_PRIVATE, page = 0, pages = 1 },
): number {
  const opened = process.open(path);
  try {
    return process.mmap(pages * PAGE_SIZE, prot, type, { file: opened, offset: page * PAGE_SIZE });
  } finally {
    process.close(opened);
  }
}

describe('/dev/mtdblock0, a block device', () => {
  test('is copied, up to its end and with zeros after it', () => {
    const [process] = spawn();
    for (const prot of [PROT_READ, PROT_READ | PROT_WRITE, PROT_READ | PROT_EXEC]) {
      const at = map(process!, '/dev/mtdblock0', { prot, page: filePage, pages: 2 });
      const seen = new Uint8Array(2 * PAGE_SIZE);
      expect(process!.loadRange(at, seen)).toEqual({ loaded: seen.length });
      expect(seen).toEqual(content.subarray(0, seen.length));
      expect(at < ROM || at >= ROM + SIZE).toBe(true);
      process!.munmap(at, 2 * PAGE_SIZE);
    }
    const end = map(process!, '/dev/mtdblock0', { page: SIZE / PAGE_SIZE - 1, pages: 3 });
    expect(process!.load(end + 2 * PAGE_SIZE)).toBe(0);
  });

  test('has no memory of its own to share', () => {
    const [process] = spawn();
    expect(errnoOf(() => map(process!, '/dev/mtdblock0', { type: MAP_SHARED }))).toBe('ENODEV');
  });
});

describe('/dev/mtd0, a character device', () => {
  test('is the ROM itself, for shared maps that do not write', () => {
    const [process] = spawn();
    const shared = { type: MAP_SHARED, page: filePage, pages: 3 };
    for (const prot of [PROT_READ, PROT_EXEC, PROT_READ | PROT_EXEC]) {
      const at = map(process!, '/dev/mtd0', { ...shared, prot });
      expect(at).toBe(ROM + filePage * PAGE_SIZE);
      expect(process!.load(at + 1)).toBe(content[1]);
      process!.munmap(at, 3 * PAGE_SIZE);
    }
    expect(errnoOf(() => map(process!, '/dev/mtd0', { ...shared, page: 30 }))).toBe('EINVAL');
  });

  test('private maps: EACCES, and EINVAL for the copy that the kernel cannot read', () => {
    const [process] = spawn();
    expect(errnoOf(() => map(process!, '/dev/mtd0', {}))).toBe('EACCES');
    const prot = PROT_READ | PROT_WRITE;
    expect(errnoOf(() => map(process!, '/dev/mtd0', { prot }))).toBe('EINVAL');
  });

  // Two inodes, one address: fact K22.
  test('and a file of the image at the same address stop the machine', () => {
    const [first, second] = spawn(2);
    expect(map(first!, '/rom/f', { pages: 3 })).toBe(ROM + filePage * PAGE_SIZE);
    const shared = { type: MAP_SHARED, page: filePage };
    expect(() => map(second!, '/dev/mtd0', shared)).toThrow(KernelCorruption);
    const [alone] = spawn();
    expect(map(alone!, '/dev/mtd0', { ...shared, page: filePage + 1 })).toBeGreaterThan(ROM);
  });
});

test('/dev/null, /dev/full: no mmap', () => {
  const [process] = spawn();
  for (const path of ['/dev/null', '/dev/full']) {
    expect(errnoOf(() => map(process!, path, {}))).toBe('ENODEV');
  }
});
