import { PF_X, PT_GNU_STACK, PT_INTERP, PT_LOAD, isFdpic, type ElfFile } from 'cramfs-elf';
import { bytesToName } from 'cramfs-format';
import { SyscallError } from '../errno.js';
import { MAP_ANONYMOUS, MAP_PRIVATE, PROT_EXEC, PROT_READ, PROT_WRITE } from '../memory-map.js';
import type { NommuMm } from '../nommu/nommu-mm.js';
import type { Process } from '../process.js';
import { PAGE_SIZE, pageAlign } from '../units.js';
import type { OpenFile } from '../vfs/file.js';
import type { LoadedSegment, MappedFile } from './loaded-object.js';
import type { NommuProgram } from './nommu-program.js';
import { mapSegment, readSegments } from './nommu-segments.js';
import { BINPRM_BUF_SIZE, openExec, readElfHeaders, readProgram } from './open-exec.js';

/** The stack of a program that asks for none in particular. */
const DEFAULT_STACK = 131072;
const MIN_STACK = 2 * PAGE_SIZE;
const ANONYMOUS = MAP_PRIVATE | MAP_ANONYMOUS;

/**
 * Loads an ELF program on a kernel without MMU. If it is position independent, but no FDPIC, its
 * segments have to keep their distances ("constant displacement"), so all of it, text included, is
 * read into one block of RAM: nothing of it is executed in place. The segments of an FDPIC program
 * are mapped one by one. Compare fs/binfmt_elf_fdpic.c:load_elf_fdpic_binary().
 *
 * @param head the file's first bytes.
 * @throws SyscallError ENOEXEC for a program that is linked to fixed addresses.
 */
export function loadElfFdpic(
  process: Process,
  mm: NommuMm,
  file: OpenFile,
  head: Uint8Array,
): NommuProgram {
  const elf = readElfHeaders(file, head);
  if (elf === undefined || !canBeMoved(elf)) {
    throw new SyscallError('ENOEXEC', 'not a position-independent ELF');
  }
  const interpreter = openInterpreter(process, file, elf);
  let mapped: MappedFile;
  let mappedInterpreter: MappedFile | undefined;
  try {
    mapped = mapElf(mm, file, elf);
    mappedInterpreter = interpreter && mapElf(mm, interpreter.file, interpreter.elf);
  } finally {
    if (interpreter !== undefined) process.close(interpreter.file);
  }

  const wanted = elf.segments.find(({ type }) => type === PT_GNU_STACK);
  const size = Math.max(pageAlign(wanted?.memsz ?? 0) || DEFAULT_STACK, MIN_STACK);
  const executable = wanted !== undefined && (wanted.flags & PF_X) !== 0 ? PROT_EXEC : 0;
  const prot = PROT_READ | PROT_WRITE | executable;
  const stack = mm.mmap({ address: 0, length: size, prot, flags: ANONYMOUS, pgoff: 0 });
  mm.startBrk = stack;
  mm.brkEnd = stack;
  mm.brkLimit = stack;
  mm.startStack = stack + size;
  const isCode = ({ flags }: LoadedSegment): boolean => (flags & PF_X) !== 0;
  return {
    format: 'elf-fdpic',
    startCode: mapped.segments.find(isCode)?.address ?? 0,
    startData: mapped.segments.find((segment) => !isCode(segment))?.address ?? 0,
    startStack: stack + size,
    mapped,
    interpreter: mappedInterpreter,
  };
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
  const name = readProgram(file, segment.offset, Math.min(segment.filesz, PAGE_SIZE));
  if (name.length < 2 || name.at(-1) !== 0) throw new SyscallError('ENOEXEC', 'bad PT_INTERP');
  const interpreter = openExec(process, bytesToName(name.subarray(0, name.indexOf(0))));
  const elf = readElfHeaders(interpreter, readProgram(interpreter, 0, BINPRM_BUF_SIZE));
  if (elf === undefined || !canBeMoved(elf)) {
    process.close(interpreter);
    throw new SyscallError('ELIBBAD', 'the interpreter is no position-independent ELF');
  }
  return { file: interpreter, elf };
}

/** Compare fs/binfmt_elf_fdpic.c:elf_fdpic_map_file(). */
function mapElf(mm: NommuMm, file: OpenFile, elf: ElfFile): MappedFile {
  const loads = elf.segments.filter(({ type }) => type === PT_LOAD);
  if (loads.length === 0) throw new SyscallError('ELIBBAD', 'nothing to load');
  const segments = isFdpic(elf)
    ? loads.map((load) => mapSegment(mm, file, load))
    : readSegments(mm, file, loads);
  return { path: file.path, inode: file.inode, elf, segments };
}
