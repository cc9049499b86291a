import { EM_ARM } from 'cramfs-elf';
import { vdsoImage, type VdsoFunction } from './vdso.js';

const EF_ARM_EABI_VER5 = 0x05000000;
const PAGE_SIZE = 4096;

/**
 * A clock in A32: it reads the first word of [vvar], which is the page before [vdso], and makes the system
 * call. The kernel's own functions do that for clocks that cannot be read in user mode. Compare
 * lib/vdso/gettimeofday.c:__cvdso_clock_gettime_common().
 */
function clock(name: string, call: number): VdsoFunction {
  return {
    name,
    code: (offset) => [
      0xe24fca01, // sub ip, pc, #0x1000
      0xe51cc000 + offset + 8, // ldr ip, [ip, #-(offset + 8)]
      0xe52d7004, // push {r7}
      0xe3007000 + call, // movw r7, #call
      0xef000000, // svc 0
      0xe49d7004, // pop {r7}
      0xe12fff1e, // bx lr
    ],
  };
}

/** The functions of arch/arm/vdso/vdso.lds.S. */
const FUNCTIONS = [
  clock('__vdso_clock_gettime', 263),
  clock('__vdso_gettimeofday', 78),
  clock('__vdso_clock_getres', 264),
  clock('__vdso_clock_gettime64', 403),
];

/** [vvar] and [vdso]. */
export function armVdsoPages(): (readonly [string, Uint8Array])[] {
  const format = { pointerSize: 4, machine: EM_ARM, flags: EF_ARM_EABI_VER5 } as const;
  return [
    ['[vvar]', new Uint8Array(PAGE_SIZE)],
    ['[vdso]', vdsoImage({ ...format, pageSize: PAGE_SIZE, functions: FUNCTIONS })],
  ];
}
