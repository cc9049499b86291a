import { MmuMemory } from '../../mm/mmu-memory.js';
import { vdsoAddress } from '../../mm/special-mapping.js';
import type { Process } from '../../process.js';

/**
 * Reads the headers of [vdso], if the machine has it. Compare glibc's
 * elf/setup-vdso.h:setup_vdso(), musl's ldso/dynlink.c:__dls3().
 */
export function readVdso({ mm }: Process): void {
  if (!(mm instanceof MmuMemory)) return;
  const address = vdsoAddress(mm.mm);
  if (address !== 0) mm.load(address);
}
