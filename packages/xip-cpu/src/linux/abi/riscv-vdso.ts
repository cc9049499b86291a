import { vdsoImage, vdsoOffset, type VdsoFunction } from './vdso.js';

/** EM_RISCV */
const MACHINE = 243;
/** EF_RISCV_RVC, EF_RISCV_FLOAT_ABI_DOUBLE */
const ELF_FLAGS = 5;
const ECALL = 0x00000073;
const RET = 0x00008067;

/** `li a7, call` */
function loadNumber(call: number): number {
  return (call << 20) | 0x893;
}

/** Returns a function that only makes a system call. */
function systemCall(name: string, call: number): VdsoFunction {
  return { name, code: () => [loadNumber(call), ECALL, RET] };
}

/**
 * A clock: it reads the first word of [vvar], the two pages before [vdso], and makes the system call. The
 * kernel's own functions do that for clocks that cannot be read in user mode. Compare
 * lib/vdso/gettimeofday.c:__cvdso_clock_gettime_common().
 */
function clock(name: string, call: number): VdsoFunction {
  return {
    name,
    code: (offset) => [
      0xffffe297, // auipc t0, -2
      (-offset << 20) | 0x2a283, // lw t0, -offset(t0)
      loadNumber(call),
      ECALL,
      RET,
    ],
  };
}

/** `li a7, __NR_rt_sigreturn; ecall`: what a handler returns to. */
export const SIGRETURN_CODE = [loadNumber(139), ECALL];
/** Its offset in [vdso]. */
export const VDSO_SIGRETURN = vdsoOffset(0);

const FUNCTIONS: readonly VdsoFunction[] = [
  { name: '__vdso_rt_sigreturn', code: () => SIGRETURN_CODE },
  systemCall('__vdso_getcpu', 168),
  systemCall('__vdso_flush_icache', 259),
];
/**
 * There are no functions for calls of 32 bits: arch/riscv/kernel/vdso/vdso.lds.S:HAS_VGETTIMEOFDAY.
 */
const CLOCKS = [
  clock('__vdso_gettimeofday', 169),
  clock('__vdso_clock_gettime', 113),
  clock('__vdso_clock_getres', 114),
];

/** [vvar], whose second page has content in a time namespace only, and [vdso]. */
export function riscvVdsoPages(
  pointerSize: 4 | 8,
  pageSize: number,
): ReadonlyMap<string, Uint8Array> {
  const functions = pointerSize === 8 ? [...FUNCTIONS, ...CLOCKS] : FUNCTIONS;
  const vdso = vdsoImage({ pointerSize, machine: MACHINE, flags: ELF_FLAGS, pageSize, functions });
  return new Map([
    ['[vvar]', new Uint8Array(pageSize)],
    ['[vdso]', vdso],
  ]);
}
