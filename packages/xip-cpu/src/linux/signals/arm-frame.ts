import { SyscallError } from 'xip-emu';
import { armOf } from '../abi/arm-processor.js';
import { StructLayout, type Field } from '../abi/struct-layout.js';
import { structsFor } from '../abi/structs.js';
import {
  encodeSiginfo,
  encodeStack,
  frameAddress,
  restoreMask,
  specialMapping,
  type SignalFrameFormat,
} from './frame.js';
import { SA_RESTORER, SA_SIGINFO } from './signal-state.js';

const POINTER = 4;
const SP = 13;
const LR = 14;
const SIGINFO = 128;
/** The uc_flags that mark a frame without siginfo_t. */
const OLD_FRAME = 0x5ac3c35a;
/**
 * struct vfp_sigframe in uc_regspace: magic, size, 32 registers, FPSCR, and state that handlers do
 * not see.
 */
const VFP_MAGIC = 0x56465001;
const VFP_SIZE = 8 + 32 * 8 + 8 + 16;

const REGISTERS = 'r0 r1 r2 r3 r4 r5 r6 r7 r8 r9 r10 fp ip sp lr pc'.split(' ');

/** struct sigcontext */
const SIGCONTEXT: readonly Field[] = [
  ['trapNo', 'ulong'],
  ['errorCode', 'ulong'],
  ['oldmask', 'ulong'],
  ...REGISTERS.map((name): Field => [name, 'ulong']),
  ['cpsr', 'ulong'],
  ['faultAddress', 'ulong'],
];

/** struct ucontext */
const UCONTEXT = new StructLayout(
  [
    ['flags', 'ulong'],
    ['link', 'ptr'],
    ['stack', 'u8', structsFor(POINTER).stack.size],
    ...SIGCONTEXT,
    ['sigmask', 'u32', 2],
    ['unused', 's32', 30],
    ['regspace', 'u64', 64],
  ],
  POINTER,
);
/** The frame ends with `unsigned long retcode[4]`. */
const FRAME_SIZE = UCONTEXT.size + 16;

/**
 * The code that a handler returns to: `mov r7, #N; svc` in A32 and in T32, for sigreturn(2) and for
 * rt_sigreturn(2). Compare arch/arm/kernel/sigreturn_codes.S.
 */
const RETURN_CODES = [0xe3a07077, 0xef900077, 0xdf002777, 0xe3a070ad, 0xef9000ad, 0xdf0027ad];
/** The offset of the codes for FDPIC; each has three words in A32 and two in T32. */
const FDPIC_CODES = [
  0xe59d3000 + UCONTEXT.size + 12,
  0xe8930208,
  0xe12fff13,
  // ldr r3, [sp, #offset]; ldmia r3!, {r2, r3}: the offset is in words.
  0xcb0c9b00 + (UCONTEXT.size + 12) / 4,
  0x47104699,
];

/** Returns the content of [sigpage]. */
export function armSigpage(pageSize: number): Uint8Array {
  const bytes = new Uint8Array(pageSize);
  bytes.set(words(RETURN_CODES));
  return bytes;
}

function words(values: readonly number[]): Uint8Array {
  const bytes = new Uint8Array(values.length * POINTER);
  const view = new DataView(bytes.buffer);
  values.forEach((value, index) => {
    view.setUint32(index * POINTER, value >>> 0, true);
  });
  return bytes;
}

/** struct sigframe and struct rt_sigframe of arch/arm/kernel/signal.c. */
export const armSignalFrame: SignalFrameFormat = {
  push({ kernel, task, info, action, mask }) {
    const { abi, machine } = kernel;
    const arm = armOf(kernel.processor);
    const isRt = (action.flags & SA_SIGINFO) !== 0;
    const before = isRt ? SIGINFO : 0;
    const sp = arm.readUnsigned(SP);
    const frame = frameAddress(task, action, sp, before + FRAME_SIZE, 8);
    const values: Record<string, number> = {};
    REGISTERS.forEach((name, register) => {
      values[name] = arm.readUnsigned(register);
    });
    const sigmask = new Uint8Array(8);
    new DataView(sigmask.buffer).setBigUint64(0, mask, true);
    const ucontext = UCONTEXT.encode({
      ...values,
      pc: arm.pc,
      cpsr: arm.cpsr,
      oldmask: Number(mask & 0xffffffffn),
      faultAddress: info.address ?? 0,
      flags: isRt ? 0 : OLD_FRAME,
      stack: isRt ? encodeStack(abi, task, sp) : new Uint8Array(0),
      sigmask,
      regspace: encodeVfp((register) => arm.readFloat(register)),
    });
    const bytes = new Uint8Array(before + FRAME_SIZE);
    if (isRt) bytes.set(encodeSiginfo(abi, info));
    bytes.set(ucontext, before);
    const retcodeAt = before + UCONTEXT.size;

    const descriptor = task.group.isFdpic
      ? [0, 4].map((at) => task.space.readInt32(action.handler + at) >>> 0)
      : undefined;
    const handler = descriptor?.[0] ?? action.handler;
    const thumb = handler & 1;
    const hasRestorer = (action.flags & SA_RESTORER) !== 0;
    const codeIndex = thumb * 2 + (isRt ? 3 : 0);
    let returnsTo = action.restorer;
    if (hasRestorer && descriptor !== undefined) {
      const code = thumb === 1 ? FDPIC_CODES.slice(3) : FDPIC_CODES.slice(0, 3);
      const offset = isRt ? SIGINFO : 0;
      code[0]! += thumb === 1 ? offset / 4 : offset;
      bytes.set(words(code), retcodeAt);
      bytes.set(words([action.restorer]), retcodeAt + 12);
      returnsTo = frame + retcodeAt + thumb;
    } else if (!hasRestorer) {
      bytes.set(words(RETURN_CODES.slice(codeIndex, codeIndex + 2)), retcodeAt);
      returnsTo = machine.mmu
        ? specialMapping(task, '[sigpage]') + codeIndex * POINTER + thumb
        : frame + retcodeAt + thumb;
    }
    task.space.write(frame, bytes);
    arm.write(0, info.signal);
    if (isRt) {
      arm.write(1, frame);
      arm.write(2, frame + SIGINFO);
    }
    arm.write(SP, frame);
    arm.write(LR, returnsTo);
    if (descriptor !== undefined) arm.write(9, descriptor[1]!);
    abi.jump(arm, handler);
  },

  pop(kernel, task, isRt) {
    const arm = armOf(kernel.processor);
    const frame = arm.readUnsigned(SP);
    // Frames are aligned to 8 bytes: any other address was never a frame.
    if (frame % 8 !== 0) throw new SyscallError('EFAULT');
    const bytes = task.space.read(frame + (isRt ? SIGINFO : 0), UCONTEXT.size);
    REGISTERS.slice(0, -1).forEach((name, register) => {
      arm.write(register, UCONTEXT.get(bytes, name));
    });
    // The Thumb bit decides how the address is rounded.
    const cpsr = UCONTEXT.get(bytes, 'cpsr');
    arm.pc = (UCONTEXT.get(bytes, 'pc') & ~1) + ((cpsr >>> 5) & 1);
    arm.cpsr = cpsr;
    decodeVfp(UCONTEXT.part(bytes, 'regspace'), (register, bits) => {
      arm.writeFloat(register, bits);
    });
    const sigmask = UCONTEXT.part(bytes, 'sigmask');
    restoreMask(task, new DataView(sigmask.slice().buffer).getBigUint64(0, true));
  },
};

/** Compare arch/arm/kernel/signal.c:preserve_vfp_context(). */
function encodeVfp(read: (register: number) => bigint): Uint8Array {
  const bytes = new Uint8Array(VFP_SIZE);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, VFP_MAGIC, true);
  view.setUint32(4, VFP_SIZE, true);
  for (let register = 0; register < 32; register += 1) {
    view.setBigUint64(8 + register * 8, BigInt.asUintN(64, read(register)), true);
  }
  view.setUint32(8 + 32 * 8, Number(read(32)), true);
  return bytes;
}

function decodeVfp(bytes: Uint8Array, write: (register: number, bits: bigint) => void): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (view.getUint32(0, true) !== VFP_MAGIC) return;
  for (let register = 0; register < 32; register += 1) {
    write(register, view.getBigUint64(8 + register * 8, true));
  }
  write(32, BigInt(view.getUint32(8 + 32 * 8, true)));
}
