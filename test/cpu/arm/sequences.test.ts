import { expect, test } from 'vitest';
import { describeWithPeers, withTemporaryDirectory } from '../../helpers/peers.js';
import { A32_CANDIDATES, T32_CANDIDATES } from './candidates.js';
import { buildHost, runOnQemu } from './host.js';
import { differences, readRecorded, writeRecorded } from './recorded.js';
import { SequenceBuilder, randomNumbers, type Sequence } from './sequences.js';

/** What the random programs of other tests are multiplied with, too. */
const SEQUENCES = Number(process.env['RANDOM_PROGRAMS'] ?? 400);
const LENGTH = 6;

/** Branches out of a sequence, and stops: no random sequence has them. */
const ELSEWHERE = /^(BX|BXJ|BLX \(.*\)|BKPT|SVC|UDF|BL|B)$/;

test('recorded sequences of A32 and T32 end as on qemu-arm', () => {
  const builder = new SequenceBuilder();
  const recorded = readRecorded();
  expect(recorded.length).toBeGreaterThan(500);
  for (const { sequence, after } of recorded) {
    expect(differences(builder.run(sequence), after), sequence.names.join(', ')).toEqual([]);
  }
});

describeWithPeers(['qemu-arm', 'arm-linux-gnueabihf-gcc'], 'random sequences', () => {
  test.each([
    { name: 'A32', thumb: false, candidates: A32_CANDIDATES },
    { name: 'T32', thumb: true, candidates: T32_CANDIDATES },
  ])('of $name end as on qemu-arm', async ({ thumb, candidates }) => {
    const builder = new SequenceBuilder();
    const executed = new Map<string, number>();
    const count = (name: string): void => void executed.set(name, (executed.get(name) ?? 0) + 1);
    const sequences: Sequence[] = [];
    const add = (from: typeof candidates, length: number): void => {
      const seed = sequences.length + 1;
      sequences.push(builder.build(randomNumbers(seed), thumb, from, length, count));
    };
    for (let i = 0; i < SEQUENCES; i++) add(candidates, LENGTH);
    // Each instruction is also tested alone, because some rarely execute in a sequence.
    const single = candidates.filter(({ name }) => !ELSEWHERE.test(name));
    for (const candidate of single) {
      const before = executed.get(candidate.name) ?? 0;
      for (let i = 0; i < 200 && (executed.get(candidate.name) ?? 0) < before + 3; i++) {
        add([candidate], 2);
      }
    }
    expect(single.filter(({ name }) => !executed.has(name)).map(({ name }) => name)).toEqual([]);
    await withTemporaryDirectory((directory) => {
      const answers = runOnQemu(buildHost(directory), sequences);
      sequences.forEach((sequence, index) => {
        const found = differences(builder.run(sequence), answers[index]!);
        expect(found, `${index}: ${sequence.names.join(', ')}`).toEqual([]);
      });
      if (process.env['RECORD_SEQUENCES'] !== undefined) {
        records.push(
          ...sequences.map((sequence, index) => ({
            seed: index + 1,
            sequence,
            after: answers[index]!,
          })),
        );
        if (thumb) writeRecorded(records);
      }
    });
  });
});

/** Filled if the environment has RECORD_SEQUENCES, and written to the fixture. */
const records: Parameters<typeof writeRecorded>[0][number][] = [];
