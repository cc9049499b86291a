import { PT_LOAD, type ElfFile, type ElfSegment } from 'cramfs-elf';
import { SyscallError } from '../../errno.js';
import { PAGE_SIZE, pageAlign, pageOf } from '../../units.js';
import { protOf } from '../elf-load.js';
import { MR_HDR_ELF, type MappingPlan, type PlannedMapping } from './plan.js';

/** Zeros that a program asks for in a segment of their own. */
const PT_SUNWBSS = 0x6ffffffa;

/**
 * The segments of an executable or a shared object. The first one of a shared object, which has to
 * be at address 0, is taken from the start of the file, so that the ELF header is mapped with it.
 *
 * @throws SyscallError EINVAL for what cannot be mapped so.
 */
export function planElf(elf: ElfFile): MappingPlan {
  const loads = elf.segments.filter(
    ({ type, memsz }) => (type === PT_LOAD || type === PT_SUNWBSS) && memsz > 0,
  );
  const [first] = loads;
  if (first === undefined) throw new SyscallError('EINVAL', 'nothing to map');
  const shared = elf.type === 'dyn';
  if (shared && first.vaddr >= PAGE_SIZE) {
    throw new SyscallError('EINVAL', 'the first segment is not at address 0');
  }
  let end = 0;
  let hasHeader = false;
  const mappings: PlannedMapping[] = [];
  for (const load of loads) {
    if (pageOf(load.vaddr) * PAGE_SIZE < end) {
      throw new SyscallError('EINVAL', 'segments overlap, or are not in order');
    }
    end = pageAlign(load.vaddr + load.memsz);
    const startsFile = !hasHeader && load.filesz > 0 && atStartOfFile(load);
    hasHeader ||= load.filesz > 0;
    mappings.push(planSegment(load, startsFile, shared));
  }
  return {
    fixed: !shared,
    alignment: Math.max(PAGE_SIZE, ...loads.map(({ align }) => powerOfTwo(align))),
    mappings,
    canBePadded: true,
    takesReservations: !shared,
  };
}

/** True if the page at which the segment starts is the first page of the file. */
function atStartOfFile({ vaddr, offset }: ElfSegment): boolean {
  return offset < PAGE_SIZE && vaddr % PAGE_SIZE === offset;
}

function planSegment(segment: ElfSegment, startsFile: boolean, shared: boolean): PlannedMapping {
  const { vaddr, memsz, filesz, offset, flags } = segment;
  const extra = startsFile && shared ? offset : 0;
  return {
    vaddr: vaddr - extra,
    memsz: memsz + extra,
    filesz: filesz + extra,
    offset: offset - extra,
    prot: protOf(flags),
    flags: startsFile ? MR_HDR_ELF : 0,
  };
}

/** An alignment that is none is rounded up. */
function powerOfTwo(align: number): number {
  return align <= 1 ? 1 : 2 ** Math.ceil(Math.log2(align));
}
