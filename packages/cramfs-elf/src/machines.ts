/* e_machine: include/uapi/linux/elf-em.h. */

export const EM_386 = 3;
export const EM_486 = 6;
export const EM_MIPS = 8;
export const EM_PPC = 20;
export const EM_PPC64 = 21;
export const EM_ARM = 40;
export const EM_SH = 42;
export const EM_X86_64 = 62;
export const EM_XTENSA = 94;
export const EM_AARCH64 = 183;
export const EM_RISCV = 243;
