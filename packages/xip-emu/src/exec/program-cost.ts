import { PF_W } from 'cramfs-elf';
import { UnmodelledError } from '../errno.js';
import type { Machine } from '../machine.js';
import { NommuMemory } from '../nommu/nommu-memory.js';
import { VM_MAPPED_COPY } from '../nommu/vm-flags.js';
import type { Process } from '../process.js';
import { isNommuSharedMapping } from '../vfs/vm-area.js';
import { accountMachine } from '../report/accounting.js';
import { areasIn, type AreaReport } from '../report/areas.js';
import { pagesIn } from '../report/pages.js';
import type { Address } from '../units.js';
import { pagesOfSegment, type LoadedObject, type LoadedSegment } from './loaded-object.js';
import { startProgram, type StartOptions, type StartedProgram } from './start-program.js';
import { touchAll } from './touch.js';

/** The most memory of a program, in bytes, that is counted page by page. */
const ADDRESS_LIMIT = 2 ** 32;

/** RAM in pages. */
export interface RamPages {
  /**
   * Pages that only the process has: private copies, bss; without an MMU all pages of its mappings.
   */
  readonly private: number;
  /** Pages in the page cache, shared by all processes; can be dropped when nobody uses them. */
  readonly cache: number;
}

/** What one segment has from ROM. */
export interface SegmentCost extends LoadedSegment {
  readonly writable: boolean;
  /** Pages of the file that the segment covers, from `pgoff` on. */
  readonly pgoff: number;
  readonly pages: number;
  readonly romPages: number;
}

export interface ObjectCost {
  readonly object: LoadedObject;
  readonly segments: readonly SegmentCost[];
  /** Distinct pages of ROM that are mapped. */
  readonly romPages: number;
  readonly atStart: RamPages;
  /** When every page has been used, and every writable one been written to. */
  readonly atMost: RamPages;
}

/** What a program costs. */
export interface ProgramCost {
  readonly started: StartedProgram;
  /** All of the process's areas at the start. */
  readonly areas: readonly AreaReport[];
  readonly objects: readonly ObjectCost[];
  /** What glibc's loader has mapped to keep its own data in, in pages. */
  readonly loaderMemory: { readonly atStart: number; readonly atMost: number };
  /** Arguments, environment and the stack below them; it grows with use, as the heap does. */
  readonly stack: RamPages;
  /** Files that are read, not mapped: symlinks, scripts, ld.so.cache. */
  readonly otherCache: number;
  readonly romPages: number;
  readonly atStart: RamPages;
  readonly atMost: RamPages;
  /**
   * Without an MMU: the part of the process's RAM with copies of text and read-only data that
   * further instances would share. Compare mm/nommu.c:do_mmap().
   */
  readonly sharedCopyPages: number;
  /** Page tables of the lowest level, not counted above; 0 without an MMU. */
  readonly pageTablePages: number;
}

/**
 * Starts a program on a machine that has nothing else in its RAM, and counts. The process ends.
 *
 * @throws SyscallError, the errno of execve(); UnmodelledError if it needs more memory than there
 * is.
 */
export function programCost(machine: Machine, path: string, options?: StartOptions): ProgramCost {
  const process = machine.spawn();
  try {
    const started = startProgram(process, path, options);
    const { objects } = started;
    checkSize(objects);
    const areas = areasIn(process.mm, 0, Infinity);
    const start = ramOf(machine, process, started);
    touchAll(process, started);
    const most = ramOf(machine, process, started);
    // Mainline Linux maps ROM at the start or never, other kernels map it when a page is touched.
    const segments = objects.map((object) =>
      object.segments.map((segment) => segmentCost(process, segment)),
    );
    const romPages = objects.map((object) => countPages(process, object).rom);
    return {
      started,
      areas,
      objects: objects.map((object, index) => ({
        object,
        segments: segments[index]!,
        romPages: romPages[index]!,
        atStart: start.objects[index]!,
        atMost: most.objects[index]!,
      })),
      loaderMemory: { atStart: start.loaderMemory, atMost: most.loaderMemory },
      stack: { private: start.otherPrivate, cache: 0 },
      otherCache: most.otherCache,
      romPages: romPages.reduce((sum, pages) => sum + pages, 0),
      atStart: start.total,
      atMost: most.total,
      sharedCopyPages: sharedCopyPages(process),
      pageTablePages: most.pageTablePages,
    };
  } finally {
    process.exit();
  }
}

function sharedCopyPages({ mm: memory, geometry }: Process): number {
  if (!(memory instanceof NommuMemory)) return 0;
  return [...memory.mm.vmas()]
    .filter(({ vmFlags }) => (vmFlags & VM_MAPPED_COPY) !== 0 && isNommuSharedMapping(vmFlags))
    .reduce((sum, { vmRegion }) => sum + geometry.pagesOf(vmRegion.vmTop - vmRegion.vmStart), 0);
}

/** @throws UnmodelledError for addresses without end, which a damaged file may ask for. */
function checkSize(objects: readonly LoadedObject[]): void {
  const sizes = objects.flatMap(({ segments }) => segments.map(({ memsz }) => memsz));
  const bytes = sizes.reduce((sum, size) => sum + size, 0);
  if (bytes > ADDRESS_LIMIT) throw new UnmodelledError(`a program of ${bytes} bytes of memory`);
}

interface MachineRam {
  readonly objects: readonly RamPages[];
  readonly loaderMemory: number;
  readonly otherPrivate: number;
  readonly otherCache: number;
  readonly total: RamPages;
  readonly pageTablePages: number;
}

function ramOf(
  machine: Machine,
  process: Process,
  { objects, loaderMemory: own }: StartedProgram,
): MachineRam {
  const { pageCachePages, anonymousPages, processes, files } = accountMachine(machine);
  const ram = objects.map((object) => ({
    private: countPages(process, object).private,
    cache: object.inode.mapping?.pages ?? 0,
  }));
  const loaderMemory = own.reduce(
    (sum, { address, length }) => sum + countRange(process, address, length),
    0,
  );
  const sum = (of: keyof RamPages): number => ram.reduce((total, pages) => total + pages[of], 0);
  return {
    objects: ram,
    loaderMemory,
    otherPrivate: anonymousPages - sum('private') - loaderMemory,
    // Counted by file: where files share pages, the machine has fewer.
    otherCache: files.reduce((pages, file) => pages + file.pageCachePages, 0) - sum('cache'),
    total: { private: anonymousPages, cache: pageCachePages },
    pageTablePages: processes[0]?.pageTablePages ?? 0,
  };
}

/** Distinct pages that back the segments of an object. */
function countPages(
  process: Process,
  { segments }: LoadedObject,
): { rom: number; private: number } {
  const { geometry } = process;
  const rom = new Set<number>();
  const own = new Set<number>();
  for (const segment of segments) {
    const { start, end } = pagesOfSegment(segment, geometry);
    for (const { backing, physical } of pagesIn(process.mm, start, end - start)) {
      if (physical === undefined) continue;
      if (backing === 'rom') rom.add(geometry.pageOf(physical));
      else if (backing === 'anonymous' || backing === 'copy') own.add(geometry.pageOf(physical));
    }
  }
  return { rom: rom.size, private: own.size };
}

/** Pages of RAM in whole pages of the process's own. */
function countRange({ mm }: Process, address: Address, length: number): number {
  return pagesIn(mm, address, length).filter(({ backing }) => backing === 'anonymous').length;
}

function segmentCost({ mm, geometry }: Process, segment: LoadedSegment): SegmentCost {
  const { address, vaddr, offset, filesz, memsz, flags } = segment;
  const inPage = vaddr % geometry.size;
  const pages = geometry.pagesOf(inPage + Math.min(filesz, memsz));
  const found = pagesIn(mm, address - inPage, pages * geometry.size);
  return {
    ...segment,
    writable: (flags & PF_W) !== 0,
    pgoff: geometry.pageOf(offset),
    pages,
    romPages: found.filter(({ backing }) => backing === 'rom').length,
  };
}
