import { isElf, parseAout, type ElfFile } from 'cramfs-elf';
import { AccessFault, SyscallError } from '../../errno.js';
import {
  MAP_ANONYMOUS,
  MAP_FIXED,
  MAP_NORESERVE,
  MAP_PRIVATE,
  PROT_NONE,
  PROT_READ,
  PROT_WRITE,
} from '../../memory-map.js';
import { MmuMemory } from '../../mm/mmu-memory.js';
import type { Process } from '../../process.js';
import type { Address, PageGeometry } from '../../units.js';
import type { OpenFile } from '../../vfs/file.js';
import { BINPRM_BUF_SIZE, readElfHeaders, readProgram } from '../open-exec.js';
import { chooseAddresses, takeAddresses } from './addresses.js';
import { planAout } from './plan-aout.js';
import { planElf } from './plan-elf.js';
import { MR_HDR_ELF, MR_PADDING, type MappingPlan, type PlannedMapping } from './plan.js';

/** Map what the file says, not its bytes as they are. */
export const MMFD_INTERPRET = 0x20000;
/** Keep addresses free before the lowest and after the highest mapping. */
export const MMFD_PADDING = 0x10000;

export interface MmapfdOptions {
  /** Bytes of padding, for MMFD_PADDING; rounded up to pages. */
  readonly padding?: number | undefined;
  /** The process's data model: 32 or 64 bits. Default: whichever the file needs. */
  readonly dataModel?: 32 | 64 | undefined;
}

/** mmapfd_result_t: one mapping, to be unmapped by munmap(address, memorySize). */
export interface MmapfdResult {
  /** Address of the first page. */
  readonly address: Address;
  /** Bytes from the address to the last byte that can be used. */
  readonly memorySize: number;
  /** Bytes of the file. */
  readonly fileSize: number;
  /** Bytes from the address to the first byte that the file means. */
  readonly offset: number;
  /** PROT_*. */
  readonly prot: number;
  /** MR_PADDING, MR_HDR_ELF or MR_HDR_AOUT; 0 for what is none of them. */
  readonly flags: number;
}

/** E2BIG: there was no room for all results; nothing is mapped. */
export class TooFewElementsError extends SyscallError {
  /** How many there have to be. */
  readonly elements: number;

  constructor(elements: number) {
    super('E2BIG', `${elements} elements are needed`);
    this.elements = elements;
  }
}

/**
 * mmapfd(2) of Solaris, in its final form mmapobj(2): maps a whole file as one private read-only
 * mapping, or as its format says. Linux has no such system call.
 *
 * @param file open for reading.
 * @param flags MMFD_*.
 * @param elements how many results there is room for; {@link TooFewElementsError} says how many are needed.
 * @returns the mappings in the order of the file's headers, padding first and last.
 * @throws SyscallError: {@link TooFewElementsError}; EINVAL for what cannot be interpreted, and for
 * wrong flags; EADDRINUSE where something is mapped already; ENOTSUP for another data model; EACCES,
 * EBADF, ENODEV, ENOMEM; EFAULT where the file ends before its data; ENOSYS without an MMU, except
 * for a whole file without padding. Nothing is mapped then.
 */
export function mmapfd(
  process: Process,
  file: OpenFile,
  flags: number,
  elements: number,
  options: MmapfdOptions = {},
): MmapfdResult[] {
  const padding = checkArguments(file, flags, options);
  const plan =
    (flags & MMFD_INTERPRET) === 0
      ? flatPlan(file, { flags: 0, low32: options.dataModel === 32 })
      : interpret(file, options.dataModel);
  const pad = plan.canBePadded ? padding : 0;
  const needed = (plan.elements ?? plan.mappings.length) + (pad > 0 ? 2 : 0);
  if (elements < needed) throw new TooFewElementsError(needed);
  const memory = process.mm;
  if (!(memory instanceof MmuMemory)) return mapWithoutMmu(process, file, plan, flags);

  const mappings = padded(plan, pad, process.geometry);
  const area = plan.fixed
    ? takeAddresses(memory, mappings, plan)
    : chooseAddresses(memory, mappings, plan);
  try {
    const results = mappings.map((mapping) => mapOne(process, file, mapping, area.bias));
    area.finish();
    return results;
  } catch (error) {
    area.giveBack();
    if (error instanceof AccessFault) throw new SyscallError('EFAULT', error.message);
    throw error;
  }
}

/** @returns the padding in whole pages. @throws SyscallError. */
function checkArguments(file: OpenFile, flags: number, { padding }: MmapfdOptions): number {
  if (file.refCount <= 0) throw new SyscallError('EBADF');
  if ((flags & ~(MMFD_INTERPRET | MMFD_PADDING)) !== 0) {
    throw new SyscallError('EINVAL', 'unknown flags');
  }
  const wanted = (flags & MMFD_PADDING) !== 0;
  if (!wanted && padding !== undefined) throw new SyscallError('EINVAL', 'no MMFD_PADDING');
  if (wanted && padding === undefined)
    throw new SyscallError('EFAULT', 'MMFD_PADDING without the size of the padding');
  if (!file.readable) throw new SyscallError('EACCES', 'the file is not open for reading');
  if (file.fops.mmap === undefined || !file.inode.isRegular) {
    throw new SyscallError('ENODEV', 'not a file that can be mapped');
  }
  const bytes = file.inode.sb.geometry.align(padding ?? 0);
  if (!Number.isSafeInteger(bytes) || bytes < 0) throw new SyscallError('ENOMEM');
  return bytes;
}

/** The whole file as it is. */
function flatPlan(
  { inode }: OpenFile,
  { flags, low32 }: { readonly flags: number; readonly low32: boolean },
): MappingPlan {
  const { size } = inode;
  if (size === 0) throw new SyscallError('EINVAL', 'an empty file');
  const whole = { vaddr: 0, memsz: size, filesz: size, offset: 0, prot: PROT_READ, flags };
  return {
    fixed: false,
    alignment: inode.sb.geometry.size,
    mappings: [whole],
    low32,
    canBePadded: true,
    takesReservations: false,
  };
}

/** @throws SyscallError EINVAL for what is neither ELF nor a.out, ENOTSUP. */
function interpret(file: OpenFile, dataModel: 32 | 64 | undefined): MappingPlan {
  const head = readProgram(file, 0, BINPRM_BUF_SIZE);
  const fits = (bits: 32 | 64): void => {
    if (dataModel !== undefined && dataModel !== bits) {
      throw new SyscallError('ENOTSUP', `a file of ${bits} bits in a process of ${dataModel}`);
    }
  };
  if (isElf(head)) {
    const elf = readElfHeaders(file, head);
    if (elf === undefined) throw unreadable(head);
    fits(elf.elfClass);
    return elfPlan(file, elf);
  }
  const aout = parseAout(head);
  if (aout === undefined) throw new SyscallError('EINVAL', 'neither ELF nor a.out');
  fits(32);
  return planAout(aout, file.inode.sb.geometry);
}

function elfPlan(file: OpenFile, elf: ElfFile): MappingPlan {
  switch (elf.type) {
    case 'rel':
    case 'core':
      return flatPlan(file, { flags: MR_HDR_ELF, low32: elf.elfClass === 32 });
    case 'exec':
    case 'dyn':
      return planElf(elf, file.inode.sb.geometry);
    case 'none':
    case 'other':
      throw new SyscallError('EINVAL', 'an ELF file of an unknown type');
  }
}

/** mmapobj(2) has a separate error for program headers whose size is not aligned. */
function unreadable(head: Uint8Array): SyscallError {
  const wide = head[4] === 2;
  const entrySize = head[wide ? 54 : 42]! | head[wide ? 55 : 43]!;
  return entrySize % (wide ? 8 : 4) === 0
    ? new SyscallError('EINVAL', 'damaged ELF headers')
    : new SyscallError('ENOTSUP', 'e_phentsize is not aligned');
}

/** The mappings with padding before the first page and after the last. */
function padded(
  { mappings }: MappingPlan,
  pad: number,
  geometry: PageGeometry,
): readonly PlannedMapping[] {
  if (pad === 0) return mappings;
  const { vaddr } = mappings[0]!;
  const last = mappings.at(-1)!;
  const padding = (at: number): PlannedMapping => ({
    vaddr: at,
    memsz: pad,
    filesz: 0,
    offset: 0,
    prot: PROT_NONE,
    flags: MR_PADDING,
  });
  const start = geometry.alignDown(vaddr);
  return [padding(start - pad), ...mappings, padding(geometry.align(last.vaddr + last.memsz))];
}

/** Puts one mapping over addresses that are taken for it. */
function mapOne(
  process: Process,
  file: OpenFile,
  mapping: PlannedMapping,
  bias: number,
): MmapfdResult {
  const { vaddr, memsz, filesz, offset, prot, flags } = mapping;
  const { geometry } = process;
  const page = geometry.alignDown(vaddr);
  const inPage = vaddr - page;
  const address = bias + page;
  const fixed = MAP_PRIVATE | MAP_FIXED;
  const dataEnd = inPage + filesz;
  const fileEnd = filesz === 0 ? 0 : geometry.align(dataEnd);
  if (filesz > 0 && offset % geometry.size === inPage) {
    process.mmap(dataEnd, prot, fixed, { address, file, offset: offset - inPage });
    if (memsz > filesz) writing(process, address + dataEnd, fileEnd - dataEnd, prot, () => 0);
  } else if (filesz > 0) {
    // Data can only be copied if its offset in a page of memory differs from that in the file.
    process.mmap(dataEnd, prot, fixed | MAP_ANONYMOUS, { address });
    const content = readProgram(file, offset, filesz);
    if (content.length < filesz) throw new SyscallError('EFAULT', 'the file is too short');
    writing(process, address + inPage, filesz, prot, (at) => content[at]!);
  }
  const end = geometry.align(inPage + memsz);
  if (end > fileEnd) {
    const reserve = flags === MR_PADDING ? MAP_NORESERVE : 0;
    process.mmap(end - fileEnd, prot, fixed | MAP_ANONYMOUS | reserve, {
      address: address + fileEnd,
    });
  }
  return {
    address,
    memorySize: inPage + memsz,
    fileSize: filesz,
    offset: inPage,
    prot,
    flags,
  };
}

/** Writes to memory that the program itself need not be able to write to. */
function writing(
  process: Process,
  start: Address,
  length: number,
  prot: number,
  byteAt: (index: number) => number,
): void {
  if (length === 0) return;
  const { geometry } = process;
  const page = geometry.alignDown(start);
  const span = geometry.align(start + length) - page;
  const readOnly = (prot & PROT_WRITE) === 0;
  if (readOnly) process.mprotect(page, span, prot | PROT_WRITE);
  for (let at = 0; at < length; at += 1) process.store(start + at, byteAt(at));
  if (readOnly) process.mprotect(page, span, prot);
}

/** Where the kernel cannot be told an address, only a file as it is can be mapped. */
function mapWithoutMmu(
  process: Process,
  file: OpenFile,
  { mappings }: MappingPlan,
  flags: number,
): MmapfdResult[] {
  const [whole] = mappings;
  if (whole === undefined || (flags & MMFD_PADDING) !== 0 || (flags & MMFD_INTERPRET) !== 0) {
    throw new SyscallError('ENOSYS', 'addresses cannot be chosen without an MMU');
  }
  const { memsz, filesz, prot } = whole;
  const address = process.mmap(memsz, prot, MAP_PRIVATE, { file });
  return [{ address, memorySize: memsz, fileSize: filesz, offset: 0, prot, flags: 0 }];
}
