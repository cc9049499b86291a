import { filePageAt, MmuMemory, NommuMemory, type MemoryMap, type OpenFile } from 'xip-emu';
import type { Access } from '../../memory/user-memory.js';

/** How a page was used, and where it was then: bits. */
export const FETCHED = 1;
export const READ = 2;
export const WRITTEN = 4;
/** The page was used in ROM. */
export const IN_ROM = 8;
/** The page was used in RAM: the page cache, or a private copy. */
export const IN_RAM = 16;

const BITS: Readonly<Record<Access, number>> = { fetch: FETCHED, read: READ, write: WRITTEN };

/** The pages of a file that programs have used through mappings. */
export interface FileUse {
  /** Absolute, a byte string. */
  readonly path: string;
  /** The bits of each page of the file that was used. */
  readonly pages: ReadonlyMap<number, number>;
}

/** Memory without a file that processes have used. */
export interface AnonymousUse {
  /** `[heap]`, `[stack]`, or `anonymous`. */
  readonly name: string;
  /** The number of distinct pages, of all processes. */
  readonly pages: number;
  readonly written: number;
}

/** The place of a page in an area. */
interface Place {
  readonly file: OpenFile | undefined;
  readonly name: string;
  /** The page's number in the file, or in the address space. */
  readonly page: number;
}

/**
 * Records which pages programs use, as the processor asks for them: each page and kind of access at
 * least once.
 */
export class PageUse {
  private readonly pageSize: number;
  private readonly files = new Map<string, Map<number, number>>();
  private readonly anonymous = new Map<string, Map<string, number>>();
  private readonly romPlaces = new Set<number>();
  private readonly numbers = new WeakMap<MemoryMap, number>();
  private memories = 0;

  constructor(pageSize: number) {
    this.pageSize = pageSize;
  }

  /** The number of distinct pages of ROM that were used so far. */
  get romPages(): number {
    return this.romPlaces.size;
  }

  /** Records an access: an AccessObserver. */
  readonly observe = (mm: MemoryMap, address: number, access: Access): void => {
    const { file, name, page: nominal } = this.placeOf(mm, address);
    let bits = BITS[access];
    const pageStart = address - (address % this.pageSize);
    // Without an MMU, a mapping of a file need not start on a page boundary.
    const { backing, physical } = mm.pageAt(mm instanceof MmuMemory ? pageStart : address);
    let page = nominal;
    if (backing === 'rom') {
      bits |= IN_ROM;
      this.romPlaces.add(physical! - (physical! % this.pageSize));
      if (file !== undefined) page = filePageAt(file.inode, physical!) ?? nominal;
    } else {
      bits |= IN_RAM;
    }
    if (file === undefined)
      addBits(mapOf(this.anonymous, name), `${this.numberOf(mm)} ${page}`, bits);
    else addBits(mapOf(this.files, file.path), page, bits);
  };

  /** Returns the pages of files that were used, by path. */
  fileUses(): FileUse[] {
    return [...this.files]
      .map(([path, pages]) => ({ path, pages }))
      .sort((one, other) => (one.path < other.path ? -1 : 1));
  }

  anonymousUses(): AnonymousUse[] {
    return [...this.anonymous].map(([name, pages]) => {
      const written = [...pages.values()].filter((bits) => (bits & WRITTEN) !== 0).length;
      return { name, pages: pages.size, written };
    });
  }

  private numberOf(mm: MemoryMap): number {
    let number = this.numbers.get(mm);
    if (number === undefined) {
      number = this.memories;
      this.memories += 1;
      this.numbers.set(mm, number);
    }
    return number;
  }

  private placeOf(mm: MemoryMap, address: number): Place {
    const page = Math.floor(address / this.pageSize);
    if (mm instanceof MmuMemory) {
      const { mm: own } = mm;
      const vma = own.vmas.vmaAt(page);
      const file = vma?.file;
      if (vma !== undefined && file !== undefined) {
        return { file, name: '', page: vma.pgoff + page - vma.start };
      }
      const isHeap = address >= own.startBrk && address < own.brkEnd;
      const isStack =
        vma !== undefined &&
        own.startStack / this.pageSize >= vma.start &&
        own.startStack / this.pageSize < vma.end;
      return { file: undefined, name: isHeap ? '[heap]' : isStack ? '[stack]' : 'anonymous', page };
    }
    if (mm instanceof NommuMemory) {
      const vma = mm.mm.findVma(address);
      const file = vma?.vmFile;
      if (vma !== undefined && file !== undefined) {
        const offset = vma.vmPgoff * this.pageSize + address - vma.vmStart;
        return { file, name: '', page: Math.floor(offset / this.pageSize) };
      }
    }
    return { file: undefined, name: 'anonymous', page };
  }
}

function mapOf<K>(maps: Map<string, Map<K, number>>, key: string): Map<K, number> {
  let map = maps.get(key);
  if (map === undefined) {
    map = new Map();
    maps.set(key, map);
  }
  return map;
}

function addBits<K>(map: Map<K, number>, key: K, bits: number): void {
  map.set(key, (map.get(key) ?? 0) | bits);
}
