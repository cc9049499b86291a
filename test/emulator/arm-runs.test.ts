/**
 * The programs of ARM's records run, without an MMU and with: what they have seen of their registers,
 * load maps, data and areas on a real kernel they see here.
 */
import { openImage } from 'cramfs-reader';
import { LinearMemory } from 'xip-cpu';
import { ERRNO_NUMBERS, boardFor, bootKernel, startFirst } from 'xip-cpu/linux';
import { ROM_MACHINE_RAM, isSyscallError, mountRoot, romMachine } from 'xip-emu';
import { describe, expect, test } from 'vitest';
import { recordingHost } from '../helpers/arm-boot.js';
import { armFixture, armTests, type ArmTest } from '../helpers/arm-records.js';

/** Where the boards have their ROM. */
const NOMMU = { mmu: false, rom: 0x20000000 } as const;
const MMU = { mmu: true, rom: 0x04000000 } as const;
const PROCESSOR_BYTES = 64 << 20;

interface Run {
  readonly end: string;
  readonly lines: readonly string[];
}

/** Runs a program as the tests of the records do: without an environment. */
async function run(
  image: Uint8Array,
  argv: readonly string[],
  { mmu, rom }: { readonly mmu: boolean; readonly rom: number },
): Promise<Run> {
  const cramfs = openImage(image);
  const linear = new LinearMemory(ROM_MACHINE_RAM + PROCESSOR_BYTES);
  const board = await boardFor('arm', { linear, mmu, seed: 0 });
  const machine = romMachine(cramfs, {
    ...{ mmu, arch: 'arm', physAddr: rom },
    extra: board.machineOptions(cramfs.blockSize),
  });
  mountRoot(machine, cramfs, rom);
  const host = recordingHost();
  const kernel = bootKernel(board, machine, { host });
  kernel.mountByName('proc', 'proc', '/proc', '');
  try {
    startFirst(kernel, { path: argv[0]!, argv, envp: [] });
  } catch (error) {
    if (!isSyscallError(error)) throw error;
    return { end: `errno:${ERRNO_NUMBERS[error.code]}`, lines: [] };
  }
  const end = kernel.run(10_000_000);
  const lines = host
    .output()
    .split('\n')
    .filter((line) => line !== '');
  if (end.kind === 'exited') return { end: `exit:${end.status}`, lines };
  return { end: end.kind === 'killed' ? `signal:${end.signal}` : end.kind, lines };
}

/** Lines whose addresses are places in areas: memory is elsewhere on each board. */
function withoutAddresses(lines: readonly string[]): string[] {
  const areas = lines.flatMap((line) => {
    const [, start, end, label] = /^M ([0-9a-f]+)-([0-9a-f]+) (.*?) *$/.exec(line) ?? [];
    if (start === undefined) return [];
    return [{ start: parseInt(start, 16), end: parseInt(end!, 16), label: label! }];
  });
  const place = (word: string): string => {
    const address = parseInt(word, 16);
    const area = areas.find(({ start, end }) => start <= address && address < end);
    return area === undefined ? word : `<${area.label} + ${address - area.start}>`;
  };
  return lines
    .map((line) => {
      const [, start, end, label] = /^M ([0-9a-f]+)-([0-9a-f]+) (.*?) *$/.exec(line) ?? [];
      if (start === undefined) return line.replace(/\b[0-9a-f]{8}\b/g, place);
      return `M ${parseInt(end!, 16) - parseInt(start, 16)} ${label!}`;
    })
    .sort();
}

/** Programs that print what they see. */
function programs(record: string): ArmTest[] {
  return armTests(record).filter(
    ({ command, end, lines }) =>
      command.startsWith('exec ') &&
      end !== undefined &&
      (end.startsWith('errno:') || lines.some((line) => line.startsWith('X '))),
  );
}

describe.each(['p', 'm', 'k1'])('without an MMU, image %s', (name) => {
  const image = armFixture(`${name}.img`);

  test.each(programs(name))('$command', async ({ command, end, lines }) => {
    const ran = await run(image, command.split(' ').slice(1), NOMMU);
    expect(ran.end).toBe(end);
    const told = (all: readonly string[]): string[] => all.filter((line) => /^[XM] /.test(line));
    expect(withoutAddresses(told(ran.lines))).toEqual(withoutAddresses(told(lines)));
  });
});

/** What programs print. */
function printed(lines: readonly string[]): string[] {
  return lines.filter((line) => /^[XMS] /.test(line));
}

describe('with an MMU, image mm', () => {
  const image = armFixture('mm.img');

  // Addresses and all counts of smaps equal the kernel's.
  test.each(programs('mm'))('$command', async ({ command, end, lines }) => {
    const ran = await run(image, command.split(' ').slice(1), MMU);
    expect(ran.end).toBe(end);
    expect(printed(ran.lines)).toEqual(printed(lines));
  });
});
