import { describe, expect, test } from 'vitest';
import { mapFile, romMachine } from '../../../../test/helpers/emulator.js';
import { buildRawImage, file, noise, text } from '../../../../test/helpers/raw-image.js';
import { PROT_READ, PROT_WRITE } from '../memory-map.js';
import { pagesIn } from '../report/pages.js';
import { DEFAULT_PAGE_SIZE as PAGE_SIZE } from '../units.js';

const BAD = noise(2 * PAGE_SIZE + 1);
const { bytes } = buildRawImage({
  // Page 3 cannot be read.
  damaged: file(text(6 * PAGE_SIZE), {
    blocks: ['C', 'C', 'C', { kind: 'C', stored: BAD }, 'C', 'C'],
  }),
  f: file(text(40 * PAGE_SIZE + 10)),
});

describe('fault-around', () => {
  /** Which pages of a mapping at page `first` are there after a load of page `touched`. */
  function present(
    { first, pages, pgoff = 0 }: { first: number; pages: number; pgoff?: number },
    touched: number,
    access: 'load' | 'store' = 'load',
  ): number[] {
    const process = romMachine(bytes).spawn();
    const opened = process.open('/rom/f');
    process.pread(opened, 0, new Uint8Array(opened.inode.size));
    const prot = access === 'load' ? PROT_READ : PROT_READ | PROT_WRITE;
    const address = first * PAGE_SIZE;
    mapFile(process, '/rom/f', pages, prot, { address, pgoff });
    if (access === 'load') process.load(address + touched * PAGE_SIZE);
    else process.store(address + touched * PAGE_SIZE, 1);
    return pagesIn(process.mm, address, pages * PAGE_SIZE).flatMap(({ backing }, page) =>
      backing === 'none' ? [] : [page],
    );
  }

  function range(from: number, to: number): number[] {
    return Array.from({ length: to - from + 1 }, (_, at) => from + at);
  }

  test('the aligned 64 KiB of the address that was read', () => {
    expect(present({ first: 0x40000, pages: 40 }, 20)).toEqual(range(16, 31));
    expect(present({ first: 0x40005, pages: 40 }, 20)).toEqual(range(11, 26));
  });

  test('inside of the area, of the file, and of one page table', () => {
    expect(present({ first: 0x40003, pages: 6 }, 0)).toEqual(range(0, 5));
    expect(present({ first: 0x40000, pages: 48 }, 33)).toEqual(range(32, 40));
    expect(present({ first: 0x40000, pages: 20, pgoff: 30 }, 5)).toEqual(range(0, 10));
    // Page 0x40200 has its entry in the next table.
    expect(present({ first: 0x401fc, pages: 40 }, 1)).toEqual(range(0, 3));
  });

  test('not for a store, which wants a page of its own', () => {
    expect(present({ first: 0x40000, pages: 40 }, 20, 'store')).toEqual([20]);
  });

  test('only pages that are in the page cache already', () => {
    const process = romMachine(bytes).spawn();
    const opened = process.open('/rom/f');
    process.pread(opened, 2 * PAGE_SIZE, new Uint8Array(PAGE_SIZE));
    const at = mapFile(process, '/rom/f', 8, PROT_READ, { address: 0x40000000 });
    process.load(at + 5 * PAGE_SIZE);
    const backings = pagesIn(process.mm, at, 8 * PAGE_SIZE).map(({ backing }) => backing);
    expect(backings.map((backing) => backing === 'page-cache')).toEqual(
      [0, 0, 1, 0, 0, 1, 0, 0].map(Boolean),
    );
  });
});

describe('a page that cannot be read', () => {
  const open = () => {
    const process = romMachine(bytes).spawn();
    return { process, opened: process.open('/rom/damaged') };
  };

  test('ends a read that has something already, and fails one that has not', () => {
    const { process, opened } = open();
    const into = new Uint8Array(5 * PAGE_SIZE);
    expect(process.pread(opened, 100, into)).toBe(3 * PAGE_SIZE - 100);
    expect(into.subarray(0, 100)).toEqual(text(6 * PAGE_SIZE).subarray(100, 200));
    expect(() => process.pread(opened, 3 * PAGE_SIZE + 5, into)).toThrow('EIO');
    expect(process.pread(opened, 4 * PAGE_SIZE, into)).toBe(2 * PAGE_SIZE);
    expect(process.pread(opened, 6 * PAGE_SIZE, into)).toBe(0);
  });

  test('is SIGBUS, again and again, and nothing of it stays', () => {
    const { process, opened } = open();
    const at = mapFile(process, '/rom/damaged', 6, PROT_READ);
    for (let time = 0; time < 2; time += 1) {
      expect(() => process.load(at + 3 * PAGE_SIZE)).toThrow('SIGBUS (ADRERR)');
    }
    expect(process.load(at + 4 * PAGE_SIZE)).toBeGreaterThan(0);
    expect([...opened.mapping!.indexes()]).toEqual([4]);
  });
});
