import { S_IFCHR, S_IFIFO } from 'cramfs-format';
import {
  Clock,
  OpenFile,
  ROM_MACHINE_RAM,
  TmpfsSuperBlock,
  type FileOperations,
  type Machine,
  type MachineOptions,
  type Process,
} from 'xip-emu';
import { LinearMemory } from '../memory/linear-memory.js';
import type { Processor } from '../processor.js';
import type { Abi } from './abi/abi.js';
import { hostOperations, type Host } from './fs/host-streams.js';
import { randomOperations } from './fs/random-device.js';
import { Terminal } from './fs/terminal.js';
import { AddressSpace, type AccessObserver } from './kernel/address-space.js';
import { execve } from './kernel/exec.js';
import { FdTable } from './kernel/fd-table.js';
import { LinuxKernel, type KernelEvents } from './kernel/kernel.js';
import { SeededRandom } from './kernel/seeded-random.js';
import { Task } from './kernel/task.js';
import { ThreadGroup } from './kernel/thread-group.js';
import { VirtualClock } from './kernel/virtual-clock.js';
import { SignalHandlers } from './signals/signal-state.js';

/** The processor executes 100 million instructions a second. */
const NANOSECONDS_PER_INSTRUCTION = 10;
/** 2026-01-01 00:00:00 UTC. */
const DEFAULT_EPOCH = 1_767_225_600;
const DEFAULT_UMASK = 0o022;
const CONSOLE = { major: 5, minor: 1 } as const;
/** include/uapi/linux/major.h, Documentation/admin-guide/devices.txt */
const TERMINALS = [
  ['tty', 5, 0],
  ['console', 5, 1],
  ['tty0', 4, 0],
  ['tty1', 4, 1],
  ['ttyS0', 4, 64],
  ['ttyAMA0', 204, 64],
] as const;
const RANDOM_DEVICES = [
  ['random', 1, 8, true],
  ['urandom', 1, 9, false],
] as const;
const SEED_OF_KERNEL = 0x6b65726e;
/** The size of a processor's tables and decoded code. */
const PROCESSOR_BYTES = 64 << 20;

/** The environment of the first program. */
export const ENVIRONMENT = [
  'PATH=/bin:/sbin:/usr/bin:/usr/sbin',
  'HOME=/',
  'USER=root',
  'PWD=/',
] as const;

/**
 * Returns linear memory for a machine of romMachine() with that many bytes of ROM, and for its
 * processor.
 */
export function executionMemory(romBytes: number): LinearMemory {
  return new LinearMemory(ROM_MACHINE_RAM + romBytes + PROCESSOR_BYTES);
}

export interface BoardOptions {
  readonly abi: Abi;
  readonly processor: Processor;
  /** The memory of the processor and of the machine's pages. */
  readonly linear: LinearMemory;
  /** The seed of random numbers; default 0. */
  readonly seed?: number | undefined;
  /** The time of the clock at the start, in seconds since 1970; default: the start of 2026. */
  readonly epoch?: number | undefined;
  /**
   * False if the kernel has no entropy yet, like that of a board without a source of it just after
   * its start. Default true.
   */
  readonly crngReady?: boolean | undefined;
}

/** A clock for the times of files that shows the time of the machine. */
class FileClock extends Clock {
  private readonly clock: VirtualClock;

  constructor(clock: VirtualClock) {
    super();
    this.clock = clock;
  }

  override now(): number {
    return this.clock.realtime.sec;
  }
}

/**
 * A processor with a clock and random numbers: what a machine needs, besides memory, to run
 * programs.
 */
export class Board {
  readonly abi: Abi;
  readonly processor: Processor;
  readonly linear: LinearMemory;
  readonly clock: VirtualClock;
  readonly random: SeededRandom;

  constructor(options: BoardOptions) {
    const { abi, processor, linear, seed = 0, epoch = DEFAULT_EPOCH, crngReady = true } = options;
    this.abi = abi;
    this.processor = processor;
    this.linear = linear;
    this.clock = new VirtualClock(() => processor.executed, NANOSECONDS_PER_INSTRUCTION, epoch);
    this.random = new SeededRandom(seed ^ SEED_OF_KERNEL, crngReady);
  }

  /** Returns the options of a machine on this board, in addition to its own. */
  machineOptions(
    pageSize: number,
  ): Pick<MachineOptions, 'pages' | 'randomBytes' | 'specialPages' | 'clock'> {
    return {
      pages: this.linear,
      randomBytes: (length) => {
        const bytes = new Uint8Array(length);
        this.random.fill(bytes);
        return bytes;
      },
      specialPages: this.abi.specialPages(pageSize),
      clock: new FileClock(this.clock),
    };
  }
}

export interface StartOptions {
  readonly host: Host;
  readonly events?: KernelEvents | undefined;
  readonly observer?: AccessObserver | undefined;
}

/**
 * Returns the kernel of a machine that was made with {@link Board.machineOptions} and has its root
 * mounted.
 */
export function bootKernel(
  { abi, processor, linear, clock, random }: Board,
  machine: Machine,
  { host, events, observer }: StartOptions,
): LinuxKernel {
  const terminal = new Terminal(host);
  for (const [name, major, minor] of TERMINALS) {
    machine.devices.addCharacterDevice(name, { major, minor }, terminal.operations);
  }
  for (const [name, major, minor, waits] of RANDOM_DEVICES) {
    machine.devices.addCharacterDevice(name, { major, minor }, randomOperations(random, waits));
  }
  const pageShift = Math.log2(machine.pageSize);
  return new LinuxKernel({
    machine,
    processor,
    abi,
    clock,
    random,
    terminal,
    memoryOf: (mm) => new AddressSpace(mm, linear.memory, pageShift, observer),
    events,
  });
}

/** The arguments and the environment of a program; byte strings. */
export interface ProgramArguments {
  readonly path: string;
  readonly argv: readonly string[];
  readonly envp: readonly string[];
}

/**
 * Starts the first process, whose standard streams are those of the host.
 *
 * @throws SyscallError, the errno of execve().
 */
export function startFirst(
  kernel: LinuxKernel,
  { path, argv, envp }: ProgramArguments,
): ThreadGroup {
  const { machine, clock } = kernel;
  const process = machine.spawn();
  const group = new ThreadGroup(process, {
    parent: undefined,
    fds: standardStreams(kernel, process),
    fs: { umask: DEFAULT_UMASK },
    handlers: new SignalHandlers(),
    exitSignal: 0,
    started: clock.now,
  });
  const task = new Task(process.pid, group, process.mm, kernel.spaceOf(process.mm));
  try {
    execve(kernel, task, path, argv, envp);
  } catch (error) {
    process.exit();
    throw error;
  }
  kernel.addTask(task);
  return group;
}

/** Returns descriptors 0 to 2. Those that are the terminal are one open file. */
function standardStreams(kernel: LinuxKernel, process: Process): FdTable {
  const { terminal } = kernel;
  const { host } = terminal;
  const fds = new FdTable(process.files);
  const streams = new TmpfsSuperBlock(kernel.machine.phys);
  let opened: OpenFile | undefined;
  for (const [fd, kind] of host.kinds.entries()) {
    if (kind === 'terminal') {
      opened = opened === undefined ? terminalFile(streams, terminal.operations) : opened.get();
      fds.add(process.files.install(opened));
      continue;
    }
    const inode = streams.newInode(S_IFIFO | 0o600);
    const fops = hostOperations(host, fd === 2 ? 2 : 1);
    const direction = fd === 0 ? { readable: true } : { readable: false, writable: true };
    const file = new OpenFile(inode, `pipe:[${inode.ino}]`, { ...direction, fops });
    fds.add(process.files.install(file));
  }
  return fds;
}

function terminalFile(streams: TmpfsSuperBlock, fops: FileOperations): OpenFile {
  const inode = streams.newInode(S_IFCHR | 0o600);
  inode.device = CONSOLE;
  return new OpenFile(inode, '/dev/console', { readable: true, writable: true, fops });
}
