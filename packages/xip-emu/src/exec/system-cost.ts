import { SyscallError, UnmodelledError } from '../errno.js';
import { ExecKilled } from './point-of-no-return.js';
import { KernelCorruption } from '../kernel-corruption.js';
import type { Machine } from '../machine.js';
import type { Process } from '../process.js';
import { accountMachine, type FileAccount } from '../report/accounting.js';
import { regionsIn, type RegionReport } from '../report/regions.js';
import { VM_MAPPED_COPY } from '../nommu/vm-flags.js';
import type { Inode } from '../vfs/inode.js';
import type { RamPages } from './program-cost.js';
import { startProgram, type StartOptions, type StartedProgram } from './start-program.js';
import { touchAll } from './touch.js';

/** One program to run, as a process of its own. */
export interface ProgramRun {
  /** Absolute, a byte string. */
  readonly path: string;
  readonly options?: StartOptions;
}

/** What became of it. */
export interface ProgramOutcome {
  readonly pid: number;
  readonly started: StartedProgram | undefined;
  /**
   * The errno of execve(), or that it killed the process, that the kernel broke, or what is not
   * emulated.
   */
  readonly error: SyscallError | ExecKilled | KernelCorruption | UnmodelledError | undefined;
  /** What starting it added to the RAM in use. */
  readonly added: RamPages;
}

/** A file that several processes map. */
export interface SharedFile extends FileAccount {
  readonly processes: number;
  /** Without MMU: pages of RAM with copies that several mappings have in common. */
  readonly copyPages: number;
}

/** The memory cost of several programs that run at the same time. */
export interface SystemCost {
  /** The programs in the order of starting; ends with the one that broke the kernel. */
  readonly outcomes: readonly ProgramOutcome[];
  /** Files that more than one process maps, by the pages that this saves. */
  readonly shared: readonly SharedFile[];
  /** Without an MMU: the RAM under mappings, in the order of addresses. */
  readonly regions: readonly RegionReport[];
  /** Distinct pages of ROM that are mapped. */
  readonly romPages: number;
  readonly atStart: RamPages;
  /** When every page of all programs has been used, and every writable one been written to. */
  readonly atMost: RamPages;
  /** Page tables of the lowest level, not counted above; 0 without an MMU. */
  readonly pageTablePages: number;
}

/**
 * Starts programs one after the other, keeps all of them running, and counts their memory together:
 * text in ROM, pages of the page cache and shared copies count once. Then the processes end. If the
 * kernel breaks, nothing further is started.
 */
export function systemCost(machine: Machine, runs: readonly ProgramRun[]): SystemCost {
  const processes: Process[] = [];
  const outcomes: ProgramOutcome[] = [];
  try {
    for (const run of runs) {
      const process = machine.spawn();
      processes.push(process);
      const outcome = start(machine, process, run);
      outcomes.push(outcome);
      if (outcome.error instanceof KernelCorruption) break;
    }
    const { files } = accountMachine(machine);
    const shared = sharedFiles(machine, processes, files);
    const regions = regionsIn(machine.vmRegions);
    const atStart = ramOf(machine);
    outcomes.forEach(({ started }, index) => {
      if (started !== undefined) touchAll(processes[index]!, started);
    });
    const { romPages, processes: used } = accountMachine(machine);
    const pageTablePages = used.reduce((sum, process) => sum + process.pageTablePages, 0);
    return { outcomes, shared, regions, romPages, atStart, atMost: ramOf(machine), pageTablePages };
  } finally {
    const broken = outcomes.some(({ error }) => error instanceof KernelCorruption);
    if (broken) machine.halt();
    else for (const process of processes) process.exit();
  }
}

function start(machine: Machine, process: Process, { path, options }: ProgramRun): ProgramOutcome {
  const before = ramOf(machine);
  let started: StartedProgram | undefined;
  let failure: ProgramOutcome['error'];
  try {
    started = startProgram(process, path, options);
  } catch (error) {
    if (!isOutcome(error)) throw error;
    failure = error;
  }
  const after = ramOf(machine);
  const added = { private: after.private - before.private, cache: after.cache - before.cache };
  return { pid: process.pid, started, error: failure, added };
}

function isOutcome(error: unknown): error is NonNullable<ProgramOutcome['error']> {
  return (
    error instanceof SyscallError ||
    error instanceof ExecKilled ||
    error instanceof KernelCorruption ||
    error instanceof UnmodelledError
  );
}

function ramOf(machine: Machine): RamPages {
  const { anonymousPages, pageCachePages } = accountMachine(machine);
  return { private: anonymousPages, cache: pageCachePages };
}

function sharedFiles(
  { vmRegions }: Machine,
  processes: readonly Process[],
  files: readonly FileAccount[],
): SharedFile[] {
  const users = new Map<string, number>();
  const copies = new Map<string, number>();
  for (const { vmFile, vmFlags, vmUsage, vmStart, vmTop } of vmRegions.values()) {
    if (vmFile === undefined || vmUsage < 2 || (vmFlags & VM_MAPPED_COPY) === 0) continue;
    const key = keyOf(vmFile.inode);
    copies.set(key, (copies.get(key) ?? 0) + vmRegions.geometry.pagesOf(vmTop - vmStart));
  }
  for (const { mm } of processes) {
    for (const inode of mappedInodes(mm)) {
      const key = keyOf(inode);
      users.set(key, (users.get(key) ?? 0) + 1);
    }
  }
  return files
    .map((file) => {
      const key = `${file.fs} ${file.ino}`;
      return { ...file, processes: users.get(key) ?? 0, copyPages: copies.get(key) ?? 0 };
    })
    .filter((file) => file.processes > 1)
    .sort((a, b) => saved(b) - saved(a));
}

function keyOf({ sb, ino }: Inode): string {
  return `${sb.type} ${ino}`;
}

/** Private pages that each further process would need. */
function saved({ romPages, pageCachePages, copyPages, processes }: SharedFile): number {
  return (romPages + pageCachePages + copyPages) * (processes - 1);
}

function mappedInodes(mm: Process['mm']): Set<Inode> {
  const inodes = new Set<Inode>();
  for (const { file } of mm.areas()) if (file !== undefined) inodes.add(file.inode);
  return inodes;
}
