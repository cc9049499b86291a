import { EM_AARCH64, EM_PPC64, EM_RISCV, PF_X, PT_GNU_STACK, type ElfFile } from 'cramfs-elf';
import { PROT_EXEC, PROT_GROWSDOWN, PROT_READ, PROT_WRITE } from '../../memory-map.js';
import { MmuMemory } from '../../mm/mmu-memory.js';
import type { Process } from '../../process.js';

/** Where DEFAULT_STACK_PERMS is without PF_X: sysdeps/MACHINE/stackinfo.h. */
const PLAIN_STACKS = new Set([EM_AARCH64, EM_RISCV, EM_PPC64]);

/** Whether an object is made for an executable stack; without PT_GNU_STACK the machine decides. */
export function needsExecutableStack({ segments, machine }: ElfFile): boolean {
  const header = segments.findLast(({ type }) => type === PT_GNU_STACK);
  return header === undefined ? !PLAIN_STACKS.has(machine) : (header.flags & PF_X) !== 0;
}

/**
 * Makes the stack executable up to the page of argc; above it are only arguments, whose pages stay
 * as they were. Compare glibc's sysdeps/unix/sysv/linux/dl-execstack.c.
 *
 * @throws SyscallError of mprotect(2).
 */
export function makeStackExecutable(process: Process): void {
  if (!(process.mm instanceof MmuMemory)) return;
  const { startStack, geometry } = process.mm.mm;
  const protection = PROT_READ | PROT_WRITE | PROT_EXEC | PROT_GROWSDOWN;
  process.mprotect(geometry.alignDown(startStack), geometry.size, protection);
}
