import { armSigpage, armSignalFrame } from '../signals/arm-frame.js';
import type { Abi } from './abi.js';
import { armOf } from './arm-processor.js';
import { ARM_CALLS } from './arm-numbers.js';
import { armVdsoPages } from './arm-vdso.js';
import { StructLayout } from './struct-layout.js';
import { structsFor } from './structs.js';
import { emulateSwp } from './swp-emulation.js';

const R0 = 0;
const R7 = 7;
const SP = 13;
const R10 = 10;
const GENERAL = 15;
const FLOATS = 32;
const FPSCR = 32;

/** The EABI. OABI, whose calls have their numbers in the instruction, is not supported. */
export const ARM_ABI: Abi = {
  name: 'arm',
  machine: 'armv7l',
  pointerSize: 4,
  calls: ARM_CALLS,
  registers: { number: R7, arguments: [0, 1, 2, 3, 4, 5, 6], result: R0, stack: SP },
  alignsPairs: true,
  // arch/arm/include/uapi/asm/fcntl.h
  openFlags: { directory: 0o40000, noFollow: 0o100000 },
  structs: structsFor(4),
  // struct stat64 of arch/arm/include/uapi/asm/stat.h
  stat: new StructLayout(
    [
      ['dev', 'u64'],
      ['pad0', 'u8', 4],
      ['ino32', 'ulong'],
      ['mode', 'u32'],
      ['nlink', 'u32'],
      ['uid', 'ulong'],
      ['gid', 'ulong'],
      ['rdev', 'u64'],
      ['pad3', 'u8', 4],
      ['size', 's64'],
      ['blksize', 'ulong'],
      ['blocks', 'u64'],
      ['atime', 'ulong'],
      ['atimeNsec', 'ulong'],
      ['mtime', 'ulong'],
      ['mtimeNsec', 'ulong'],
      ['ctime', 'ulong'],
      ['ctimeNsec', 'ulong'],
      ['ino', 'u64'],
    ],
    4,
  ),
  sigaction: new StructLayout(
    [
      ['handler', 'ptr'],
      ['flags', 'ulong'],
      ['restorer', 'ptr'],
      ['mask', 'u32', 2],
    ],
    4,
  ),
  signalFrame: armSignalFrame,
  specialPages: (pageSize) => new Map([['[sigpage]', armSigpage(pageSize)], ...armVdsoPages()]),
  setThreadPointer(processor, address) {
    armOf(processor).threadPointer = address;
  },
  jump(processor, address) {
    processor.pc = address;
  },
  repeatCall(processor) {
    const { thumb, pc } = armOf(processor);
    processor.pc = thumb ? pc - 2 + 1 : pc - 4;
  },
  emulate: emulateSwp,
  startThread(processor, { pc, sp, fdpic, startData }) {
    const arm = armOf(processor);
    for (let register = 0; register < GENERAL; register += 1) arm.write(register, 0);
    for (let register = 0; register < FLOATS; register += 1) arm.writeFloat(register, 0n);
    arm.writeFloat(FPSCR, 0n);
    arm.threadPointer = 0;
    arm.cpsr = 0;
    arm.pc = pc;
    arm.write(SP, sp);
    if (startData !== undefined) arm.write(R10, startData);
    if (fdpic?.isFdpic !== true) return;
    arm.write(R7, fdpic.programMap);
    arm.write(R7 + 1, fdpic.interpreterMap);
    arm.write(R7 + 2, fdpic.dynamic);
  },
};
