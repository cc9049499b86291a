/**
 * Random sequences of A32 and T32, instruction by instruction: the registers and flags after each are those of
 * qemu-arm, and one by one they end as at once.
 */
import { expect, test } from 'vitest';
import { describeWithPeers, withTemporaryDirectory } from '../../helpers/peers.js';
import { differenceOfSteps, stepsOnQemu, type Step } from '../../helpers/qemu-steps.js';
import { randomPrograms, randomProgramsTimeout } from '../../helpers/random-programs.js';
import { A32_CANDIDATES, T32_CANDIDATES } from './candidates.js';
import { buildHost, record } from './host.js';
import { CODE, CODE_BYTES, FLAGS, Machine } from './machine.js';
import { differences } from './recorded.js';
import { SequenceBuilder, randomNumbers, type Sequence } from './sequences.js';

const COUNT = 300;
const LENGTH = 8;
const SETS = [
  { name: 'A32', thumb: false, candidates: A32_CANDIDATES },
  { name: 'T32', thumb: true, candidates: T32_CANDIDATES },
] as const;

function build({ thumb, candidates }: (typeof SETS)[number], count: number): Sequence[] {
  const builder = new SequenceBuilder();
  return Array.from({ length: count }, (_, index) =>
    builder.build(randomNumbers(90_000 + index), thumb, candidates, LENGTH, () => undefined),
  );
}

/** The states before each instruction of a sequence, those at its end included. */
function step(machine: Machine, { code, before, thumb }: Sequence): Step[] {
  const { processor } = machine;
  machine.write(code);
  machine.set(before);
  processor.pc = CODE + (thumb ? 1 : 0);
  const steps: Step[] = [];
  while (processor.pc >= CODE && processor.pc < CODE + CODE_BYTES) {
    const { registers, floats, cpsr, fpscr } = machine.get();
    steps.push({
      ...{ pc: processor.pc, cpsr, fpscr, floats: [...floats] },
      registers: Array.from(registers, BigInt),
    });
    expect(processor.run(1)).toEqual({ kind: 'limit' });
  }
  return steps;
}

describeWithPeers(['qemu-arm', 'arm-linux-gnueabihf-gcc'], 'beside QEMU', () => {
  const count = randomPrograms(COUNT);
  test.each(SETS)(
    'registers after each instruction of $name',
    { timeout: randomProgramsTimeout(COUNT) },
    async (set) => {
      const sequences = build(set, count);
      const theirs = await withTemporaryDirectory((folder) =>
        stepsOnQemu(
          'qemu-arm',
          {
            argv: ['-cpu', 'max', buildHost(folder)],
            input: Buffer.concat(sequences.map(record)),
            range: [CODE, CODE + CODE_BYTES],
          },
          folder,
        ),
      );
      const machine = new Machine();
      const ours = sequences.flatMap((sequence) => step(machine, sequence));
      expect(ours.length).toBeGreaterThan(count * LENGTH);

      const flagged = theirs.map((own) => ({ ...own, cpsr: (own.cpsr! & FLAGS) >>> 0 }));
      expect(differenceOfSteps(ours, flagged)).toBeUndefined();
    },
  );
});

test.each(SETS)('sequences of $name end one by one as at once', (set) => {
  const builder = new SequenceBuilder();
  const machine = new Machine();
  for (const sequence of build(set, 200)) {
    const steps = step(machine, sequence);
    expect(steps.length).toBeGreaterThan(0);
    machine.processor.run(1);
    const found = differences(machine.get(), builder.run(sequence));
    expect(found, sequence.names.join(', ')).toEqual([]);
  }
});
