import {
  PF_X,
  PT_DYNAMIC,
  PT_GNU_STACK,
  PT_INTERP,
  PT_LOAD,
  isFdpic,
  type ElfFile,
  type ElfSegment,
} from 'cramfs-elf';
import { bytesToName } from 'cramfs-format';
import { SyscallError } from '../errno.js';
import { MAP_ANONYMOUS, MAP_PRIVATE, PROT_EXEC, PROT_READ, PROT_WRITE } from '../memory-map.js';
import type { NommuMm } from '../nommu/nommu-mm.js';
import type { Process } from '../process.js';
import { PAGE_SIZE, pageAlign, type Address } from '../units.js';
import type { OpenFile } from '../vfs/file.js';
import { addressOf, type LoadedSegment, type MappedFile } from './loaded-object.js';
import type { NommuProgram } from './nommu-program.js';
import { mapSegment, readSegments } from './nommu-segments.js';
import { BINPRM_BUF_SIZE, openExec, readElfHeaders, readProgram } from './open-exec.js';
import { pastPointOfNoReturn } from './point-of-no-return.js';

/** The stack of a program that asks for none in particular. */
const DEFAULT_STACK = 131072;
const MIN_STACK_PAGES = 2;
const PATH_MAX = 4096;
const E_TYPE_AT = 16;
const ET_DYN = 3;
const ANONYMOUS = MAP_PRIVATE | MAP_ANONYMOUS;

/**
 * Loads an ELF program on a kernel without MMU. If it is position independent, but no FDPIC, its
 * segments have to keep their distances ("constant displacement"), so all of it, text included, is
 * read into one block of RAM: nothing of it is executed in place. The segments of an FDPIC program
 * are mapped one by one. Compare fs/binfmt_elf_fdpic.c:load_elf_fdpic_binary().
 *
 * @param head the file's first bytes.
 * @throws SyscallError ENOEXEC for a program that is linked to fixed addresses; ExecKilled.
 */
export function loadElfFdpic(
  process: Process,
  mm: NommuMm,
  file: OpenFile,
  head: Uint8Array,
): NommuProgram {
  const elf = readHeaders(file, head);
  if (elf === undefined || !canBeMoved(elf)) {
    throw new SyscallError('ENOEXEC', 'not a position-independent ELF');
  }
  const interpreter = openInterpreter(process, file, elf);
  try {
    return pastPointOfNoReturn(() => {
      const mapped = mapElf(mm, file, elf);
      const loader = interpreter && mapElf(mm, interpreter.file, interpreter.elf);
      const startStack = mapStack(mm, elf, interpreter?.elf);
      const isCode = ({ flags }: LoadedSegment): boolean => (flags & PF_X) !== 0;
      return {
        format: 'elf-fdpic',
        startCode: mapped.segments.find(isCode)?.address ?? 0,
        startData: mapped.segments.find((segment) => !isCode(segment))?.address ?? 0,
        startStack,
        mapped,
        interpreter: loader,
      };
    });
  } finally {
    if (interpreter !== undefined) process.close(interpreter.file);
  }
}

/**
 * As large and as executable as PT_GNU_STACK says: the interpreter's if the program asks for no
 * size. There is no heap.
 *
 * @returns its top.
 */
function mapStack(mm: NommuMm, elf: ElfFile, interpreter: ElfFile | undefined): Address {
  const own = stackOf(elf);
  const wanted = (own?.memsz ?? 0) === 0 && interpreter !== undefined ? stackOf(interpreter) : own;
  const length = Math.max(
    pageAlign(wanted?.memsz ?? 0) || DEFAULT_STACK,
    MIN_STACK_PAGES * PAGE_SIZE,
  );
  const executable = wanted !== undefined && (wanted.flags & PF_X) !== 0 ? PROT_EXEC : 0;
  const prot = PROT_READ | PROT_WRITE | executable;
  const stack = mm.mmap({ address: 0, length, prot, flags: ANONYMOUS, pgoff: 0 });
  mm.startBrk = stack;
  mm.brkEnd = stack;
  mm.brkLimit = stack;
  mm.startStack = stack + length;
  return stack + length;
}

function stackOf({ segments }: ElfFile): ElfSegment | undefined {
  return segments.find(({ type }) => type === PT_GNU_STACK);
}

/**
 * The headers of a program or its interpreter; undefined: no ELF.
 *
 * @throws SyscallError ENOMEM. Compare fs/binfmt_elf_fdpic.c:elf_fdpic_fetch_phdrs().
 */
function readHeaders(file: OpenFile, head: Uint8Array): ElfFile | undefined {
  const elf = readElfHeaders(file, head);
  if (elf === undefined && hasForeignTable(head)) {
    throw new SyscallError('ENOMEM', 'program headers of another size');
  }
  return elf;
}

/** True for a position-independent program whose program headers are not as long as they are. */
function hasForeignTable(head: Uint8Array): boolean {
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const is64 = head[4] === 2;
  const littleEndian = head[5] === 1;
  if (head.length < 64 || view.getUint16(E_TYPE_AT, littleEndian) !== ET_DYN) return false;
  return view.getUint16(is64 ? 54 : 42, littleEndian) !== (is64 ? 56 : 32);
}

/** Executables of FDPIC, and shared objects, need no place of their own. */
function canBeMoved(elf: ElfFile): boolean {
  return elf.type === 'dyn' || (elf.type === 'exec' && isFdpic(elf));
}

function openInterpreter(
  process: Process,
  file: OpenFile,
  { segments }: ElfFile,
): { file: OpenFile; elf: ElfFile } | undefined {
  const segment = segments.find(({ type }) => type === PT_INTERP);
  if (segment === undefined) return undefined;
  const { offset, filesz } = segment;
  if (filesz > PATH_MAX) throw new SyscallError('ENOMEM', 'PT_INTERP is too long');
  if (filesz < 2) throw new SyscallError('ENOENT', 'PT_INTERP is empty');
  const name = readProgram(file, offset, filesz);
  if (name.length < filesz) throw new SyscallError('ENOEXEC', 'PT_INTERP is cut off');
  if (name.at(-1) !== 0) throw new SyscallError('ENOENT', 'PT_INTERP has no end');
  const interpreter = openExec(process, bytesToName(name.subarray(0, name.indexOf(0))));
  try {
    const head = readProgram(interpreter, 0, BINPRM_BUF_SIZE);
    if (head.length < BINPRM_BUF_SIZE) throw new SyscallError('ENOEXEC', 'a short interpreter');
    const elf = readHeaders(interpreter, head);
    if (elf?.type !== 'dyn' && elf?.type !== 'exec') {
      throw new SyscallError('ELIBBAD', 'the interpreter is no ELF program');
    }
    return { file: interpreter, elf };
  } catch (error) {
    process.close(interpreter);
    throw error;
  }
}

/** Compare fs/binfmt_elf_fdpic.c:elf_fdpic_map_file(). */
function mapElf(mm: NommuMm, file: OpenFile, elf: ElfFile): MappedFile {
  const loads = elf.segments.filter(({ type }) => type === PT_LOAD);
  if (loads.length === 0) throw new SyscallError('ELIBBAD', 'nothing to load');
  const segments = isFdpic(elf)
    ? loads.map((load) => mapSegment(mm, file, load))
    : readSegments(mm, file, loads);
  checkDynamic(mm, elf, segments);
  return { path: file.path, inode: file.inode, elf, segments };
}

/** @throws SyscallError ELIBBAD for a dynamic section whose last entry is not DT_NULL. */
function checkDynamic(mm: NommuMm, elf: ElfFile, segments: readonly LoadedSegment[]): void {
  const dynamic = elf.segments.find(({ type }) => type === PT_DYNAMIC);
  if (dynamic === undefined) return;
  const { vaddr, memsz } = dynamic;
  const at = addressOf(segments, vaddr);
  if (at === undefined) return;
  const entry = elf.elfClass === 64 ? 16 : 8;
  const tag = new Uint8Array(entry / 2).fill(1);
  if (memsz > 0 && memsz % entry === 0) mm.loadRange(at + memsz - entry, tag);
  if (tag.some((byte) => byte !== 0)) throw new SyscallError('ELIBBAD', 'bad dynamic section');
}
