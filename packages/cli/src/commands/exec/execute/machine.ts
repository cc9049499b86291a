import type { CramfsImage } from 'cramfs-reader';
import { romMachine, type KernelConfig, type Machine, type PolicyName } from 'xip-emu';
import {
  PageUse,
  boardFor,
  bootKernel,
  executionMemory,
  mountSystem,
  type Board,
  type KernelEvents,
  type LinuxKernel,
  type RunnableArchitecture,
} from 'xip-cpu/linux';
import { mountRoot } from '../../../emulator/rom-machine.js';
import type { CommandHost } from './host.js';

/** The kind of machine that a program is executed on. */
export interface ExecutionMachine {
  readonly arch: RunnableArchitecture;
  readonly config: Partial<KernelConfig>;
  readonly mmu: boolean;
  readonly policy: PolicyName;
  readonly physAddr: number;
  readonly seed: number;
  /** Directories that get a tmpfs in addition to those of small systems; byte strings. */
  readonly tmpfs: readonly string[];
}

/** A machine that is ready to start its first program. */
export interface Execution {
  readonly machine: Machine;
  readonly kernel: LinuxKernel;
  readonly board: Board;
  readonly use: PageUse;
}

/** Makes the machine, mounts the image and the file systems that Linux systems mount at their start. */
export async function makeExecution(
  image: CramfsImage,
  wanted: ExecutionMachine,
  host: CommandHost,
  events: KernelEvents,
): Promise<Execution> {
  const { arch, config, mmu, policy, physAddr, seed } = wanted;
  const linear = executionMemory(image.bytes.length);
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
