import {
  MAP_ANONYMOUS,
  MAP_PRIVATE,
  Machine,
  PROT_READ,
  PROT_WRITE,
  type MemoryMap,
  type OpenFile,
} from 'xip-emu';
import { openImage } from 'cramfs-reader';
import { PAGE, fileNames } from './images.js';

/** A number of operations and how long they took. */
export interface Timing {
  readonly operations: number;
  readonly seconds: number;
}

/** Names of the loops, as ../c/kernel-loops.c has them too. */
export const LOOP_NAMES = [
  'sequential-read',
  'random-read',
  'copy-on-write',
  'mmap-munmap',
  'mprotect-split',
] as const;
export type LoopName = (typeof LOOP_NAMES)[number];

// The same numbers are in ../c/kernel-loops.c.
export const FILE_PAGES = 4095;
const READ_MAPPINGS = 32;
const COW_MAPPINGS = 16;
const PAIRS = 100_000;
const PAIR_PAGES = 4;
const SPLITS = 30_000;
const SPLIT_ROUNDS = 4;

const RAM = 1 << 30;

/**
 * The loops of ../c/kernel-loops.c on the emulator: one process, and one file in the page cache of
 * a block-device mount, where every page is a fault (or a neighbour's) as for the C program.
 */
export class EmulatorLoops {
  private readonly mm: MemoryMap;
  private readonly file: OpenFile;

  /** @param image of which the first file has FILE_PAGES uncompressed pages. */
  constructor(image: Uint8Array) {
    const machine = new Machine({ ramSize: RAM });
    machine.mountCramfs('/', openImage(image));
    const process = machine.spawn();
    this.mm = process.mm;
    this.file = process.open(`/${fileNames(1)[0]!}`);
    process.pread(this.file, 0, new Uint8Array(FILE_PAGES * PAGE));
  }

  run(name: LoopName): Timing {
    switch (name) {
      case 'sequential-read':
        return this.readFaults(false);
      case 'random-read':
        return this.readFaults(true);
      case 'copy-on-write':
        return this.cowFaults();
      case 'mmap-munmap':
        return this.pairs();
      case 'mprotect-split':
        return this.splits();
    }
  }

  private readFaults(shuffled: boolean): Timing {
    const { mm } = this;
    const pages = READ_MAPPINGS * FILE_PAGES;
    const order = pageOrder(pages, shuffled);
    const maps = this.mapAll(READ_MAPPINGS, PROT_READ);
    const seconds = timed(() => {
      for (const at of order) {
        const map = Math.floor(at / FILE_PAGES);
        mm.load(maps[map]! + (at - map * FILE_PAGES) * PAGE);
      }
    });
    this.unmapAll(maps);
    return { operations: pages, seconds };
  }

  private cowFaults(): Timing {
    const { mm } = this;
    const maps = this.mapAll(COW_MAPPINGS, PROT_READ | PROT_WRITE);
    const seconds = timed(() => {
      for (const map of maps) {
        for (let page = 0; page < FILE_PAGES; page += 1) mm.store(map + page * PAGE, 1);
      }
    });
    this.unmapAll(maps);
    return { operations: COW_MAPPINGS * FILE_PAGES, seconds };
  }

  private pairs(): Timing {
    const seconds = timed(() => {
      for (let pair = 0; pair < PAIRS; pair += 1) {
        this.mm.munmap(this.map(PAIR_PAGES, PROT_READ), PAIR_PAGES * PAGE);
      }
    });
    return { operations: PAIRS, seconds };
  }

  private splits(): Timing {
    const { mm } = this;
    let seconds = 0;
    for (let round = 0; round < SPLIT_ROUNDS; round += 1) {
      const area = mapAnonymous(mm, 2 * SPLITS);
      seconds += timed(() => {
        for (let split = 0; split < SPLITS; split += 1) {
          mm.mprotect(area + 2 * split * PAGE, PAGE, PROT_READ);
        }
      });
      mm.munmap(area, 2 * SPLITS * PAGE);
    }
    return { operations: SPLIT_ROUNDS * SPLITS, seconds };
  }

  private map(pages: number, prot: number): number {
    const { file } = this;
    const length = pages * PAGE;
    return this.mm.mmap({ address: 0, length, prot, flags: MAP_PRIVATE, file, pgoff: 0 });
  }

  private mapAll(count: number, prot: number): number[] {
    return Array.from({ length: count }, () => this.map(FILE_PAGES, prot));
  }

  private unmapAll(maps: readonly number[]): void {
    for (const map of maps) this.mm.munmap(map, FILE_PAGES * PAGE);
  }
}

/** Private anonymous memory, readable and writable. @returns its address. */
export function mapAnonymous(mm: MemoryMap, pages: number): number {
  const flags = MAP_PRIVATE | MAP_ANONYMOUS;
  const prot = PROT_READ | PROT_WRITE;
  return mm.mmap({ address: 0, length: pages * PAGE, prot, flags, pgoff: 0 });
}

/** 0 … count-1, or the same shuffled: always in the same way. */
export function pageOrder(count: number, shuffled: boolean): Uint32Array {
  const order = Uint32Array.from({ length: count }, (_, index) => index);
  let state = 12345;
  for (let last = count - 1; shuffled && last > 0; last -= 1) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const other = Math.floor((state * (last + 1)) / 2 ** 32);
    const swap = order[last]!;
    order[last] = order[other]!;
    order[other] = swap;
  }
  return order;
}

/** Seconds that `work` takes. */
export function timed(work: () => void): number {
  const start = performance.now();
  work();
  return (performance.now() - start) / 1000;
}
