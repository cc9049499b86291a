import { isElf, isFlat } from 'cramfs-elf';
import { SyscallError } from '../errno.js';
import type { NommuMemory } from '../nommu/nommu-memory.js';
import type { Process } from '../process.js';
import type { ExecArguments } from './arguments.js';
import { withBinprm } from './binprm.js';
import { loadElfFdpic } from './elf-fdpic.js';
import { loadFlat } from './flat.js';
import type { ExecutedFile } from './loaded-object.js';
import type { LoadedNommu } from './nommu-loaded.js';

/** A program in memory, before its first instruction. */
export interface NommuProgram extends LoadedNommu, ExecutedFile {}

/**
 * Replaces the memory of a process without an MMU by a program. Code is not run.
 *
 * @param path a byte string; may lead to a script.
 * @throws SyscallError, the errno of execve(); ExecKilled if it kills the process. Compare
 * fs/exec.c:search_binary_handler().
 */
export function execNommu(
  process: Process,
  memory: NommuMemory,
  path: string,
  args: ExecArguments,
): NommuProgram {
  return withBinprm(process, path, args, (bprm) => {
    const { head, interp, argv } = bprm;
    if (!isElf(head) && !isFlat(head)) throw new SyscallError('ENOEXEC', 'neither ELF nor bFLT');
    const loaded = isElf(head) ? loadElfFdpic(memory, bprm) : loadFlat(memory, bprm);
    return { ...loaded, name: interp, argv };
  });
}
