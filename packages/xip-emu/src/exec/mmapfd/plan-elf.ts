import { PT_LOAD, type ElfFile, type ElfSegment } from 'cramfs-elf';
import { SyscallError } from '../../errno.js';
import type { PageGeometry } from '../../units.js';
import { protOf } from '../elf-load.js';
import { MR_HDR_ELF, type MappingPlan, type PlannedMapping } from './plan.js';

/** Zeros that a program asks for in a segment of their own. */
const PT_SUNWBSS = 0x6ffffffa;

/**
 * The segments of an executable or a shared object. The first one of a shared object that has bytes
 * of the file is mapped from the file's start, so that it includes the ELF header, whatever address
 * that gives: the others keep their distance to it. Compare illumos'
 * uts/common/os/mmapobj.c:process_phdr(), calc_loadable().
 *
 * @throws SyscallError EINVAL if the segments cannot be mapped so.
 */
export function planElf(elf: ElfFile, geometry: PageGeometry): MappingPlan {
  const loads = elf.segments.filter(
    ({ type, memsz }) => (type === PT_LOAD || type === PT_SUNWBSS) && memsz > 0,
  );
  if (loads.length === 0) throw new SyscallError('EINVAL', 'nothing to map');
  const shared = elf.type === 'dyn';
  const header = loads.find(({ filesz }) => filesz > 0);
  const mappings = loads.map((load) =>
    planSegment(load, { isFirst: load === header, shared, geometry }),
  );
  checkOrder(mappings, geometry);
  return {
    fixed: !shared,
    alignment: Math.max(geometry.size, ...loads.map(({ align }) => powerOfTwo(align))),
    mappings,
    low32: elf.elfClass === 32,
    canBePadded: true,
    takesReservations: !shared,
  };
}

/** @throws SyscallError EINVAL. */
function checkOrder(mappings: readonly PlannedMapping[], geometry: PageGeometry): void {
  let end = -Infinity;
  for (const { vaddr, memsz } of mappings) {
    if (geometry.alignDown(vaddr) < end) {
      throw new SyscallError('EINVAL', 'segments overlap, or are not in order');
    }
    end = geometry.align(vaddr + memsz);
  }
}

interface ObjectFacts {
  /** The segment is the first with bytes of the file. */
  readonly isFirst: boolean;
  /** The file is a shared object. */
  readonly shared: boolean;
  readonly geometry: PageGeometry;
}

function planSegment(
  segment: ElfSegment,
  { isFirst, shared, geometry }: ObjectFacts,
): PlannedMapping {
  const { vaddr, memsz, filesz, offset, flags } = segment;
  const samePlace = (vaddr - offset) % geometry.size === 0;
  const extra = isFirst && shared && samePlace ? offset : 0;
  const hasHeader = isFirst && samePlace && offset - extra < geometry.size;
  return {
    vaddr: vaddr - extra,
    memsz: memsz + extra,
    filesz: filesz + extra,
    offset: offset - extra,
    prot: protOf(flags),
    flags: hasHeader ? MR_HDR_ELF : 0,
  };
}

/** What is not a power of two is rounded up to one. */
function powerOfTwo(align: number): number {
  return align <= 1 ? 1 : 2 ** Math.ceil(Math.log2(align));
}
