import {
  MAP_ANONYMOUS,
  MAP_FIXED,
  MAP_PRIVATE,
  PROT_NONE,
  PROT_READ,
  PROT_WRITE,
} from '../../memory-map.js';
import type { Process } from '../../process.js';
import type { Address, PageGeometry } from '../../units.js';

const UNIT = 16;
/** IB: the bytes after each block. */
const TRAILER = 4;
const MMAP_THRESHOLD = 131052;
/** The page size that calloc() assumes. */
const CLEARED_PAGE = 4096;
/** size_classes, in units; the first nine have that many units each. */
const SIZE_CLASSES = [
  ...[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 15, 18, 20, 25, 31, 36, 42, 50, 63, 72, 84, 102, 127],
  ...[146, 170, 204, 255, 292, 340, 409, 511, 584, 682, 818, 1023, 1169, 1364, 1637, 2047],
  ...[2340, 2730, 3276, 4095, 4680, 5460, 6552, 8191],
] as const;
/** Classes below this one. */
const COARSE = 32;
/** Blocks of the first group of a class: med_cnt_tab without its factors of two. */
const SLOTS = [7, 3, 5, 1] as const;
/** Sizes of every fourth class, the largest first, in units: src/malloc/mallocng/malloc.c. */
const DONATED_CLASSES = SIZE_CLASSES.filter((_size, index) => index % 4 === 3).toReversed();
/** struct meta_area: 4096 bytes at such an address. */
const META_AREA = 4096;
/** Bytes of struct meta, and of the header of its area. */
const META = { 4: 24, 8: 40 } as const;
const META_HEADER = { 4: 16, 8: 24 } as const;

/**
 * The memory that musl's malloc (mallocng, since 1.2.1) takes for its own records while the loader
 * runs: pages at the start of the heap, and an inaccessible one below them. Compare
 * src/malloc/mallocng/meta.h, malloc.c:alloc_meta(), donate.c:donate().
 */
export class MuslMalloc {
  private readonly process: Process;
  private readonly perArea: number;
  private isStarted = false;
  private areas = 0;
  private records = 0;

  constructor(process: Process, wordBytes: 4 | 8) {
    this.process = process;
    this.perArea = Math.floor((META_AREA - META_HEADER[wordBytes]) / META[wordBytes]);
  }

  /**
   * Turns memory that the allocator may use into slots, each with a record. The memory was cleared
   * before.
   */
  donate(start: number, end: number): void {
    let left = Math.floor(end / UNIT) - Math.ceil(start / UNIT);
    for (const units of DONATED_CLASSES) {
      if (left < units + 1) continue;
      this.record();
      left -= units + 1;
    }
  }

  /**
   * calloc(3) of a large block, which gets a mapping.
   *
   * @returns the block; undefined if it is so small that it fits what was donated.
   * @throws SyscallError of mmap(2).
   */
  allocateZeros(bytes: number): Address | undefined {
    const { process } = this;
    const { geometry } = process;
    const group = mappedGroup(bytes, geometry);
    if (group === undefined) return undefined;
    this.record();
    const protection = PROT_READ | PROT_WRITE;
    const start = process.mmap(group.length, protection, MAP_PRIVATE | MAP_ANONYMOUS);
    // enframe() moves the first block by a unit if there is room, and notes its size in front and at its end.
    const stride = group.isSingle ? group.length - UNIT : group.slotBytes;
    const block = start + (stride - TRAILER - bytes >= UNIT ? 2 : 1) * UNIT;
    for (const at of [start, block + bytes, start + UNIT + stride - TRAILER]) process.store(at, 0);
    // A mapping smaller than the class holds one block, and is zero already: __malloc_allzerop().
    if (group.length - UNIT >= group.slotBytes) this.clear(block, bytes);
    return block;
  }

  /** Whole pages are only read if they are zero: src/malloc/calloc.c:mal0_clear(). */
  private clear(block: Address, bytes: number): void {
    const { process } = this;
    let end = block + bytes;
    if (bytes >= CLEARED_PAGE && end % CLEARED_PAGE > 0) {
      process.store(end - 1, 0);
      end -= end % CLEARED_PAGE;
    }
    for (; end - block >= CLEARED_PAGE; end -= CLEARED_PAGE) process.load(end - 1);
    if (end > block) process.store(block, 0);
    if (end > block) process.store(end - 1, 0);
  }

  /** alloc_meta() */
  private record(): void {
    if (this.records === 0) this.area();
    this.records -= 1;
  }

  private area(): void {
    const { process } = this;
    const { size: pageSize } = process.geometry;
    if (this.areas === 0) {
      const end = process.mm.brk(0);
      const guard = this.isStarted ? 0 : pageSize;
      if (process.mm.brk(end + guard + pageSize) !== end + guard + pageSize) return;
      if (!this.isStarted) {
        const flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED;
        process.mmap(pageSize, PROT_NONE, flags, { address: end });
      }
      this.isStarted = true;
      this.areas = pageSize / META_AREA;
    }
    process.store(process.mm.brk(0) - this.areas * META_AREA, 0);
    this.areas -= 1;
    this.records = this.perArea;
  }
}

/** A mapping for blocks of one size class. */
interface MappedGroup {
  readonly length: number;
  /** It has one block, whatever the class. */
  readonly isSingle: boolean;
  readonly slotBytes: number;
}

/**
 * The first group of a block's size class; undefined if it is so small that it becomes part of another
 * block. Compare src/malloc/mallocng/malloc.c: malloc(), alloc_group().
 */
function mappedGroup(bytes: number, geometry: PageGeometry): MappedGroup | undefined {
  const alone = geometry.align(bytes + TRAILER + UNIT);
  if (bytes >= MMAP_THRESHOLD) return { length: alone, isSingle: true, slotBytes: Infinity };
  const units = Math.ceil((bytes + TRAILER) / UNIT);
  const exact = SIZE_CLASSES.findIndex((size) => size >= units);
  // At first only every second small class is used.
  const sizeClass = exact < COARSE && exact % 2 === 0 ? exact + 1 : exact;
  const slotBytes = SIZE_CLASSES[sizeClass]! * UNIT;
  const place = sizeClass % SLOTS.length;
  let slots: number = SLOTS[place]!;
  while (slots * slotBytes >= 65536 * UNIT) slots = Math.floor(slots / 2);
  if (slots === 1 && slotBytes + UNIT <= geometry.size / 2) slots = 2;
  if (slots * slotBytes + UNIT <= geometry.size / 2) return undefined;
  const pages = (slots * slotBytes) / geometry.size;
  if (place === 1 && pages > 8) slots = 2;
  else if (place === 2 && pages > 4) slots = 3;
  else if (place === 0 && pages > 8) slots = 3;
  else if (place === 0 && pages > 2) slots = 5;
  const length = geometry.align(slots * slotBytes + UNIT);
  const isSingle = alone < slotBytes + UNIT || alone >= 4 * geometry.size;
  return { length: isSingle ? alone : length, isSingle, slotBytes };
}
