import { LinearMemory, RiscvProcessor, type Stop, type Xlen } from 'xip-cpu';
import { describe, expect, test } from 'vitest';
import { FlatRange } from '../helpers/flat-memory.js';
import { START, randomNumbers, randomProgram } from '../helpers/riscv-programs.js';

const SIZE = 8 << 20;

function processorWith(
  code: Uint8Array | readonly number[],
  xlen: Xlen = 64,
): [RiscvProcessor, FlatRange] {
  const memory = new FlatRange(START, SIZE);
  if (code instanceof Uint8Array) memory.bytes.set(code);
  else for (const [at, word] of code.entries()) put(memory, START + at * 4, word);
  const processor = new RiscvProcessor(memory.linear, xlen);
  processor.use(memory);
  processor.pc = START;
  return [processor, memory];
}

function put(memory: FlatRange, address: number, word: number): void {
  const { buffer, byteOffset } = memory.bytes;
  new DataView(buffer).setUint32(byteOffset + address - START, word, true);
}

// Instructions, as an assembler gives them.
const ADDI_A0_1 = 0x00150513; // addi a0, a0, 1
const ADDI_A0_2 = 0x00250513; // addi a0, a0, 2
const SW_A1_A2 = 0x00b62023; // sw a1, 0(a2)
const LW_A0_A2 = 0x00062503; // lw a0, 0(a2)
const SW_A0_A2 = 0x00a62023; // sw a0, 0(a2)
const LD_A0_A2 = 0x00063503; // ld a0, 0(a2)
const LOOP = 0xffdff06f; // j .-4
const FENCE_I = 0x0000100f;
const ECALL = 0x00000073;
const EBREAK = 0x00100073;
const A0 = 10;
const A1 = 11;
const A2 = 12;

describe.each<Xlen>([64, 32])('RV%i', (xlen) => {
  test('runs of any lengths come to the same state, and are as long as they were asked to be', () => {
    const program = randomProgram(xlen, 77, 40, 24).elf;
    const entry = new DataView(program.buffer).getUint32(24, true);
    const [whole] = processorWith(program, xlen);
    whole.pc = entry;
    expect(whole.run(1e9)).toEqual({ kind: 'syscall' });
    const random = randomNumbers(5);
    for (const longest of [1, 2, 30, 200]) {
      const [pieces] = processorWith(program, xlen);
      pieces.pc = entry;
      let stop: Stop;
      do {
        const before = pieces.executed;
        const limit = 1 + random(longest);
        stop = pieces.run(limit);
        if (stop.kind === 'limit') expect(pieces.executed - before).toBe(limit);
        else expect(pieces.executed - before).toBeLessThanOrEqual(limit);
      } while (stop.kind === 'limit');
      expect(stop).toEqual({ kind: 'syscall' });
      expect(pieces.executed).toBe(whole.executed);
      expect(pieces.save()).toEqual(whole.save());
    }
  });

  test('what is saved is restored, into another processor as well', () => {
    const program = randomProgram(xlen, 78, 4, 24).elf;
    const entry = new DataView(program.buffer).getUint32(24, true);
    const [first, memory] = processorWith(program, xlen);
    first.pc = entry;
    first.run(100);
    const [second, other] = processorWith(memory.bytes, xlen);
    other.bytes.set(memory.bytes);
    second.restore(first.save());
    expect(second.pc).toBe(first.pc);
    expect([first.run(1e9), second.run(1e9)]).toEqual([{ kind: 'syscall' }, { kind: 'syscall' }]);
    expect(second.save()).toEqual(first.save());
  });
});

test('a loop that never ends is left at the limit, and can be gone on with', () => {
  const [processor] = processorWith([ADDI_A0_1, LOOP]);
  expect(processor.run(5_000_001)).toEqual({ kind: 'limit' });
  expect(processor.executed).toBe(5_000_001);
  expect(processor.read(A0)).toBe(2_500_001);
  expect(processor.pc).toBe(START + 4);
});

test('the pc is after an ecall, and at an ebreak', () => {
  const [processor] = processorWith([ECALL, EBREAK]);
  expect(processor.run(10)).toEqual({ kind: 'syscall' });
  expect(processor.pc).toBe(START + 4);
  expect(processor.executed).toBe(1);
  expect(processor.run(10)).toEqual({ kind: 'breakpoint' });
  expect(processor.pc).toBe(START + 4);
});

test('a fault leaves everything as it was, with the pc at the instruction', () => {
  const [processor] = processorWith([ADDI_A0_1, SW_A0_A2, LW_A0_A2]);
  processor.write(A2, 0x1000);
  const fault = { kind: 'fault', signal: 'SIGSEGV', code: 'MAPERR', address: 0x1000 };
  expect(processor.run(10)).toEqual(fault);
  expect([processor.pc, processor.executed, processor.read(A0)]).toEqual([START + 4, 1, 1]);
  processor.pc = START + 8;
  expect(processor.run(10)).toEqual(fault);
  expect([processor.pc, processor.read(A0)]).toEqual([START + 8, 1]);
  processor.pc = 0x5000;
  expect(processor.run(10)).toEqual({ ...fault, address: 0x5000 });
  expect(processor.pc).toBe(0x5000);
});

test('bytes in two pages: both are stored or none, and both are loaded', () => {
  const [processor, memory] = processorWith([SW_A1_A2, LD_A0_A2]);
  processor.write(A1, 0x11223344);
  processor.write(A2, START + 4096 * 3 - 2);
  expect(processor.run(2)).toEqual({ kind: 'limit' });
  expect(processor.readExact(A0)).toBe(0x11223344n);
  processor.pc = START;
  processor.write(A2, START + SIZE - 2);
  expect(processor.run(1)).toMatchObject({ kind: 'fault', address: START + SIZE });
  expect([...memory.bytes.slice(-2)]).toEqual([0, 0]);
});

test('an instruction in two pages, and the fault of its second half', () => {
  const [processor, memory] = processorWith([]);
  const at = START + 4096 - 2;
  const { buffer, byteOffset } = memory.bytes;
  new DataView(buffer).setUint32(byteOffset + at - START, ADDI_A0_2, true);
  put(memory, at + 6, 0);
  processor.pc = at;
  expect(processor.run(1)).toEqual({ kind: 'limit' });
  expect([processor.read(A0), processor.pc]).toEqual([2, at + 4]);
  const last = START + SIZE - 2;
  memory.bytes.set([ADDI_A0_2 & 255, (ADDI_A0_2 >> 8) & 255], SIZE - 2);
  processor.pc = last;
  expect(processor.run(1)).toMatchObject({ kind: 'fault', address: START + SIZE });
  expect(processor.pc).toBe(last);
});

test.each([
  ['the next instruction', 0],
  ['an instruction after a fence.i', 1],
])('a program that changes %s executes what it has stored', (_, fences) => {
  const code = [SW_A1_A2, ...Array.from({ length: fences }, () => FENCE_I), ADDI_A0_1, LOOP];
  const [processor] = processorWith([ADDI_A0_1, EBREAK]);
  // Decoded once before the store, and again after it.
  expect(processor.run(2)).toEqual({ kind: 'breakpoint' });
  const [changer, memory] = processorWith(code);
  const target = START + 4 + 4 * fences;
  changer.write(A1, ADDI_A0_2);
  changer.write(A2, target);
  changer.pc = target;
  changer.run(1);
  expect(changer.read(A0)).toBe(1);
  changer.pc = START;
  changer.run(2 + fences);
  expect(changer.read(A0)).toBe(3);
  expect(
    new DataView(memory.bytes.buffer).getUint32(memory.bytes.byteOffset + target - START, true),
  ).toBe(ADDI_A0_2);
});

test('a store over its own instruction goes on after it', () => {
  const C_SW_A1_A2 = 0xc20c; // c.sw a1, 0(a2)
  const NOPS = 0x00010001;
  // The store has 2 bytes and stores 4 from its own place on: next comes the second half.
  const [processor] = processorWith([NOPS, C_SW_A1_A2 | (1 << 16), EBREAK]);
  processor.write(A1, ADDI_A0_2);
  processor.write(A2, START + 4);
  processor.run(3);
  expect(processor.pc).toBe(START + 6);
});

test('atomic operations have to be aligned', () => {
  const AMOADD_W = 0x00b6252f; // amoadd.w a0, a1, (a2)
  const LR_D = 0x1006352f; // lr.d a0, (a2)
  const [processor] = processorWith([AMOADD_W, LR_D]);
  for (const [pc, address] of [
    [START, START + 0x102],
    [START + 4, START + 0x104],
  ] as const) {
    processor.pc = pc;
    processor.write(A2, address);
    expect(processor.run(1)).toEqual({ kind: 'fault', signal: 'SIGBUS', code: 'ADRALN', address });
    expect(processor.pc).toBe(pc);
  }
});

test('SC fails once the reservation is dropped', () => {
  const LR_W = 0x1006252f; // lr.w a0, (a2)
  const SC_W = 0x18b6252f; // sc.w a0, a1, (a2)
  const [processor] = processorWith([LR_W, SC_W]);
  processor.write(A2, START + 0x100);
  processor.run(2);
  expect(processor.read(A0)).toBe(0);
  processor.pc = START;
  processor.run(1);
  processor.clearReservation();
  processor.run(1);
  expect(processor.read(A0)).toBe(1);
});

test('what is not an instruction, and what is not implemented', () => {
  const VSETVLI = 0x0d0572d7; // vsetvli t0, a0, e32, m1
  const CSRR_SATP = 0x18002573; // csrr a0, satp
  const [processor] = processorWith([0, VSETVLI, CSRR_SATP]);
  expect(processor.run(1)).toEqual({ kind: 'illegal', encoding: 0, name: undefined });
  processor.pc = START + 4;
  const vector = processor.run(1);
  expect(vector).toMatchObject({ kind: 'illegal', encoding: VSETVLI });
  expect(vector.kind === 'illegal' && vector.name).toContain('vector');
  processor.pc = START + 8;
  expect(processor.run(1)).toMatchObject({ kind: 'illegal', encoding: CSRR_SATP });
  expect(processor.executed).toBe(0);
});

test('registers: signed, unsigned, exact; x0 is 0', () => {
  const [processor] = processorWith([]);
  processor.write(A0, -1);
  expect(processor.read(A0)).toBe(-1);
  expect(processor.readUnsigned(A0)).toBe(2 ** 64);
  expect(processor.readExact(A0)).toBe(-1n);
  processor.write(A0, 0xfedcba9876543210n);
  expect(BigInt.asUintN(64, processor.readExact(A0))).toBe(0xfedcba9876543210n);
  processor.write(0, 5);
  expect(processor.read(0)).toBe(0);
  const [narrow] = processorWith([], 32);
  narrow.write(A0, 0xffffffff);
  expect([narrow.read(A0), narrow.readUnsigned(A0)]).toEqual([-1, 0xffffffff]);
});

test('an address space in another memory is refused', () => {
  const [, memory] = processorWith([]);
  const processor = new RiscvProcessor(new LinearMemory(64 << 20), 64);
  expect(() => {
    processor.use(memory);
  }).toThrow('the pages of the address space are in another memory');
});
