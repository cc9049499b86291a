import { SyscallError } from '../../errno.js';
import { nullVmOps } from '../../fs/devfs/super.js';
import {
  MAP_ANONYMOUS,
  MAP_FIXED,
  MAP_FIXED_NOREPLACE,
  MAP_NORESERVE,
  MAP_PRIVATE,
  PROT_NONE,
} from '../../memory-map.js';
import type { Mm } from '../../mm/mm-struct.js';
import type { MmuMemory } from '../../mm/mmu-memory.js';
import type { Address } from '../../units.js';
import type { OpenFile } from '../../vfs/file.js';
import type { MappingPlan, PlannedMapping } from './plan.js';

/** Where addresses of 32 bits end. */
const LOW32_LIMIT = 2 ** 32;

/** Addresses that belong to nobody else while the file is mapped. */
export interface AddressRange {
  /** What is added to the addresses of the file. */
  readonly bias: number;
  /** Frees what no mapping has taken. */
  finish(): void;
  /** Makes everything as it was. */
  giveBack(): void;
}

/** Room for all of them, at an address that fits the alignment of what is not padding. */
export function chooseAddresses(
  memory: MmuMemory,
  mappings: readonly PlannedMapping[],
  { alignment, low32 }: MappingPlan,
): AddressRange {
  const { geometry } = memory.mm;
  const start = geometry.alignDown(mappings[0]!.vaddr);
  const last = mappings.at(-1)!;
  const length = geometry.align(last.vaddr + last.memsz) - start;
  const room = length + alignment;
  const at = low32
    ? reserve(memory, {
        length: room,
        flags: MAP_FIXED_NOREPLACE,
        address: lowRoom(memory.mm, room),
      })
    : reserve(memory, { length: room, flags: 0, address: 0 });
  const bias = Math.ceil((at - start) / alignment) * alignment;
  const unmap = (from: Address, to: Address): void => {
    if (to > from) memory.munmap(from, to - from);
  };
  return {
    bias,
    finish() {
      let end = at;
      for (const { vaddr, memsz } of mappings) {
        unmap(end, bias + geometry.alignDown(vaddr));
        end = bias + geometry.align(vaddr + memsz);
      }
      unmap(end, at + room);
    },
    giveBack: () => {
      memory.munmap(at, room);
    },
  };
}

/** The highest free room below 4 GiB: _MAP_LOW32. @throws SyscallError ENOMEM. */
function lowRoom(mm: Mm, length: number): Address {
  const { geometry } = mm;
  const limit = Math.min(mm.host.build.mmapBase, LOW32_LIMIT / geometry.size);
  const found = mm.vmas.highestGap(mm.host.mmapMinVpn, limit, geometry.pagesOf(length));
  if (found === undefined) throw new SyscallError('ENOMEM', 'no room below 4 GiB');
  return found * geometry.size;
}

/**
 * The addresses that the file asks for, each range free or reserved by a mapping of /dev/null.
 *
 * @throws SyscallError EADDRINUSE, ENOMEM.
 */
export function takeAddresses(
  memory: MmuMemory,
  mappings: readonly PlannedMapping[],
  { takesReservations }: MappingPlan,
): AddressRange {
  const { mm } = memory;
  const { geometry } = mm;
  const ranges = mappings.map(({ vaddr, memsz }) => {
    const start = geometry.alignDown(vaddr);
    const length = geometry.align(vaddr + memsz) - start;
    if (start < 0) throw new SyscallError('ENOMEM', 'padding below address 0');
    const found = takesReservations ? reservation(mm, start, length) : undefined;
    if (found === undefined && !isFree(mm, start, length)) {
      throw new SyscallError('EADDRINUSE', `at 0x${start.toString(16)}`);
    }
    // Mapping over the area removes it; putting it back needs its file.
    found?.file.get();
    return { start, length, reserved: found };
  });
  const release = (): void => {
    for (const { reserved } of ranges) reserved?.file.put();
  };
  return {
    bias: 0,
    finish: release,
    giveBack() {
      for (const { start, length, reserved } of ranges) {
        memory.munmap(start, length);
        if (reserved === undefined) continue;
        reserve(memory, { address: start, length, flags: MAP_FIXED, ...reserved });
      }
      release();
    },
  };
}

function isFree(mm: Mm, start: Address, length: number): boolean {
  const { size: pageSize } = mm.geometry;
  const above = mm.vmas.findVma(start / pageSize);
  return above === undefined || above.start * pageSize >= start + length;
}

/** The file of a reservation that holds the whole range. */
function reservation(
  mm: Mm,
  start: Address,
  length: number,
): { readonly file: OpenFile; readonly pgoff: number } | undefined {
  const { size: pageSize } = mm.geometry;
  const vma = mm.vmas.vmaAt(start / pageSize);
  if (vma?.file === undefined || vma.ops !== nullVmOps) return undefined;
  if (vma.end * pageSize < start + length) return undefined;
  return { file: vma.file, pgoff: vma.pgoff + (start / pageSize - vma.start) };
}

interface Reservation {
  readonly address: Address;
  readonly length: number;
  /** MAP_FIXED, MAP_FIXED_NOREPLACE or 0. */
  readonly flags: number;
  /** /dev/null; undefined for anonymous memory. */
  readonly file?: OpenFile;
  readonly pgoff?: number;
}

/** Takes addresses that nothing backs. */
function reserve(memory: MmuMemory, { flags, file, pgoff = 0, ...range }: Reservation): Address {
  const kind = file === undefined ? MAP_ANONYMOUS | MAP_NORESERVE : 0;
  return memory.mmap({
    ...range,
    prot: PROT_NONE,
    flags: MAP_PRIVATE | kind | flags,
    file,
    pgoff,
  });
}
