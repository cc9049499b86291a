import {
  PF_R,
  PF_W,
  PF_X,
  PT_GNU_STACK,
  PT_INTERP,
  PT_LOAD,
  type ElfFile,
  type ElfSegment,
} from 'cramfs-elf';
import { bytesToName } from 'cramfs-format';
import type { Architecture } from '../arch/architecture.js';
import { elfCheckArch } from '../arch/kernel-build.js';
import { AccessFault, SyscallError } from '../errno.js';
import {
  MAP_FIXED,
  MAP_FIXED_NOREPLACE,
  MAP_PRIVATE,
  PROT_EXEC,
  PROT_READ,
  PROT_WRITE,
} from '../memory-map.js';
import { mapBrk } from '../mm/brk.js';
import type { Mm } from '../mm/mm-struct.js';
import { setupAdditionalPages } from '../mm/special-mapping.js';
import type { Process } from '../process.js';
import { PAGE_SIZE, pageAlign, pageOf, pagesOf, type Address, type Vpn } from '../units.js';
import type { OpenFile } from '../vfs/file.js';
import { checkArguments, pushStrings, pushTables, type ExecArguments } from './arguments.js';
import { movedSegments, type MappedFile } from './loaded-object.js';
import { BINPRM_BUF_SIZE, openExec, readElfHeaders, readProgram } from './open-exec.js';
import { pastPointOfNoReturn } from './point-of-no-return.js';

/** A program in memory, before its first instruction. Places are pages. */
export interface ElfProgram {
  /** Where the file's address 0 is. */
  readonly base: Vpn;
  /** True if the kernel chose the base. */
  readonly relocated: boolean;
  readonly start: Vpn;
  readonly end: Vpn;
  /** First instruction of the program, or of its interpreter. */
  readonly entry: Address;
  readonly mapped: MappedFile;
  /** What PT_INTERP asks for: the dynamic loader. */
  readonly interpreter: ElfProgram | undefined;
}

/**
 * Replaces the memory of a process with an MMU by an ELF program. Code is not run. Files are taken
 * to be of the machine's architecture.
 *
 * @param path absolute, a byte string.
 * @throws SyscallError, the errno of execve(); ExecKilled if it kills the process. Compare
 * fs/binfmt_elf.c:load_elf_binary().
 */
export function execElf(
  process: Process,
  mm: Mm,
  path: string,
  args: ExecArguments = { argv: [path], envp: [] },
): ElfProgram {
  const file = openExec(process, path);
  let interpreter: OpenFile | undefined;
  try {
    const { arch } = mm.host.build;
    const elf = readHeaders(file, arch);
    interpreter = openInterpreter(process, file, elf);
    const loaderElf = interpreter && readHeaders(interpreter, arch);
    checkArguments(path, args, arch.pointerSize);
    mm.exit();
    mm.host.trace.sink?.({ type: 'exec', pid: mm.pid, path });
    return pastPointOfNoReturn(() => {
      const executableStack = stackFlag(elf);
      mm.readImpliesExec = executableStack === undefined && arch.elf.noStackHeaderImpliesExec;
      const strings = pushStrings(mm, path, args, executableStack ?? mm.readImpliesExec);
      const role = interpreter === undefined ? 'program alone' : 'program with interpreter';
      const program = loadProgram(mm, file, elf, role);
      mm.startBrk = program.end * PAGE_SIZE;
      mm.brkEnd = mm.startBrk;
      const loader = loaderElf && loadProgram(mm, interpreter!, loaderElf, 'interpreter');
      setupAdditionalPages(mm);
      mm.startStack = pushTables(mm, strings, args);
      return { ...program, entry: (loader ?? program).entry, interpreter: loader };
    });
  } finally {
    interpreter?.put();
    process.close(file);
  }
}

function readHeaders(file: OpenFile, arch: Architecture): ElfFile {
  const elf = readElfHeaders(file, readProgram(file, 0, BINPRM_BUF_SIZE));
  if (elf === undefined || (elf.type !== 'exec' && elf.type !== 'dyn')) {
    throw new SyscallError('ENOEXEC', 'not a program');
  }
  if (!elfCheckArch(arch, elf)) {
    throw new SyscallError('ENOEXEC', `not a program for ${arch.name}`);
  }
  return elf;
}

/** Whether PT_GNU_STACK, the last one, asks for an executable stack; undefined: there is none. */
function stackFlag({ segments }: ElfFile): boolean | undefined {
  const header = segments.findLast(({ type }) => type === PT_GNU_STACK);
  return header && (header.flags & PF_X) !== 0;
}

function openInterpreter(
  process: Process,
  file: OpenFile,
  { segments }: ElfFile,
): OpenFile | undefined {
  const segment = segments.find(({ type }) => type === PT_INTERP);
  if (segment === undefined) return undefined;
  const { filesz, offset } = segment;
  if (filesz < 2 || filesz > PAGE_SIZE) throw new SyscallError('ENOEXEC', 'bad PT_INTERP');
  const name = readProgram(file, offset, filesz);
  if (name.at(-1) !== 0) throw new SyscallError('ENOEXEC', 'bad PT_INTERP');
  return openExec(process, bytesToName(name.subarray(0, name.indexOf(0))));
}

/** What is loaded decides where, if it can be anywhere. */
type Role = 'program with interpreter' | 'program alone' | 'interpreter';

/** Maps the segments of a program or an interpreter. */
function loadProgram(mm: Mm, file: OpenFile, elf: ElfFile, role: Role): ElfProgram {
  const loads = elf.segments.filter(({ type }) => type === PT_LOAD);
  const [first] = loads;
  if (first === undefined) throw new SyscallError('ENOEXEC', 'nothing to load');
  const relocated = elf.type === 'dyn';
  let bias = 0;
  for (const segment of loads) {
    if (segment !== first) {
      loadSegment(mm, file, segment, bias, MAP_PRIVATE | MAP_FIXED, 0);
    } else if (!relocated) {
      loadSegment(mm, file, segment, 0, MAP_PRIVATE | MAP_FIXED_NOREPLACE, 0);
    } else {
      // The first mapping takes the room of all of them, so that the rest finds its place.
      const total = totalMappingSize(loads);
      const place = role === 'interpreter' ? 0 : alignedPlace(mm, file, loads, role, total);
      const fixed = place === 0 ? 0 : MAP_FIXED_NOREPLACE;
      const wanted = pageOf(place - segment.vaddr) * PAGE_SIZE;
      const at = loadSegment(mm, file, segment, wanted, MAP_PRIVATE | fixed, total);
      bias = at - pageOf(segment.vaddr) * PAGE_SIZE;
    }
    checkSize(
      segment,
      role === 'interpreter' ? { bias, code: 'ENOMEM' } : { bias: 0, code: 'EINVAL' },
      mm,
    );
  }
  const top = Math.max(...loads.map(({ vaddr, memsz }) => vaddr + memsz));
  return {
    base: bias / PAGE_SIZE,
    relocated,
    start: pageOf(bias + first.vaddr),
    end: pagesOf(bias + top),
    entry: bias + elf.entry,
    mapped: { path: file.path, inode: file.inode, elf, segments: movedSegments(loads, bias) },
    interpreter: undefined,
  };
}

/**
 * Whether a segment that has been mapped is one at all. Compare load_elf_binary(), which leaves the
 * bias out, and load_elf_interp() of fs/binfmt_elf.c.
 */
function checkSize(
  { vaddr, filesz, memsz }: ElfSegment,
  { bias, code }: { bias: number; code: 'EINVAL' | 'ENOMEM' },
  { taskSize }: Mm,
): void {
  const limit = taskSize * PAGE_SIZE;
  const at = bias + vaddr;
  if (filesz > memsz) throw new SyscallError(code, 'a segment has more in the file than in memory');
  if (at >= limit || memsz > limit - at) {
    throw new SyscallError(code, 'a segment ends behind the address space');
  }
}

/**
 * Where a program goes that can be anywhere, by the largest alignment of its segments; 0 = wherever
 * there is room. A program without interpreter is mapped once to see where that is. Compare
 * fs/binfmt_elf.c:load_elf_binary(), maximum_alignment().
 */
function alignedPlace(
  mm: Mm,
  file: OpenFile,
  loads: readonly ElfSegment[],
  role: Role,
  total: number,
): Address {
  const alignments = loads.map(({ align }) => align).filter(isPowerOfTwo);
  const alignment = Math.max(...alignments, PAGE_SIZE);
  let place = mm.host.build.etDynBase;
  if (role === 'program alone') {
    if (alignment === PAGE_SIZE) return 0;
    const [first] = loads;
    place = loadSegment(mm, file, first!, -pageOf(first!.vaddr) * PAGE_SIZE, MAP_PRIVATE, total);
    mm.munmap(place, total);
  }
  return place - (place % alignment);
}

function isPowerOfTwo(value: number): boolean {
  return value > 0 && Number.isInteger(Math.log2(value));
}

/** Compare fs/binfmt_elf.c:total_mapping_size(). */
function totalMappingSize(loads: readonly ElfSegment[]): number {
  const low = Math.min(...loads.map(({ vaddr }) => pageOf(vaddr) * PAGE_SIZE));
  return Math.max(...loads.map(({ vaddr, memsz }) => vaddr + memsz)) - low;
}

/**
 * One segment: its pages of the file, the rest of the last one cleared, and anonymous memory
 * behind. Compare fs/binfmt_elf.c:elf_load().
 *
 * @param total bytes that the first segment reserves for all; 0 for the others.
 * @returns the address of its first page.
 */
function loadSegment(
  mm: Mm,
  file: OpenFile,
  segment: ElfSegment,
  bias: number,
  mapFlags: number,
  total: number,
): Address {
  const { vaddr, filesz, memsz, flags } = segment;
  const inPage = vaddr % PAGE_SIZE;
  const prot = protOf(flags);
  let at = bias + vaddr - inPage;
  if (filesz > 0) {
    at = mapFile(mm, file, segment, at, { prot, mapFlags, total });
    if (memsz > filesz) clearTail(mm, at + inPage + filesz, (prot & PROT_WRITE) !== 0);
  }
  if (memsz > filesz) {
    const start = filesz > 0 ? pageAlign(at + inPage + filesz) : at;
    mapBrk(mm, start, pageAlign(at + inPage + memsz) - start, (prot & PROT_EXEC) !== 0);
  }
  return at;
}

/** Compare fs/binfmt_elf.c:elf_map(). */
function mapFile(
  mm: Mm,
  file: OpenFile,
  { vaddr, offset, filesz }: ElfSegment,
  address: Address,
  { prot, mapFlags, total }: { prot: number; mapFlags: number; total: number },
): Address {
  const inPage = vaddr % PAGE_SIZE;
  const size = pageAlign(filesz + inPage);
  const position = offset - inPage;
  if (position < 0 || position % PAGE_SIZE !== 0) throw new SyscallError('EINVAL');
  const length = total === 0 ? size : pageAlign(total);
  const pgoff = position / PAGE_SIZE;
  const at = mm.mmap({ address: Math.max(address, 0), length, prot, flags: mapFlags, file, pgoff });
  if (length > size) mm.munmap(at + size, length - size);
  return at;
}

/**
 * Bytes behind the data, up to the end of the page, are the program's zeros: padzero().
 *
 * @throws SyscallError EFAULT if the file ends before.
 */
function clearTail(mm: Mm, from: Address, writable: boolean): void {
  if (!writable) return;
  try {
    for (let at = from; at % PAGE_SIZE !== 0; at += 1) mm.store(at, 0);
  } catch (error) {
    if (!(error instanceof AccessFault)) throw error;
    throw new SyscallError('EFAULT', 'the page behind the data cannot be cleared');
  }
}

/** PROT_* of PF_*. */
export function protOf(flags: number): number {
  return (
    ((flags & PF_R) === 0 ? 0 : PROT_READ) |
    ((flags & PF_W) === 0 ? 0 : PROT_WRITE) |
    ((flags & PF_X) === 0 ? 0 : PROT_EXEC)
  );
}
