import { StructLayout, type Field } from '../abi/struct-layout.js';
import { structsFor } from '../abi/structs.js';
import { SIGRETURN_CODE, VDSO_SIGRETURN } from '../abi/riscv-vdso.js';
import {
  encodeSiginfo,
  encodeStack,
  frameAddress,
  restoreMask,
  specialMapping,
  type SignalFrameFormat,
} from './frame.js';

const RA = 1;
const SP = 2;
const A0 = 10;
const A1 = 11;
const A2 = 12;
const REGISTERS = 32;
/** The number of fcsr among the floating-point registers of the processor. */
const FCSR = 32;
/** The size of siginfo_t, whose contents are shorter. */
const SIGINFO = 128;
/** union __riscv_fp_state, which has the size of the Q extension's state. */
const FP_STATE: readonly Field[] = [
  ['fp', 'u64', 32],
  ['fcsr', 'u32'],
  ['fpRest', 'u8', 528 - 32 * 8 - 4],
];

function codeBytes(): Uint8Array {
  const bytes = new Uint8Array(SIGRETURN_CODE.length * 4);
  const view = new DataView(bytes.buffer);
  SIGRETURN_CODE.forEach((word, index) => {
    view.setUint32(index * 4, word, true);
  });
  return bytes;
}

/** struct rt_sigframe of arch/riscv/kernel/signal.c. */
export function riscvSignalFrame(pointerSize: 4 | 8): SignalFrameFormat {
  const stackSize = structsFor(pointerSize).stack.size;
  const ucontext = new StructLayout(
    [
      ['flags', 'ulong'],
      ['link', 'ptr'],
      ['stack', 'u8', stackSize],
      ['sigmask', 'u64'],
      ['unused', 'u8', 128 - 8],
    ],
    pointerSize,
  );
  // struct sigcontext is aligned to 16 bytes, like the state of the Q extension in it.
  const contextAt = Math.ceil(ucontext.size / 16) * 16;
  const sigcontext = new StructLayout([['regs', 'ulong', REGISTERS], ...FP_STATE], pointerSize, 16);
  const ucontextSize = contextAt + sigcontext.size;
  const codeAt = SIGINFO + ucontextSize;

  return {
    push({ kernel, task, info, action, mask }) {
      const { processor, abi, machine } = kernel;
      const sp = processor.readUnsigned(SP);
      const size = Math.ceil((codeAt + (machine.mmu ? 0 : 8)) / 16) * 16;
      const frame = frameAddress(task, action, sp, size, 16);
      const bytes = new Uint8Array(codeAt + (machine.mmu ? 0 : 8));
      bytes.set(encodeSiginfo(abi, info));
      const stack = encodeStack(abi, task, sp);
      bytes.set(ucontext.encode({ sigmask: mask, stack }), SIGINFO);
      const regs = new Uint8Array(REGISTERS * pointerSize);
      const view = new DataView(regs.buffer);
      for (let register = 0; register < REGISTERS; register += 1) {
        const value = register === 0 ? BigInt(processor.pc) : processor.readExact(register);
        if (pointerSize === 8) view.setBigInt64(register * 8, value, true);
        else view.setInt32(register * 4, Number(BigInt.asIntN(32, value)), true);
      }
      const fp = new Uint8Array(REGISTERS * 8);
      const fpView = new DataView(fp.buffer);
      for (let register = 0; register < REGISTERS; register += 1) {
        fpView.setBigUint64(register * 8, BigInt.asUintN(64, processor.readFloat(register)), true);
      }
      const fcsr = processor.readFloat(FCSR);
      bytes.set(sigcontext.encode({ regs, fp, fcsr }), SIGINFO + contextAt);
      if (!machine.mmu) bytes.set(codeBytes(), codeAt);
      const returnsTo = machine.mmu
        ? specialMapping(task, '[vdso]') + VDSO_SIGRETURN
        : frame + codeAt;
      task.space.write(frame, bytes);
      processor.write(RA, returnsTo);
      processor.write(SP, frame);
      processor.write(A0, info.signal);
      processor.write(A1, frame);
      processor.write(A2, frame + SIGINFO);
      abi.jump(processor, action.handler);
    },

    pop({ processor }, task) {
      const frame = processor.readUnsigned(SP);
      const bytes = task.space.read(frame + SIGINFO, ucontextSize);
      const view = new DataView(bytes.buffer);
      for (let register = 0; register < REGISTERS; register += 1) {
        const at = contextAt + register * pointerSize;
        const value =
          pointerSize === 8 ? view.getBigInt64(at, true) : BigInt(view.getInt32(at, true));
        if (register > 0) processor.write(register, value);
        else processor.pc = Number(BigInt.asUintN(pointerSize * 8, value));
      }
      const fpAt = contextAt + sigcontext.offsetOf('fp');
      for (let register = 0; register <= REGISTERS; register += 1) {
        const at = fpAt + register * 8;
        const isControl = register === FCSR;
        const bits = isControl ? BigInt(view.getUint32(at, true)) : view.getBigUint64(at, true);
        processor.writeFloat(register, bits);
      }
      restoreMask(task, view.getBigUint64(ucontext.offsetOf('sigmask'), true));
    },
  };
}
