/**
 * The recorded mutations of RISC-V programs run: how a program ends is what its own instructions do. Those that
 * a dynamic loader starts run with the loader of Debian's cross compiler, if that is the recorded one.
 */
import { existsSync, readFileSync } from 'node:fs';
import { crc32 } from 'node:zlib';
import { openImage } from 'cramfs-reader';
import { boardFor, bootKernel, executionMemory, signalName, startFirst } from 'xip-cpu/linux';
import { isSyscallError, mountRoot, romMachine } from 'xip-emu';
import { describe, expect, test } from 'vitest';
import { recordingHost } from '../helpers/arm-boot.js';
import {
  fixture,
  mutate,
  mutatedPrograms,
  type MutatedProgram,
} from '../helpers/exec-mutations.js';
import { buildRawImage, directory, file, type RawNode } from '../helpers/raw-image.js';

const BATCH = 20;
const TIME_LIMIT_MS = 120_000;
const ROM = 0x22000000;
const INSTRUCTIONS = 10_000_000;
const LOADER = '/usr/riscv64-linux-gnu/lib/ld-linux-riscv64-lp64d.so.1';

/** Of libc6-riscv64-cross 2.36-8cross1, as in the records. */
const LOADER_CRC = 0x7d06762b;

const BASES = new Map([
  ['q-static', fixture('q-static')],
  ['q-pie', fixture('q-pie')],
  ['q-dyn', fixture('q-dyn')],
]);

function program(content: Uint8Array): RawNode {
  return file(content, { mode: 0o755, blocks: 'U'.repeat(Math.ceil(content.length / 4096)) });
}

async function run(content: Uint8Array): Promise<string> {
  const loader = hasLoader === undefined ? readFileSync(LOADER) : BASES.get('q-pie')!;
  const rom = directory({ program: program(content), 'ld.so': program(loader) }, { mode: 0o755 });
  const { bytes } = buildRawImage([['rom', rom]]);
  const image = openImage(bytes);
  const linear = executionMemory(bytes.length);
  const board = await boardFor('riscv64', { linear, mmu: true });
  const machine = romMachine(image, {
    ...{ mmu: true, arch: 'riscv64', physAddr: ROM, config: { VA_BITS: 57 } },
    extra: board.machineOptions(image.blockSize),
  });
  mountRoot(machine, image, ROM);
  const kernel = bootKernel(board, machine, { host: recordingHost() });
  try {
    startFirst(kernel, { path: '/rom/program', argv: ['/rom/program', 'x'], envp: [] });
    const end = kernel.run(INSTRUCTIONS);
    if (end.kind === 'exited') return `ok exit:${end.status}`;
    return end.kind === 'killed' ? `ok signal:${signalName(end.signal)}` : end.kind;
  } catch (error) {
    if (isSyscallError(error)) return error.code;
    throw error;
  }
}

/**
 * A machine is made for each program, so not all are run: one of so many of those whose end only their own code
 * tells, and of the others.
 */
const OWN_END_SAMPLE = 5;
const SAMPLE = 60;

const hasLoader =
  existsSync(LOADER) && crc32(readFileSync(LOADER)) === LOADER_CRC ? undefined : 'another loader';

function isRun({ ret, status, description }: MutatedProgram, index: number): boolean {
  if (ret !== 'ok' || !/ (truncated to|.*=0x)/.test(description)) return false;
  const isDynamic = description.startsWith('q-dyn');
  if (isDynamic && hasLoader !== undefined) return false;
  const isOwnEnd = status !== 'exit:7' && (isDynamic || status === 'signal:SIGILL');
  return index % (isOwnEnd ? OWN_END_SAMPLE : SAMPLE) === 0;
}

describe(`with an MMU${hasLoader === undefined ? '' : ` (programs with a loader are left out: ${hasLoader})`}`, () => {
  const rows = mutatedPrograms('mmu').filter(isRun);
  const batches = Array.from({ length: Math.ceil(rows.length / BATCH) }, (_, index) =>
    rows.slice(index * BATCH, (index + 1) * BATCH),
  );

  test.each(batches.map((batch) => [batch[0]!.name, batch] as const))(
    'the end of %s and those after it',
    async (_, batch) => {
      const differences: string[] = [];
      for (const { name, ret, status, description } of batch) {
        const actual = await run(mutate(description, BASES));
        if (actual !== `${ret} ${status}`)
          differences.push(`${name}: ${ret} ${status}, not ${actual} (${description})`);
      }
      expect(differences).toEqual([]);
    },
    TIME_LIMIT_MS,
  );
});
