import type { NommuMemory } from '../nommu/nommu-memory.js';
import type { Address } from '../units.js';
import type { OpenFile } from '../vfs/file.js';
import { setExeFile } from '../vfs/write-access.js';
import type { MappedFile, ThreadStart } from './loaded-object.js';

/** What a loader without an MMU has put into memory. */
export interface LoadedNommu {
  readonly format: 'elf-fdpic' | 'flat';
  readonly startCode: Address;
  readonly startData: Address;
  /** Stack pointer at the first instruction, in the mapping that /proc/PID/maps calls [stack]. */
  readonly startStack: Address;
  readonly mapped: MappedFile;
  /** The dynamic loader of an ELF program that asks for one. */
  readonly interpreter: MappedFile | undefined;
  readonly threadStart: ThreadStart;
}

/**
 * Ends the old program: its memory is freed, and the new file becomes the process's. Compare
 * fs/exec.c:begin_new_exec().
 */
export function beginNewExec(memory: NommuMemory, file: OpenFile, path: string): void {
  memory.exit();
  setExeFile(memory.mm, file);
  memory.mm.trace.sink?.({ type: 'exec', pid: memory.mm.pid, path });
}
