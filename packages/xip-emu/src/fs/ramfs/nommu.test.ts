import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { errnoOf } from '../../../../../test/helpers/emulator.js';
import { KernelCorruption } from '../../kernel-corruption.js';
import { Machine } from '../../machine.js';
import { MAP_PRIVATE, MAP_SHARED, PROT_EXEC, PROT_READ, PROT_WRITE } from '../../memory-map.js';
import { NommuMemory } from '../../nommu/nommu-memory.js';
import { validateNommu } from '../../nommu/validate-nommu.js';
import type { Process } from '../../process.js';
import { DEFAULT_PAGE_SIZE as PAGE_SIZE } from '../../units.js';
import type { OpenFile } from '../../vfs/file.js';
import { RamfsSuperBlock } from './super.js';

const RW = PROT_READ | PROT_WRITE;

let machine: Machine;
let ramfs: RamfsSuperBlock;
let process: Process;
let other: Process;
let opened: OpenFile[];

beforeEach(() => {
  machine = new Machine({ mmu: false });
  ramfs = new RamfsSuperBlock(machine.phys, { nommu: machine.vmRegions });
  machine.mount('/tmp', ramfs);
  process = machine.spawn();
  other = machine.spawn();
  opened = [];
});

afterEach(() => {
  const memories = [process.mm, other.mm].filter((mm) => mm instanceof NommuMemory);
  validateNommu(
    machine.vmRegions,
    memories.map(({ mm }) => mm),
  );
});

/** Ends all, and finds no page left. */
function finish(): void {
  for (const file of opened) process.close(file);
  for (const each of [process, other]) each.exit();
  expect(machine.vmRegions.fileVmas.size).toBe(0);
  ramfs.evict();
  expect(machine.phys.used).toBe(0);
}

function create(name = 'f'): OpenFile {
  const file = process.open(`/tmp/${name}`, { write: true, create: true });
  opened.push(file);
  return file;
}

/** A file of pages whose bytes are their numbers, from 1 on. */
function written(pages: number, name = 'f'): OpenFile {
  const file = create(name);
  for (let page = 0; page < pages; page += 1) {
    process.pwrite(file, page * PAGE_SIZE, new Uint8Array(PAGE_SIZE).fill(page + 1));
  }
  return file;
}

function map(
  who: Process,
  file: OpenFile,
  pages: number,
  prot: number,
  type = MAP_SHARED,
  page = 0,
): number {
  return who.mmap(pages * PAGE_SIZE, prot, type, { file, offset: page * PAGE_SIZE });
}

function byteAt(file: OpenFile, at: number): number | undefined {
  const bytes = new Uint8Array(1);
  return process.pread(file, at, bytes) === 1 ? bytes[0] : undefined;
}

describe('maps of a file are its own pages', () => {
  test('an empty file that is made longer has its pages in a row: shared memory', () => {
    // Free pages, scattered.
    const holes = [written(1, 'a'), written(1, 'b'), written(1, 'c')];
    process.ftruncate(holes[1]!, 0);
    const file = create();
    process.ftruncate(file, 5 * PAGE_SIZE - 100);
    const at = map(process, file, 5, RW);
    expect(map(other, file, 3, RW, MAP_SHARED, 2)).toBe(at + 2 * PAGE_SIZE);
    process.store(at + 3 * PAGE_SIZE + 7, 0x5a);
    expect(other.load(at + 3 * PAGE_SIZE + 7)).toBe(0x5a);
    expect(byteAt(file, 3 * PAGE_SIZE + 7)).toBe(0x5a);
    process.pwrite(file, 9, Uint8Array.of(0xa5));
    expect(process.load(at + 9)).toBe(0xa5);
    expect(machine.vmRegions.ram.pagesAllocated, 'no copy').toBe(0);
    finish();
  });

  test('so are private ones that cannot be written; a writable one is a copy', () => {
    const file = written(3);
    const at = map(process, file, 2, PROT_READ | PROT_EXEC, MAP_PRIVATE, 1);
    process.pwrite(file, PAGE_SIZE, Uint8Array.of(77));
    expect(process.load(at)).toBe(77);
    const copy = map(process, file, 3, RW, MAP_PRIVATE);
    process.store(copy + PAGE_SIZE, 1);
    expect(process.load(at)).toBe(77);
    expect(machine.vmRegions.ram.pagesAllocated).toBe(3);
    finish();
  });

  test('pages that are not in a row: no shared map, and a private one is a copy', () => {
    const file = written(1);
    const between = written(1, 'between');
    process.pwrite(file, PAGE_SIZE, Uint8Array.of(2));
    expect(errnoOf(() => map(process, file, 2, PROT_READ))).toBe('ENODEV');
    expect(process.load(map(process, file, 2, PROT_READ, MAP_PRIVATE) + PAGE_SIZE)).toBe(2);
    expect(machine.vmRegions.ram.pagesAllocated).toBe(2);
    map(other, file, 1, RW);
    map(other, between, 1, RW);
    finish();
  });

  test('neither a hole nor the end of the file can be shared', () => {
    const file = written(1);
    process.ftruncate(file, 3 * PAGE_SIZE);
    expect(errnoOf(() => map(process, file, 2, RW))).toBe('ENODEV');
    expect(byteAt(file, PAGE_SIZE), 'now the page is there').toBe(0);
    map(process, file, 2, RW);
    expect(errnoOf(() => map(other, file, 2, RW, MAP_SHARED, 2))).toBe('ENODEV');
    finish();
  });

  test('the file is there as long as a map', () => {
    const at = map(process, written(2), 2, RW);
    process.unlink('/tmp/f');
    process.close(opened.pop()!);
    process.store(at + PAGE_SIZE, 9);
    expect(process.load(at + PAGE_SIZE)).toBe(9);
    process.munmap(at, 2 * PAGE_SIZE);
    expect(machine.phys.used).toBe(0);
    finish();
  });

  test('an open file that is not for writing', () => {
    written(1);
    const file = process.open('/tmp/f');
    opened.push(file);
    expect(errnoOf(() => map(process, file, 1, RW))).toBe('EACCES');
    map(process, file, 1, PROT_READ);
    finish();
  });
});

describe('truncation', () => {
  test('ends regions that are longer than what is left of the file', () => {
    const file = written(8);
    const whole = map(process, file, 8, RW);
    map(other, file, 2, RW);
    process.munmap(whole, 8 * PAGE_SIZE);
    process.ftruncate(file, 3 * PAGE_SIZE + 10);
    const [region] = [...machine.vmRegions.values()];
    expect(region!.vmEnd - region!.vmStart).toBe(3 * PAGE_SIZE + 10);
    // The region still has four pages, and so has the file.
    expect(map(process, file, 4, PROT_READ)).toBe(whole);
    expect(errnoOf(() => map(process, file, 5, PROT_READ))).toBe('ENODEV');
    finish();
  });

  test('a private map of freed pages, by a region that a smaller one has kept', () => {
    const file = written(8);
    const whole = map(process, file, 8, PROT_READ, MAP_PRIVATE);
    map(other, file, 2, PROT_READ, MAP_PRIVATE);
    process.munmap(whole, 8 * PAGE_SIZE);
    process.ftruncate(file, 3 * PAGE_SIZE);
    expect(map(process, file, 3, PROT_READ, MAP_PRIVATE)).toBe(whole);
    const third = machine.spawn();
    expect(() => map(third, file, 4, PROT_READ, MAP_PRIVATE)).toThrow(KernelCorruption);
    finish();
  });

  test('takes no page from a shared map, nor the rest of its last one', () => {
    const file = written(4);
    const at = map(process, file, 2, RW, MAP_SHARED, 1);
    for (const size of [0, PAGE_SIZE, 2 * PAGE_SIZE + 1, 3 * PAGE_SIZE - 1]) {
      expect(
        errnoOf(() => {
          process.ftruncate(file, size);
        }),
      ).toBe('ETXTBSY');
    }
    expect(process.fstat(file).size).toBe(4 * PAGE_SIZE);
    process.ftruncate(file, 3 * PAGE_SIZE);
    process.ftruncate(file, 9 * PAGE_SIZE);
    process.munmap(at, 2 * PAGE_SIZE);
    process.ftruncate(file, 0);
    expect(machine.phys.used).toBe(0);
    finish();
  });

  test('takes pages from a private map of them: the kernel does not look', () => {
    const file = written(4);
    const at = map(process, file, 2, PROT_READ, MAP_PRIVATE, 1);
    process.ftruncate(file, 3 * PAGE_SIZE);
    process.ftruncate(file, 2 * PAGE_SIZE + 1);
    expect(() => {
      process.ftruncate(file, 2 * PAGE_SIZE);
    }).toThrow(KernelCorruption);
    expect(process.load(at + PAGE_SIZE)).toBe(3);
  });

  test('copies keep what they have', () => {
    const file = written(2);
    const at = map(process, file, 2, RW, MAP_PRIVATE);
    process.ftruncate(file, 0);
    expect(process.load(at + PAGE_SIZE)).toBe(2);
    finish();
  });

  test('from nothing to more than the page allocator gives in a row: EFBIG', () => {
    const file = create();
    expect(
      errnoOf(() => {
        process.ftruncate(file, 4 * 2 ** 20 + 1);
      }),
    ).toBe('EFBIG');
    expect(process.fstat(file).size).toBe(0);
    process.ftruncate(file, 1);
    process.ftruncate(file, 4 * 2 ** 20 + 1);
    finish();
  });
});
