/**
 * Random sequences, instruction by instruction: the registers after each are those of QEMU, and what a processor does
 * does not depend on how many instructions it is asked for at once.
 */
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { RiscvProcessor, type Stop, type Xlen } from 'xip-cpu';
import { describe, expect, test } from 'vitest';
import { FlatRange } from '../helpers/flat-memory.js';
import { describeWithPeers, withTemporaryDirectory } from '../helpers/peers.js';
import { differenceOfSteps, stepsOnQemu, type Step } from '../helpers/qemu-steps.js';
import { randomPrograms, randomProgramsTimeout } from '../helpers/random-programs.js';
import { START, randomNumbers, randomProgram } from '../helpers/riscv-programs.js';

const SEQUENCES = 150;
const LENGTH = 24;
const SIZE = 8 << 20;

interface Loaded {
  readonly memory: FlatRange;
  readonly processor: RiscvProcessor;
}

function load(elf: Uint8Array, xlen: Xlen): Loaded {
  const memory = new FlatRange(START, SIZE);
  memory.bytes.set(elf);
  const processor = new RiscvProcessor(memory.linear, xlen);
  processor.use(memory);
  processor.pc = new DataView(elf.buffer).getUint32(24, true);
  return { memory, processor };
}

const REGISTERS = Array.from({ length: 32 }, (_, register) => register);

function stepOf(processor: RiscvProcessor, xlen: Xlen): Step {
  return {
    pc: processor.pc,
    registers: REGISTERS.map((register) => BigInt.asUintN(xlen, processor.readExact(register))),
    floats: REGISTERS.map((register) => BigInt.asUintN(64, processor.readFloat(register))),
  };
}

describe.each<Xlen>([64, 32])('RV%i', (xlen) => {
  describeWithPeers(`qemu-riscv${xlen}`, 'beside QEMU', () => {
    const count = randomPrograms(1);
    test('registers after each instruction', { timeout: randomProgramsTimeout(1) }, async () => {
      for (let seed = 1; seed <= count; seed += 1) {
        const { elf } = randomProgram(xlen, 7000 + seed, SEQUENCES, LENGTH);
        const theirs = await withTemporaryDirectory((folder) => {
          const program = join(folder, 'program');
          writeFileSync(program, elf);
          chmodSync(program, 0o755);
          const cpu = ['-cpu', `rv${xlen},zba=on,zbb=on,zbs=on`];
          const range = [START, START + SIZE] as const;
          return stepsOnQemu(`qemu-riscv${xlen}`, { argv: [...cpu, program], range }, folder);
        });
        // Until the first system call, which is write(2).
        const { processor } = load(elf, xlen);
        // The stack pointer that QEMU starts with.
        processor.write(2, theirs[0]!.registers[2]!);
        const ours: Step[] = [];
        do ours.push(stepOf(processor, xlen));
        while (processor.run(1).kind === 'limit');
        expect(ours.length).toBeGreaterThan(SEQUENCES * LENGTH);

        const difference = differenceOfSteps(ours, theirs.slice(0, ours.length));
        expect(difference, `seed ${seed}`).toBeUndefined();
      }
    });
  });

  test.each([1, 2, 3])('one by one, in pieces and at once is the same, seed %i', (seed) => {
    const { elf } = randomProgram(xlen, 8000 + seed, SEQUENCES, LENGTH);
    const ends = [() => 1, randomPieces(seed), () => 1e9].map((piece) => {
      const { memory, processor } = load(elf, xlen);
      let stop: Stop;
      do stop = processor.run(piece());
      while (stop.kind === 'limit');
      const { executed, fcsr } = processor;
      return { stop, executed, fcsr, ...stepOf(processor, xlen), memory: memory.bytes };
    });
    expect(ends[0]!.stop).toEqual({ kind: 'syscall' });
    for (const { memory, ...end } of ends.slice(1)) {
      const { memory: expected, ...one } = ends[0]!;
      expect(end).toEqual(one);
      expect(Buffer.compare(memory, expected)).toBe(0);
    }
  });
});

function randomPieces(seed: number): () => number {
  const random = randomNumbers(seed);
  return () => 1 + random(40);
}
