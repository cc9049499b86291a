import type { Processor } from '../../processor.js';
import { riscvSignalFrame } from '../signals/riscv-frame.js';
import type { Abi } from './abi.js';
import { RISCV32_CALLS, RISCV64_CALLS } from './generic-numbers.js';
import { riscvVdsoPages } from './riscv-vdso.js';
import { StructLayout } from './struct-layout.js';
import { structsFor } from './structs.js';

const SP = 2;
const TP = 4;
const A0 = 10;
const A1 = 11;
const A2 = 12;
const A3 = 13;
const A7 = 17;
const REGISTERS = 32;
const FCSR = 32;
/** ecall has no compressed form. */
const ECALL_LENGTH = 4;

/**
 * Returns the data that both widths share. Numbers of O_* are from
 * include/uapi/asm-generic/fcntl.h.
 */
function riscv(name: 'riscv64' | 'riscv32', pointerSize: 4 | 8): Omit<Abi, 'calls' | 'stat'> {
  return {
    name,
    machine: name,
    pointerSize,
    registers: { number: A7, arguments: [A0, A1, A2, A3, 14, 15, 16], result: A0, stack: SP },
    // The calling convention aligns pairs of variadic arguments only.
    alignsPairs: false,
    openFlags: { directory: 0o200000, noFollow: 0o400000 },
    structs: structsFor(pointerSize),
    // There is no SA_RESTORER: handlers return to [vdso].
    sigaction: new StructLayout(
      [
        ['handler', 'ptr'],
        ['flags', 'ulong'],
        ['mask', pointerSize === 8 ? 'u64' : 'u32', pointerSize === 8 ? 1 : 2],
      ],
      pointerSize,
    ),
    signalFrame: riscvSignalFrame(pointerSize),
    specialPages: (pageSize) => riscvVdsoPages(pointerSize, pageSize),
    setThreadPointer(processor, address) {
      processor.write(TP, address);
    },
    jump(processor, address) {
      processor.pc = address;
    },
    repeatCall(processor) {
      processor.pc -= ECALL_LENGTH;
    },
    startThread(processor, { pc, sp, fdpic }) {
      clearRegisters(processor);
      processor.pc = pc;
      processor.write(SP, sp);
      if (fdpic === undefined) return;
      processor.write(A1, fdpic.programMap);
      processor.write(A2, fdpic.interpreterMap);
      processor.write(A3, fdpic.dynamic);
    },
  };
}

function clearRegisters(processor: Processor): void {
  for (let register = 1; register < REGISTERS; register += 1) {
    processor.write(register, 0);
    processor.writeFloat(register, 0n);
  }
  processor.writeFloat(0, 0n);
  processor.writeFloat(FCSR, 0n);
}

export const RISCV64_ABI: Abi = {
  ...riscv('riscv64', 8),
  calls: RISCV64_CALLS,
  // include/uapi/asm-generic/stat.h
  stat: new StructLayout(
    [
      ['dev', 'ulong'],
      ['ino', 'ulong'],
      ['mode', 'u32'],
      ['nlink', 'u32'],
      ['uid', 'u32'],
      ['gid', 'u32'],
      ['rdev', 'ulong'],
      ['pad1', 'ulong'],
      ['size', 'long'],
      ['blksize', 's32'],
      ['pad2', 's32'],
      ['blocks', 'long'],
      ['atime', 'long'],
      ['atimeNsec', 'ulong'],
      ['mtime', 'long'],
      ['mtimeNsec', 'ulong'],
      ['ctime', 'long'],
      ['ctimeNsec', 'ulong'],
      ['unused', 'u32', 2],
    ],
    8,
  ),
};

export const RISCV32_ABI: Abi = {
  ...riscv('riscv32', 4),
  calls: RISCV32_CALLS,
  stat: undefined,
};
