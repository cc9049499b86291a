import type { CramfsImage } from 'cramfs-reader';
import {
  DevSuperBlock,
  ROM_MACHINE_RAM,
  TmpfsSuperBlock,
  romMachine,
  type KernelConfig,
  type Machine,
  type PolicyName,
} from 'xip-emu';
import { LinearMemory } from 'xip-cpu';
import {
  PageUse,
  boardFor,
  bootKernel,
  type Board,
  type KernelEvents,
  type LinuxKernel,
  type RunnableArchitecture,
} from 'xip-cpu/linux';
import { mountRoot } from '../../../emulator/rom-machine.js';
import type { CommandHost } from './host.js';

/** What kind of machine a program is executed on. */
export interface ExecutionMachine {
  readonly arch: RunnableArchitecture;
  readonly config: Partial<KernelConfig>;
  readonly mmu: boolean;
  readonly policy: PolicyName;
  readonly physAddr: number;
  readonly seed: number;
  /** Directories that get a tmpfs besides those of small systems; byte strings. */
  readonly tmpfs: readonly string[];
}

/** A machine that is ready to start its first program. */
export interface Execution {
  readonly machine: Machine;
  readonly kernel: LinuxKernel;
  readonly board: Board;
  readonly use: PageUse;
}

/** Tables and decoded code of a processor. */
const PROCESSOR_BYTES = 64 << 20;
/** What a system makes writable at its start, if the image has the directory. */
const TMPFS_DIRECTORIES = ['/tmp', '/run', '/var/run', '/var/tmp', '/dev/shm'];

/** Makes the machine, mounts the image and what Linux systems mount at their start. */
export async function makeExecution(
  image: CramfsImage,
  wanted: ExecutionMachine,
  host: CommandHost,
  events: KernelEvents,
): Promise<Execution> {
  const { arch, config, mmu, policy, physAddr, seed } = wanted;
  const linear = new LinearMemory(ROM_MACHINE_RAM + image.bytes.length + PROCESSOR_BYTES);
  const board = await boardFor(arch, { linear, mmu, seed });
  const machine = romMachine(image, {
    ...{ mmu, policy, arch, config, physAddr },
    extra: board.machineOptions(image.blockSize),
  });
  mountRoot(machine, image, physAddr);
  const use = new PageUse(machine.pageSize);
  const kernel = bootKernel(board, machine, { host, events, observer: use.observe });
  mountSystem(machine, kernel, wanted.tmpfs);
  return { machine, kernel, board, use };
}

function mountSystem(machine: Machine, kernel: LinuxKernel, tmpfs: readonly string[]): void {
  const isDirectory = (path: string): boolean => {
    const process = machine.spawn();
    try {
      return process.lookup(path).inode.isDirectory;
    } catch {
      return false;
    } finally {
      process.exit();
    }
  };
  if (isDirectory('/proc')) kernel.mountByName('proc', 'proc', '/proc', '');
  if (isDirectory('/sys')) kernel.mountByName('sysfs', 'sysfs', '/sys', '');
  if (isDirectory('/dev')) machine.mount('/dev', new DevSuperBlock({ mapsNull: false }));
  for (const directory of TMPFS_DIRECTORIES) {
    if (isDirectory(directory)) machine.mount(directory, new TmpfsSuperBlock(machine.phys));
  }
  for (const directory of tmpfs) machine.mount(directory, new TmpfsSuperBlock(machine.phys));
}
