import { PF_X, PT_GNU_STACK, PT_INTERP, PT_LOAD, parseElf, type ElfFile } from 'cramfs-elf';
import { bytesToName } from 'cramfs-format';
import { SyscallError } from '../errno.js';
import { MAP_ANONYMOUS, MAP_PRIVATE, PROT_EXEC, PROT_READ, PROT_WRITE } from '../memory-map.js';
import type { NommuMm } from '../nommu/nommu-mm.js';
import type { Process } from '../process.js';
import { PAGE_SIZE, pageAlign } from '../units.js';
import type { OpenFile } from '../vfs/file.js';
import type { NommuProgram } from './nommu-program.js';
import { openExec, readProgram } from './open-exec.js';

/** The stack of a program that asks for none in particular. */
const DEFAULT_STACK = 131072;
const MIN_STACK = 2 * PAGE_SIZE;
const ANONYMOUS = MAP_PRIVATE | MAP_ANONYMOUS;

/**
 * Loads a position-independent ELF program on a kernel without MMU. Its segments have to keep
 * their distances ("constant displacement"), so all of it, text included, is read into one block
 * of RAM: nothing of it is executed in place. Compare fs/binfmt_elf_fdpic.c:load_elf_fdpic_binary().
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
  const elf = fetchHeaders(file, head);
  if (elf?.type !== 'dyn') throw new SyscallError('ENOEXEC', 'not a position-independent ELF');
  const interpreter = openInterpreter(process, file, elf);
  let program: Pick<NommuProgram, 'startCode' | 'startData'>;
  try {
    program = mapConstantDisplacement(mm, file, elf);
    if (interpreter !== undefined) {
      mapConstantDisplacement(mm, interpreter.file, interpreter.elf);
    }
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
  return { format: 'elf-fdpic', ...program, startStack: stack + size };
}

/** Compare fs/binfmt_elf_fdpic.c:elf_fdpic_fetch_phdrs(). */
function fetchHeaders(file: OpenFile, head: Uint8Array): ElfFile | undefined {
  return parseElf(head) ?? parseElf(readProgram(file, 0, file.inode.size));
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
  const elf = fetchHeaders(interpreter, readProgram(interpreter, 0, PAGE_SIZE));
  if (elf?.type !== 'dyn') {
    process.close(interpreter);
    throw new SyscallError('ELIBBAD', 'the interpreter is no position-independent ELF');
  }
  return { file: interpreter, elf };
}

/** Compare fs/binfmt_elf_fdpic.c:elf_fdpic_map_file_constdisp_on_uclinux(). */
function mapConstantDisplacement(
  mm: NommuMm,
  file: OpenFile,
  { segments }: ElfFile,
): Pick<NommuProgram, 'startCode' | 'startData'> {
  const loads = segments.filter(({ type }) => type === PT_LOAD);
  if (loads.length === 0) throw new SyscallError('ELIBBAD', 'nothing to load');
  const base = Math.min(...loads.map(({ vaddr }) => vaddr));
  const top = Math.max(...loads.map(({ vaddr, memsz }) => vaddr + memsz));
  const block = mm.mmap({
    address: 0,
    length: top - base,
    prot: PROT_READ | PROT_WRITE | PROT_EXEC,
    flags: ANONYMOUS,
    pgoff: 0,
  });
  let startCode = 0;
  let startData = 0;
  for (const { vaddr, offset, filesz, memsz, flags } of loads) {
    const at = block + vaddr - base;
    const bytes = readProgram(file, offset, Math.min(filesz, memsz));
    mm.write(at, bytes);
    if ((flags & PF_X) === 0) startData ||= at;
    else startCode ||= at;
  }
  return { startCode, startData };
}
