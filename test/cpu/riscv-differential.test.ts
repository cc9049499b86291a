import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { Xlen } from 'xip-cpu';
import { describe, expect, test } from 'vitest';
import { describeWithPeers, runPeerOk, withTemporaryDirectory } from '../helpers/peers.js';
import { randomPrograms, randomProgramsTimeout } from '../helpers/random-programs.js';
import { firstDifference, runProgram } from '../helpers/riscv-difference.js';
import { randomProgram, type RandomProgram } from '../helpers/riscv-programs.js';

/*
 * Random instruction sequences: the same registers and memory as QEMU has after each of them. What QEMU said of some is
 * kept in test/fixtures/cpu; where qemu-riscv64 and qemu-riscv32 are installed, others are tried. RECORD=1 writes the
 * fixtures anew.
 */

const FIXTURES = new URL('../fixtures/cpu/', import.meta.url);
const SEQUENCES = 60;
const LENGTH = 24;
const LIVE = 4;

/** A program, what QEMU wrote when it ran, and where its sequences are. */
interface Recorded extends Omit<RandomProgram, 'elf'> {
  readonly elf: string;
  readonly output: string;
}

async function underQemu(xlen: Xlen, { elf }: RandomProgram): Promise<Uint8Array> {
  return withTemporaryDirectory((folder) => {
    const file = join(folder, 'program');
    writeFileSync(file, elf);
    chmodSync(file, 0o755);
    return runPeerOk(`qemu-riscv${xlen}`, ['-cpu', `rv${xlen},zba=on,zbb=on,zbs=on`, file]);
  });
}

describe.each<Xlen>([64, 32])('RV%i', (xlen) => {
  const fixture = new URL(`riscv${xlen}.json.gz`, FIXTURES);

  test.runIf(existsSync(fixture))('sequences that QEMU has executed', () => {
    const recorded = JSON.parse(gunzipSync(readFileSync(fixture)).toString()) as Recorded[];
    expect(recorded.length).toBeGreaterThan(0);
    for (const { elf, output, ...program } of recorded) {
      const ours = runProgram(Buffer.from(elf, 'base64'), xlen);
      const theirs = Buffer.from(output, 'base64');
      expect(firstDifference(program, xlen, ours, theirs)).toBeUndefined();
    }
  });

  describeWithPeers(`qemu-riscv${xlen}`, 'beside QEMU', () => {
    const count = randomPrograms(LIVE);
    test('random sequences', { timeout: randomProgramsTimeout(LIVE) }, async () => {
      for (let seed = 1; seed <= count; seed += 1) {
        const program = randomProgram(xlen, 1000 + seed, SEQUENCES * 4, LENGTH);
        const theirs = await underQemu(xlen, program);
        const ours = runProgram(program.elf, xlen);
        expect(firstDifference(program, xlen, ours, theirs), `seed ${seed}`).toBeUndefined();
      }
    });

    test.runIf(process.env['RECORD'] === '1')('fixtures', async () => {
      const recorded: Recorded[] = [];
      for (let seed = 1; seed <= 2; seed += 1) {
        const { elf, ...program } = randomProgram(xlen, seed, SEQUENCES, LENGTH);
        const output = Buffer.from(await underQemu(xlen, { elf, ...program }));
        recorded.push({
          ...program,
          elf: Buffer.from(elf).toString('base64'),
          output: output.toString('base64'),
        });
      }
      writeFileSync(fixture, gzipSync(JSON.stringify(recorded), { level: 9 }));
    });
  });
});
