import { PF_X, PT_GNU_STACK, PT_LOAD, type ProgramHeader } from 'cramfs-elf';
import { SyscallError } from '../errno.js';
import { MAP_FIXED, MAP_FIXED_NOREPLACE, MAP_PRIVATE } from '../memory-map.js';
import type { Mm } from '../mm/mm-struct.js';
import type { MmuMemory } from '../mm/mmu-memory.js';
import { setupAdditionalPages, vdsoAddress } from '../mm/special-mapping.js';
import type { Process } from '../process.js';
import type { Address, Vpn } from '../units.js';
import type { OpenFile } from '../vfs/file.js';
import { elfCheckFdpic, isExecutableType } from './elf-arch.js';
import { loadElfFdpicMmu } from './elf-fdpic.js';
import { setExeFile } from '../vfs/write-access.js';
import { pushStrings, pushTables, type ExecArguments } from './arguments.js';
import type { LoadedAddresses } from './auxv.js';
import { withBinprm, type Binprm } from './binprm.js';
import {
  ElfLoader,
  checkAddress,
  ignoringErrors,
  largest,
  maximumAlignment,
  taskSizeOf,
  totalMappingSize,
} from './elf-load.js';
import {
  elfFile,
  interpreterName,
  loadElfHeaders,
  loadInterpreterHeaders,
  type ElfHeaders,
} from './elf-phdrs.js';
import { checkGnuProperties } from './gnu-property.js';
import { movedSegments, type ExecutedFile, type MappedFile } from './loaded-object.js';
import { closeExec, openExec } from './open-exec.js';
import { pastPointOfNoReturn } from './point-of-no-return.js';
import { UnsignedLong } from './unsigned-long.js';

const ET_DYN = 3;

/** A program in memory, before its first instruction. Places are pages. */
export interface ElfProgram extends ExecutedFile {
  /** Where the file's address 0 is. */
  readonly base: Vpn;
  /** True if the kernel chose the base. */
  readonly relocated: boolean;
  readonly start: Vpn;
  readonly end: Vpn;
  /** First instruction of the program, or of its interpreter. */
  readonly entry: Address;
  readonly addresses: Omit<LoadedAddresses, 'vdso'>;
}

/** What load_elf_binary() has found before the point of no return. */
interface OpenedElf {
  readonly program: ElfHeaders;
  readonly interpreter: { readonly file: OpenFile; readonly headers: ElfHeaders } | undefined;
}

/**
 * Replaces the memory of a process with an MMU by an ELF program. Code is not run.
 *
 * @param path a byte string; may lead to a script.
 * @throws SyscallError, the errno of execve(); ExecKilled if it kills the process. Compare
 * fs/binfmt_elf.c:load_elf_binary().
 */
export function execElf(
  process: Process,
  memory: MmuMemory,
  path: string,
  args: ExecArguments = { argv: [path], envp: [] },
): ElfProgram {
  return withBinprm(process, path, args, (bprm) => loadElfBinary(memory, bprm));
}

function loadElfBinary(memory: MmuMemory, bprm: Binprm): ElfProgram {
  const { mm } = memory;
  const { process, file, filename, interp } = bprm;
  const { arch } = mm.host.build;
  if (elfCheckFdpic(bprm.head, arch)) return loadElfFdpicMmu(bprm, mm.host.build);
  const program = loadElfHeaders(file, bprm.head, arch);
  if (program === undefined) {
    throw new SyscallError('ENOEXEC', `not an ELF program for ${arch.name}`);
  }
  const interpreterFile = openInterpreter(process, file, program);
  try {
    const interpreter = interpreterFile && {
      file: interpreterFile,
      headers: loadInterpreterHeaders(interpreterFile, arch),
    };
    const checked = interpreter ?? { file, headers: program };
    if (arch.elf.parsesGnuProperty) checkGnuProperties(checked.file, checked.headers);
    memory.exit();
    setExeFile(mm, file);
    mm.host.trace.sink?.({ type: 'exec', pid: mm.pid, path: interp });
    return pastPointOfNoReturn(() => {
      const executableStack = stackFlag(program.phdrs);
      mm.readImpliesExec = executableStack === undefined && arch.elf.noStackHeaderImpliesExec;
      const strings = pushStrings(memory, filename, bprm, executableStack ?? mm.readImpliesExec);
      const long = new UnsignedLong(arch.pointerSize === 4 ? 32 : 64, mm.geometry);
      const loaded = mapProgram(memory, file, { program, interpreter }, long);
      setupAdditionalPages(mm);
      const addresses = { ...loaded.addresses, vdso: vdsoAddress(mm) };
      mm.startStack = pushTables(memory, strings, bprm, addresses);
      const threadStart = { pc: loaded.entry, sp: mm.startStack };
      return { ...loaded, name: interp, argv: bprm.argv, threadStart };
    });
  } finally {
    if (interpreterFile !== undefined) closeExec(interpreterFile);
  }
}

function openInterpreter(
  process: Process,
  file: OpenFile,
  { phdrs }: ElfHeaders,
): OpenFile | undefined {
  const name = interpreterName(file, phdrs);
  return name === undefined ? undefined : openExec(process, name);
}

/** Whether PT_GNU_STACK, the last one, asks for an executable stack; undefined: there is none. */
function stackFlag(phdrs: readonly ProgramHeader[]): boolean | undefined {
  const header = phdrs.findLast(({ type }) => type === PT_GNU_STACK);
  return header && (header.flags & PF_X) !== 0;
}

/** Maps a program and its interpreter, and places the heap. */
function mapProgram(
  memory: MmuMemory,
  file: OpenFile,
  { program, interpreter }: OpenedElf,
  long: UnsignedLong,
): Omit<ElfProgram, 'name' | 'argv' | 'threadStart'> {
  const { mm } = memory;
  const { header, phdrs } = program;
  const loader = new ElfLoader(memory, file, long);
  const relocated = header.type === ET_DYN;
  const bias = mapSegments(memory, loader, long, program, interpreter !== undefined);
  const loads = phdrs.filter(({ type }) => type === PT_LOAD);
  const brk = long.wrap(largest(loads.map(({ vaddr, memsz }) => vaddr + memsz)) + bias);

  const loaded = interpreter && mapInterpreter(memory, interpreter, bias, long);
  const entry = loaded?.entry ?? checkAddress(mm, long.wrap(header.entry + bias));
  // All architectures with an MMU have ARCH_HAS_ELF_RANDOMIZE.
  const { config, etDynBase } = mm.host.build;
  const { geometry } = mm;
  const isLoader = relocated && interpreter === undefined && !config.COMPAT_BRK;
  mm.startBrk = isLoader ? geometry.align(etDynBase) : geometry.align(Number(brk));
  mm.brkEnd = mm.startBrk;
  return {
    base: displacement(long, phdrs, bias) / geometry.size,
    relocated,
    start: loads.length === 0 ? 0 : geometry.pageOf(Number(long.wrap(loads[0]!.vaddr + bias))),
    end: geometry.pagesOf(Number(brk)),
    entry: Number(entry),
    mapped: mappedFile(file, program, displacement(long, phdrs, bias)),
    interpreter: loaded?.mapped,
    addresses: {
      phdr: phdrAddress(long, program, bias),
      phent: header.phentsize,
      phnum: header.phnum,
      base: Number(loaded?.bias ?? 0n),
      entry: Number(long.wrap(header.entry + bias)),
    },
  };
}

/** Where the program headers are in memory: in the segment that has them in the file. */
function phdrAddress(long: UnsignedLong, { header, phdrs }: ElfHeaders, bias: bigint): Address {
  const { phoff } = header;
  const holder = phdrs.findLast(
    ({ type, offset, filesz }) => type === PT_LOAD && offset <= phoff && phoff < offset + filesz,
  );
  const vaddr = holder === undefined ? 0n : phoff - holder.offset + holder.vaddr;
  return Number(long.wrap(vaddr + bias));
}

/**
 * The loop over PT_LOAD of load_elf_binary().
 *
 * @returns load_bias
 */
function mapSegments(
  memory: MmuMemory,
  loader: ElfLoader,
  long: UnsignedLong,
  { header, phdrs }: ElfHeaders,
  hasInterpreter: boolean,
): bigint {
  let bias = 0n;
  let isFirst = true;
  for (const phdr of phdrs) {
    if (phdr.type !== PT_LOAD) continue;
    let flags = MAP_PRIVATE | (isFirst ? 0 : MAP_FIXED);
    let totalSize = 0n;
    if (isFirst && header.type !== ET_DYN) {
      flags |= MAP_FIXED_NOREPLACE;
    } else if (isFirst) {
      // The first mapping reserves the room of all, so that the others find their places.
      totalSize = totalMappingSize(long, phdrs);
      if (totalSize === 0n) throw new SyscallError('EINVAL', 'segments of no size');
      const place = firstPlace(memory, loader, long, { phdr, phdrs, totalSize, hasInterpreter });
      if (place !== undefined) flags |= MAP_FIXED_NOREPLACE;
      bias = long.pageStart(long.wrap((place ?? 0n) - phdr.vaddr));
    }
    const wanted = long.wrap(bias + phdr.vaddr);
    const at = loader.load(phdr, { address: wanted, flags, totalSize });
    if (isFirst && header.type === ET_DYN) bias = long.wrap(bias + at - long.pageStart(wanted));
    isFirst = false;
    // The bias is left out, as in the kernel.
    checkSize(memory.mm, phdr, phdr.vaddr, 'EINVAL');
  }
  return bias;
}

/**
 * Where a position-independent program goes, by the largest alignment of its segments; it may be
 * address 0. Undefined: wherever there is room. A program without an interpreter is mapped once to
 * find that place.
 */
function firstPlace(
  memory: MmuMemory,
  loader: ElfLoader,
  long: UnsignedLong,
  request: {
    readonly phdr: ProgramHeader;
    readonly phdrs: readonly ProgramHeader[];
    readonly totalSize: bigint;
    readonly hasInterpreter: boolean;
  },
): bigint | undefined {
  const { phdr, phdrs, totalSize, hasInterpreter } = request;
  const alignment = maximumAlignment(long, phdrs);
  let place = BigInt(memory.mm.host.build.etDynBase);
  if (!hasInterpreter) {
    if (alignment <= BigInt(memory.mm.geometry.size)) return undefined;
    place = loader.load(phdr, { address: 0n, flags: MAP_PRIVATE, totalSize });
    ignoringErrors(() => {
      memory.munmap(Number(place), Number(totalSize));
    });
  }
  return alignment === 0n ? place : place - (place % alignment);
}

/** Compare fs/binfmt_elf.c:load_elf_interp(). */
function mapInterpreter(
  memory: MmuMemory,
  { file, headers }: NonNullable<OpenedElf['interpreter']>,
  programBias: bigint,
  long: UnsignedLong,
): { readonly mapped: MappedFile; readonly entry: bigint; readonly bias: bigint } {
  const { mm } = memory;
  const { header, phdrs } = headers;
  if (!isExecutableType(header) || file.fops.mmap === undefined) {
    // ~0UL, which the kernel takes for an errno.
    throw new SyscallError('EPERM', 'the interpreter is neither a program nor a shared object');
  }
  const loader = new ElfLoader(memory, file, long);
  let totalSize = totalMappingSize(long, phdrs);
  if (totalSize === 0n) throw new SyscallError('EINVAL', 'the interpreter has nothing to load');
  let bias = 0n;
  let placed = header.type !== ET_DYN;
  for (const phdr of phdrs) {
    if (phdr.type !== PT_LOAD) continue;
    const flags = MAP_PRIVATE | (placed ? MAP_FIXED : 0);
    if (!placed && programBias !== 0n) bias = long.wrap(-phdr.vaddr);
    const address = long.wrap(bias + phdr.vaddr);
    const at = loader.load(phdr, { address, flags, totalSize });
    totalSize = 0n;
    if (!placed) bias = long.wrap(at - long.pageStart(phdr.vaddr));
    placed = true;
    checkSize(mm, phdr, long.wrap(bias + phdr.vaddr), 'ENOMEM');
  }
  return {
    mapped: mappedFile(file, headers, displacement(long, phdrs, bias)),
    entry: checkAddress(mm, long.wrap(bias + header.entry)),
    bias,
  };
}

/**
 * Checks a segment that has been mapped.
 *
 * @throws SyscallError `code`.
 */
function checkSize(
  mm: Mm,
  { filesz, memsz }: ProgramHeader,
  at: bigint,
  code: 'EINVAL' | 'ENOMEM',
): void {
  if (filesz > memsz) throw new SyscallError(code, 'a segment has more in the file than in memory');
  const taskSize = taskSizeOf(mm);
  if (at >= taskSize || memsz > taskSize - at) {
    throw new SyscallError(code, 'a segment ends past the address space');
  }
}

/** What is added to the addresses of a file; may be negative. */
function displacement(long: UnsignedLong, phdrs: readonly ProgramHeader[], bias: bigint): number {
  const first = phdrs.find(({ type }) => type === PT_LOAD);
  return first === undefined ? 0 : Number(long.wrap(first.vaddr + bias) - first.vaddr);
}

function mappedFile(file: OpenFile, headers: ElfHeaders, bias: number): MappedFile {
  const elf = elfFile(headers);
  const loads = elf.segments.filter(({ type }) => type === PT_LOAD);
  return { path: file.path, inode: file.inode, elf, segments: movedSegments(loads, bias) };
}
