import {
  PF_X,
  PT_DYNAMIC,
  PT_GNU_STACK,
  PT_INTERP,
  PT_LOAD,
  decodeProgramHeaders,
  elfFileOf,
  isFdpic,
  programHeaderSize,
  type ElfFile,
  type ElfSegment,
  type ProgramHeader,
} from 'cramfs-elf';
import { bytesToName } from 'cramfs-format';
import type { Architecture } from '../arch/architecture.js';
import type { KernelBuild } from '../arch/kernel-build.js';
import { SyscallError, UnmodelledError } from '../errno.js';
import { MAP_ANONYMOUS, MAP_PRIVATE, PROT_EXEC, PROT_READ, PROT_WRITE } from '../memory-map.js';
import type { NommuMemory } from '../nommu/nommu-memory.js';
import type { Process } from '../process.js';
import type { Address } from '../units.js';
import type { OpenFile } from '../vfs/file.js';
import type { LoadedAddresses } from './auxv.js';
import type { Binprm } from './binprm.js';
import { FDPIC_WITH_MMU, checkElf, elfCheckFdpic, type CheckedElf } from './elf-arch.js';
import { addressOf, type LoadedSegment, type MappedFile } from './loaded-object.js';
import { beginNewExec, type LoadedNommu } from './nommu-loaded.js';
import { pushFdpicArguments, type StackArea } from './nommu-arguments.js';
import { mapSegment, placedSegments, readSegments } from './nommu-segments.js';
import { BINPRM_BUF_SIZE, closeExec, openExec, readProgram } from './open-exec.js';
import { pastPointOfNoReturn } from './point-of-no-return.js';
import { UnsignedLong } from './unsigned-long.js';

/** Bytes of the stack of a program that does not ask for a size. */
const DEFAULT_STACK = 131072;
const MIN_STACK_PAGES = 2;
const PATH_MAX = 4096;
/** Bytes of all program headers. */
const MAX_PHDRS = 65536;
const ET_DYN = 3;
/** The bytes of a dynamic entry's tag that are compared: an Elf_Sword, in both classes. */
const TAG_BYTES = 4;
const ANONYMOUS = MAP_PRIVATE | MAP_ANONYMOUS;

/**
 * Loads an ELF program on a kernel without MMU. If it is position independent but not FDPIC, its
 * segments have to keep their distances ("constant displacement"), so all of it, text included, is
 * read into one block of RAM, and none of it is executed in place. The segments of an FDPIC program
 * are mapped one by one. Compare fs/binfmt_elf_fdpic.c:load_elf_fdpic_binary().
 *
 * @throws SyscallError ENOEXEC for a program that is linked to fixed addresses, and if the kernel
 * lacks this loader, since fs/binfmt_elf.c needs an MMU; ExecKilled.
 */
export function loadElfFdpic(memory: NommuMemory, bprm: Binprm): LoadedNommu {
  const { process, file, head, interp } = bprm;
  const { arch, config } = memory.build;
  if (!config.BINFMT_ELF_FDPIC) throw new SyscallError('ENOEXEC', 'no support for ELF');
  const checked = checkElf(head, arch);
  if (checked === undefined || file.fops.mmap === undefined || !canBeMoved(checked)) {
    throw new SyscallError('ENOEXEC', `not a position-independent ELF program for ${arch.name}`);
  }
  const params = fetchPhdrs(file, checked);
  const { elf } = params;
  const interpreter = openInterpreter(process, file, { elf, arch });
  try {
    beginNewExec(memory, file, interp);
    return pastPointOfNoReturn(() => {
      const mapped = mapElf(memory, file, params);
      const loader = interpreter && mapElf(memory, interpreter.file, interpreter.params);
      const stack = mapStack(memory, elf, interpreter?.params.elf);
      const start = fdpicStart(params, mapped, interpreter && { ...interpreter, mapped: loader! });
      const tables = pushFdpicArguments(memory, stack, bprm, start.loadMaps, start.addresses);
      memory.mm.startStack = tables.sp;
      const [programMap, interpreterMap = 0] = tables.loadMaps as [number, number?];
      const isCode = ({ flags }: LoadedSegment): boolean => (flags & PF_X) !== 0;
      const startData = mapped.segments.find((segment) => !isCode(segment))?.address ?? 0;
      const { pc, dynamic } = start;
      const fdpic = { isFdpic: isFdpic(elf), programMap, interpreterMap, dynamic };
      return {
        format: 'elf-fdpic',
        startCode: mapped.segments.find(isCode)?.address ?? 0,
        startData,
        startStack: memory.mm.startStack,
        mapped,
        interpreter: loader,
        threadStart: { pc, sp: tables.sp, fdpic, startData },
      };
    });
  } finally {
    if (interpreter !== undefined) closeExec(interpreter.file);
  }
}

/** What the tables on the stack and the registers say about what was loaded. */
interface FdpicTables {
  readonly loadMaps: readonly (readonly LoadedSegment[])[];
  readonly addresses: LoadedAddresses;
  readonly pc: Address;
  readonly dynamic: Address;
}

/** Compare the end of fs/binfmt_elf_fdpic.c:load_elf_fdpic_binary(), elf_fdpic_map_file(). */
function fdpicStart(
  { elf, header }: FdpicParams,
  mapped: MappedFile,
  interpreter: { readonly params: FdpicParams; readonly mapped: MappedFile } | undefined,
): FdpicTables {
  const entry = addressOf(mapped.segments, elf.entry) ?? 0;
  const inInterpreter = (vaddr: number): Address =>
    (interpreter && addressOf(interpreter.mapped.segments, vaddr)) ?? 0;
  const own = dynamicIn(elf);
  const loaders = interpreter && dynamicIn(interpreter.params.elf);
  const ownDynamic = own === undefined ? 0 : (addressOf(mapped.segments, own) ?? 0);
  return {
    loadMaps: [mapped, interpreter?.mapped].flatMap((file) => (file ? [file.segments] : [])),
    addresses: {
      phdr: addressInFile(mapped.segments, Number(header.phoff), header.phnum * header.phentsize),
      vdso: 0,
      phent: header.phentsize,
      phnum: header.phnum,
      base: interpreter === undefined ? 0 : addressInFile(interpreter.mapped.segments, 0, 1),
      entry,
    },
    pc: interpreter === undefined ? entry : inInterpreter(interpreter.params.elf.entry),
    dynamic: loaders === undefined ? ownDynamic : inInterpreter(loaders),
  };
}

function dynamicIn({ segments }: ElfFile): number | undefined {
  return segments.find(({ type }) => type === PT_DYNAMIC)?.vaddr;
}

/** Where bytes of a file are in memory; 0 if no segment has all of them. */
function addressInFile(
  segments: readonly LoadedSegment[],
  offset: number,
  length: number,
): Address {
  const holder = segments.find(
    (segment) => segment.offset <= offset && offset + length <= segment.offset + segment.filesz,
  );
  return holder === undefined ? 0 : holder.address + offset - holder.offset;
}

/**
 * The FDPIC loader takes such programs with an MMU, too. If there is a vdso, it miscounts the
 * entries of the tables on the stack and dies of its own check (the kernel goes on). Compare
 * fs/binfmt_elf_fdpic.c:create_elf_fdpic_tables().
 *
 * @throws SyscallError ENOEXEC without that loader, and what is wrong with the headers; ExecKilled.
 */
export function loadElfFdpicMmu({ process, file, head }: Binprm, build: KernelBuild): never {
  const checked = checkElf(head, build.arch);
  if (checked === undefined || !build.config.BINFMT_ELF_FDPIC) {
    throw new SyscallError('ENOEXEC', 'no support for FDPIC programs');
  }
  const { elf } = fetchPhdrs(file, checked);
  const interpreter = openInterpreter(process, file, { elf, arch: build.arch });
  if (interpreter !== undefined) closeExec(interpreter.file);
  if (!build.config.VDSO)
    throw new UnmodelledError('FDPIC programs with an MMU and without a vdso');
  return pastPointOfNoReturn(() => {
    throw new SyscallError('EFAULT', FDPIC_WITH_MMU);
  });
}

/**
 * Maps the stack, as large and as executable as PT_GNU_STACK says: that of the interpreter if the
 * program asks for no size. There is no heap.
 */
function mapStack(memory: NommuMemory, elf: ElfFile, interpreter: ElfFile | undefined): StackArea {
  const { geometry } = memory.mm;
  const own = stackOf(elf);
  const wanted = (own?.memsz ?? 0) === 0 && interpreter !== undefined ? stackOf(interpreter) : own;
  const asked = wanted?.memsz ?? 0;
  const length = Math.max(
    geometry.alignLength(asked === 0 ? DEFAULT_STACK : asked),
    MIN_STACK_PAGES * geometry.size,
  );
  // If the header that counts has no PT_GNU_STACK: VM_STACK_FLAGS, which READ_IMPLIES_EXEC decides.
  const isExecutable =
    wanted === undefined
      ? memory.build.arch.elf.noStackHeaderImpliesExec
      : (wanted.flags & PF_X) !== 0;
  const executable = isExecutable ? PROT_EXEC : 0;
  const prot = PROT_READ | PROT_WRITE | executable;
  const stack = memory.mmap({ address: 0, length, prot, flags: ANONYMOUS, pgoff: 0 });
  memory.mm.startBrk = stack;
  memory.mm.brkEnd = stack;
  memory.mm.brkLimit = stack;
  return { start: stack, end: stack + length };
}

function stackOf({ segments }: ElfFile): ElfSegment | undefined {
  return segments.find(({ type }) => type === PT_GNU_STACK);
}

/** The part of struct elf_fdpic_params that holds a file's headers. */
interface FdpicParams {
  readonly elf: ElfFile;
  readonly header: CheckedElf['header'];
  readonly phdrs: readonly ProgramHeader[];
  readonly long: UnsignedLong;
}

/**
 * Reads the program headers.
 *
 * @throws SyscallError ENOMEM for entries of another size and for too many; ENOEXEC if they are cut
 * off; EIO, EINVAL. Compare fs/binfmt_elf_fdpic.c:elf_fdpic_fetch_phdrs().
 */
function fetchPhdrs(file: OpenFile, { header, arch, layout }: CheckedElf): FdpicParams {
  const { phentsize, phnum, phoff } = header;
  if (phentsize !== programHeaderSize(layout.elfClass) || phnum * phentsize > MAX_PHDRS) {
    throw new SyscallError('ENOMEM', 'program headers of another size, or too many');
  }
  const table = readExactly(file, Number(phoff), phnum * phentsize);
  const phdrs = decodeProgramHeaders(table, layout);
  return {
    elf: elfFileOf(header, phdrs, layout),
    header,
    phdrs,
    long: new UnsignedLong(arch.pointerSize === 4 ? 32 : 64, file.inode.sb.geometry),
  };
}

/** @throws SyscallError ENOEXEC if the file ends before; EIO, EINVAL. */
function readExactly(file: OpenFile, position: number, length: number): Uint8Array {
  const bytes = readProgram(file, position, length);
  if (bytes.length < length) throw new SyscallError('ENOEXEC', 'the file ends before');
  return bytes;
}

/** FDPIC executables and shared objects can go anywhere. */
function canBeMoved({ header, arch }: CheckedElf): boolean {
  return header.type === ET_DYN || elfCheckFdpic(header.ident, arch);
}

/** @throws SyscallError ENOMEM, ENOENT, ENOEXEC, ELIBBAD and those of a lookup. */
function openInterpreter(
  process: Process,
  file: OpenFile,
  { elf, arch }: { readonly elf: ElfFile; readonly arch: Architecture },
): { readonly file: OpenFile; readonly params: FdpicParams } | undefined {
  const segment = elf.segments.find(({ type }) => type === PT_INTERP);
  if (segment === undefined) return undefined;
  const { offset, filesz } = segment;
  if (filesz > PATH_MAX) throw new SyscallError('ENOMEM', 'PT_INTERP is too long');
  if (filesz < 2) throw new SyscallError('ENOENT', 'PT_INTERP is empty');
  const name = readExactly(file, offset, filesz);
  if (name.at(-1) !== 0) throw new SyscallError('ENOENT', 'PT_INTERP is not terminated');
  const interpreter = openExec(process, bytesToName(name.subarray(0, name.indexOf(0))));
  try {
    const checked = checkElf(readExactly(interpreter, 0, BINPRM_BUF_SIZE), arch);
    if (checked === undefined || interpreter.fops.mmap === undefined) {
      throw new SyscallError('ELIBBAD', 'the interpreter is not an ELF program');
    }
    return { file: interpreter, params: fetchPhdrs(interpreter, checked) };
  } catch (error) {
    closeExec(interpreter);
    throw error;
  }
}

/** Compare fs/binfmt_elf_fdpic.c:elf_fdpic_map_file(). */
function mapElf(
  memory: NommuMemory,
  file: OpenFile,
  { elf, phdrs, long }: FdpicParams,
): MappedFile {
  const isLoad = ({ type }: { readonly type: number }): boolean => type === PT_LOAD;
  const loads = elf.segments.filter(isLoad);
  if (loads.length === 0) throw new SyscallError('ELIBBAD', 'nothing to load');
  const segments = isFdpic(elf)
    ? loads.map((load) => mapSegment(memory, file, load))
    : placedSegments(loads, readSegments(memory, file, { loads: phdrs.filter(isLoad), long }));
  checkDynamic(memory, elf, segments);
  return { path: file.path, inode: file.inode, elf, segments };
}

/** @throws SyscallError ELIBBAD for a dynamic section whose last entry is not DT_NULL. */
function checkDynamic(memory: NommuMemory, elf: ElfFile, segments: readonly LoadedSegment[]): void {
  const dynamic = elf.segments.find(({ type }) => type === PT_DYNAMIC);
  if (dynamic === undefined) return;
  const { vaddr, memsz } = dynamic;
  const holder = segments.find(
    (segment) => vaddr >= segment.vaddr && vaddr + memsz <= segment.vaddr + segment.memsz,
  );
  if (holder === undefined) return;
  const entry = elf.elfClass === 64 ? 16 : 8;
  const tag = new Uint8Array(TAG_BYTES).fill(1);
  const last = holder.address + (vaddr - holder.vaddr) + memsz - entry;
  if (memsz > 0 && memsz % entry === 0) {
    memory.loadRange(elf.endianness === 'little' ? last : last + entry / 2 - TAG_BYTES, tag);
  }
  if (tag.some((byte) => byte !== 0)) throw new SyscallError('ELIBBAD', 'bad dynamic section');
}
