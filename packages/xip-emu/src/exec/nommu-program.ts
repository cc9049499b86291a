import { isElf, isFlat } from 'cramfs-elf';
import { SyscallError } from '../errno.js';
import type { NommuMm } from '../nommu/nommu-mm.js';
import type { Process } from '../process.js';
import type { Address } from '../units.js';
import type { ExecArguments } from './arguments.js';
import { loadElfFdpic } from './elf-fdpic.js';
import { loadFlat } from './flat.js';
import type { MappedFile } from './loaded-object.js';
import { BINPRM_BUF_SIZE, openExec, readProgram } from './open-exec.js';

/** A program in memory, before its first instruction. */
export interface NommuProgram {
  readonly format: 'elf-fdpic' | 'flat';
  readonly startCode: Address;
  readonly startData: Address;
  /** Top of the stack, in the mapping that /proc/PID/maps calls [stack]. */
  readonly startStack: Address;
  readonly mapped: MappedFile;
  /** The dynamic loader of an ELF program that asks for one. */
  readonly interpreter: MappedFile | undefined;
}

/**
 * Loads a program into the empty memory of a process without an MMU. Code is not run. ELF files
 * are taken to be of the machine's architecture.
 *
 * @param path absolute, a byte string.
 * @throws SyscallError, the errno of execve(); ExecKilled if it kills the process.
 */
export function execNommu(
  process: Process,
  mm: NommuMm,
  path: string,
  args: ExecArguments,
): NommuProgram {
  const file = openExec(process, path);
  try {
    const head = readProgram(file, 0, BINPRM_BUF_SIZE);
    if (!isElf(head) && !isFlat(head)) {
      throw new SyscallError('ENOEXEC', 'neither ELF nor bFLT');
    }
    mm.trace.sink?.({ type: 'exec', pid: mm.pid, path });
    return isElf(head) ? loadElfFdpic(process, mm, file, head) : loadFlat(mm, file, head, args);
  } finally {
    process.close(file);
  }
}
