/**
 * The programs of RISC-V's records run, with an MMU and without: what they have seen of their memory on a real
 * kernel, page by page, and of their data, they see here.
 */
import { openImage } from 'cramfs-reader';
import { LinearMemory } from 'xip-cpu';
import { boardFor, bootKernel, startFirst, type Host } from 'xip-cpu/linux';
import { Machine, TmpfsSuperBlock, isSyscallError, type PolicyName } from 'xip-emu';
import { describe, expect, test } from 'vitest';
import { S_IFDIR } from 'cramfs-format';
import { ROM_ADDRESS, kernelImage } from '../helpers/kernel-images.js';
import { recordedScenarios } from '../helpers/kernel-records.js';

const ROM_SIZE = 32 << 20;
const RAM_SIZE = 32 << 20;
const RAM_ADDRESS = 0x80000000;
const PROCESSOR_BYTES = 64 << 20;
/** Fault-around is off in the records. */
const PAGE = 4096;
const KINDS = ['mtd', 'block', 'overlay', 'overlay-block'] as const;

type Fields = Readonly<Record<string, unknown>>;

interface Execution {
  readonly path: string;
  /** The program's own records. */
  readonly told: readonly Fields[];
  readonly end: Fields;
}

/** What a scenario executes before it does anything else. */
function executions(records: readonly Fields[]): Execution[] {
  const found: Execution[] = [];
  let told: Fields[] = [];
  for (const record of records) {
    if (record['op'] === 'exec-end') {
      const path = String(record['cmd']).replace('exec ', '');
      found.push({ path, told, end: record });
    }
    if (!/^(mount|x-.*|exec|exec-end)$/.test(String(record['op']))) break;
    if (record['op'] === 'exec' || record['op'] === 'exec-end') told = [];
    else if (record['op'] !== 'mount') told.push(record);
  }
  return found;
}

interface Recorded {
  readonly kind: (typeof KINDS)[number];
  readonly mmu: boolean;
  readonly policy: PolicyName;
}

function mountOverlay(machine: Machine): void {
  const upper = machine.mount('/up', new TmpfsSuperBlock(machine.phys));
  for (const name of ['u', 'w']) upper.root.mkdir(name, S_IFDIR | 0o755);
  machine.mount('overlay', 'overlay', '/ovl', 'lowerdir=/rom,upperdir=/up/u,workdir=/up/w');
}

/** The recorded machine, with the image mounted as a scenario says; the root is in RAM. */
async function run({ kind, mmu, policy }: Recorded, path: string): Promise<Execution> {
  const bytes = kernelImage('basic');
  const linear = new LinearMemory(RAM_SIZE + ROM_SIZE + PROCESSOR_BYTES);
  const board = await boardFor('riscv64', { linear, mmu, seed: 0 });
  const machine = new Machine({
    ...{
      mmu,
      policy,
      arch: 'riscv64',
      ramSize: RAM_SIZE,
      ramAddress: RAM_ADDRESS,
      faultAround: PAGE,
    },
    roms: [{ address: ROM_ADDRESS, size: ROM_SIZE, bytes }],
    ...board.machineOptions(PAGE),
  });
  machine.devices.attachDisk(bytes);
  const rootfs = machine.mount('/', new TmpfsSuperBlock(machine.phys));
  for (const name of ['ovl', 'proc', 'rom', 'up']) rootfs.root.mkdir(name, S_IFDIR | 0o755);
  const isDisk = kind === 'block' || kind === 'overlay-block';
  machine.mountCramfs('/rom', openImage(bytes), isDisk ? undefined : ROM_ADDRESS);
  const isOverlay = kind === 'overlay' || kind === 'overlay-block';
  if (isOverlay) mountOverlay(machine);
  let output = '';
  const host: Host = {
    kinds: ['pipe', 'pipe', 'pipe'],
    read: () => 0,
    write(_stream, bytes) {
      output += Buffer.from(bytes).toString('latin1');
    },
    windowSize: () => ({ rows: 24, columns: 80 }),
  };
  const kernel = bootKernel(board, machine, { host });
  kernel.mountByName('proc', 'proc', '/proc', '');
  const absolute = `${isOverlay ? '/ovl' : '/rom'}/${path}`;
  try {
    startFirst(kernel, { path: absolute, argv: [absolute, 'x'], envp: [] });
  } catch (error) {
    if (!isSyscallError(error)) throw error;
    return { path, told: [], end: { ret: error.code } };
  }
  const end = kernel.run(10_000_000);
  const told = output.split('\n').filter((line) => line !== '');
  return {
    path,
    told: told.map((line) => JSON.parse(line) as Fields),
    end: { ret: 'ok', status: end.kind === 'exited' ? `exit:${end.status}` : end.kind },
  };
}

describe.each([
  ['mmu-basic', true, 'linux-6.12'],
  ['v3-mmu-basic', true, 'linux-6.12-v3-vmasplit'],
  ['v3-mmu-split', true, 'linux-6.12-v3-vmasplit'],
  ['nommu-basic', false, 'linux-6.12'],
] as const)('%s', (set, mmu, policy) => {
  const programs = recordedScenarios(set).flatMap(({ name, scenario, records }) => {
    const mount = /^mount (\S+)/m.exec(scenario)![1];
    const kind = KINDS.find((name) => name === mount)!;
    return executions(records).map((execution) => ({ name, kind, ...execution }));
  });

  test.each(programs)('$name: $path', async ({ kind, path, told, end }) => {
    const ran = await run({ kind, mmu, policy }, path);
    expect(ran.told).toEqual(told);
    expect(end).toMatchObject(ran.end);
  });
});
