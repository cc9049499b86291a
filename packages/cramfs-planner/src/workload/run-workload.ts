import { CramfsError, isCramfsError, nameToText } from 'cramfs-format';
import { openImage, type CramfsImage, type Inode } from 'cramfs-reader';
import type { FlashSurvey } from 'mkcramfs';
import {
  AccessFault,
  ExecKilled,
  KernelCorruption,
  MAP_PRIVATE,
  Machine,
  PROT_READ,
  SyscallError,
  UnmodelledError,
  accountMachine,
  mountRoot,
  ramBeside,
  startProgram,
  touchAll,
  type Process,
  type RamPages,
  type StartedProgram,
} from 'xip-emu';
import type { Profile } from '../profile/profile.js';
import {
  InodeIndex,
  mappedParts,
  observe,
  type InodePages,
  type MappedPart,
  type PageSpan,
} from './observe.js';
import type { PlanKernel, ProgramRuns, Workload } from './workload.js';

/** What a workload has in RAM on one image. */
export interface WorkloadRun {
  readonly ram: RamPages;
  /** Distinct pages of ROM that are mapped. */
  readonly romPages: number;
  /** Pages by surveyed file and its inodes. */
  readonly files: readonly (readonly InodePages[])[];
  /** Paths of programs and libraries that run, symlinks resolved; empty without programs. */
  readonly used: ReadonlySet<string>;
  /** For each program of the workload, the surveyed files among it, its loader and its libraries. */
  readonly programs: readonly ReadonlySet<number>[];
}

const RAM_SIZE = 512 << 20;

/**
 * Runs a workload in the emulator and looks at the RAM while all of it is running.
 *
 * @throws CramfsError BAD_SOURCE if one of its programs does not start.
 */
export function runWorkload(
  bytes: Uint8Array,
  { blockSize, mmu, files }: FlashSurvey,
  workload: Workload,
  kernel: PlanKernel,
): WorkloadRun {
  const image = openImage(bytes, { blockSize: blockSize as 4096 });
  const index = new InodeIndex(image, files);
  const machine = romMachine(image, { ...kernel, mmu }, workload.runs[0]?.argv[0] ?? '/');
  try {
    const mapped: MappedPart[] = [];
    const programs: ReadonlySet<number>[] = [];
    const started: { readonly process: Process; readonly program: StartedProgram }[] = [];
    for (const { count, argv } of workload.runs) {
      for (let run = 0; run < count; run += 1) {
        const process = machine.spawn();
        const program = start(process, argv, workload);
        started.push({ process, program });
        for (const object of program.objects) mapped.push(...mappedParts(process, object));
        if (run > 0) continue;
        const own = program.objects.flatMap(({ inode }) => index.find(inode.ino)?.file ?? []);
        programs.push(new Set(own));
      }
    }
    const used = new Set(started.flatMap(({ program }) => program.objects.map(({ path }) => path)));
    const mapper = new FileMapper(machine, index, mapped);
    if (workload.runs.length === 0 && workload.profiles.length === 0) {
      files.forEach((_, file) => {
        mapper.mapParts(file);
      });
    }
    if (workload.touched === 'all') {
      for (const { process, program } of started) touchAll(process, program);
      for (const part of mapped) touchPages(part, part.pgoff, part.pages);
    }
    for (const profile of workload.profiles) mapper.touch(image, profile);
    const { anonymousPages, pageCachePages, romPages } = accountMachine(machine);
    return {
      ram: { private: anonymousPages, cache: pageCachePages },
      romPages,
      files: observe(machine, index, mapped),
      used,
      programs,
    };
  } finally {
    machine.halt();
  }
}

function start(
  process: Process,
  argv: ProgramRuns['argv'],
  { loader, libraryPath }: Workload,
): StartedProgram {
  const fail = (reason: string): CramfsError =>
    new CramfsError('BAD_SOURCE', `'${argv.map(nameToText).join(' ')}' does not start: ${reason}`);
  try {
    const program = startProgram(process, argv[0], { argv, loader, libraryPath });
    const missing = program.missing[0];
    if (missing !== undefined) throw fail(nameToText(`${missing.name}: ${missing.reason}`));
    if (program.killed !== undefined) throw fail(program.killed);
    return program;
  } catch (error) {
    if (!isOutcome(error)) throw error;
    throw fail(nameToText(error.message));
  }
}

function isOutcome(error: unknown): error is Error {
  return (
    error instanceof SyscallError ||
    error instanceof ExecKilled ||
    error instanceof KernelCorruption ||
    error instanceof UnmodelledError
  );
}

function romMachine(
  image: CramfsImage,
  { mmu, arch, policy, config, physAddr }: PlanKernel & { readonly mmu: boolean },
  path: string,
): Machine {
  const { bytes, blockSize } = image;
  if (physAddr % blockSize !== 0) {
    throw new CramfsError(
      'BAD_REQUEST',
      `bus address 0x${physAddr.toString(16)} is not a multiple of the page size: Linux would map nothing`,
    );
  }
  const rom = { address: physAddr, size: bytes.length, bytes };
  const machine = new Machine({
    pageSize: blockSize,
    mmu,
    policy,
    arch: arch(image, path),
    config,
    ramSize: RAM_SIZE,
    ramAddress: ramBeside(rom, RAM_SIZE),
    // Neighbours that a fault maps take no RAM, but would look as if they had been touched.
    faultAround: blockSize,
    roms: [rom],
  });
  mountRoot(machine, image, physAddr);
  return machine;
}

/** Maps files that no program of the workload maps, each for a process of its own. */
class FileMapper {
  private readonly machine: Machine;
  private readonly index: InodeIndex;
  private readonly mapped: MappedPart[];

  /** @param mapped what is mapped so far; what this maps is added. */
  constructor(machine: Machine, index: InodeIndex, mapped: MappedPart[]) {
    this.machine = machine;
    this.index = index;
    this.mapped = mapped;
  }

  /** Maps the read-only parts of a surveyed file, as a loader does. */
  mapParts(file: number): void {
    const { paths, candidates } = this.index.files[file]!;
    this.map(
      paths[0]!,
      candidates.spans.map(({ first, end }) => ({ pgoff: first, pages: end - first })),
    );
  }

  /** Touches a profile's pages of files that the image has. */
  touch(image: CramfsImage, { pageSize, files }: Profile): void {
    const { geometry } = this.machine;
    for (const [path, ranges] of files) {
      const inode = lookup(image, path);
      if (inode?.type !== 'file') continue;
      const isMapped = (): MappedPart[] => this.mapped.filter(({ ino }) => ino === inode.ino);
      if (isMapped().length === 0) {
        const surveyed = this.index.find(inode.ino);
        if (surveyed !== undefined) this.mapParts(surveyed.file);
        else this.map(path, [{ pgoff: 0, pages: geometry.pagesOf(inode.size) }]);
      }
      const parts = isMapped();
      for (const { first, pages } of ranges) {
        const from = geometry.pageOf(first * pageSize);
        const to = geometry.pagesOf((first + pages) * pageSize);
        for (const part of parts) touchPages(part, from, to - from);
      }
    }
  }

  private map(path: string, parts: readonly PageSpan[]): void {
    // Without an MMU a mapping ends on a page boundary, perhaps in the pages of the next file.
    const process = this.machine.spawn();
    const { size: pageSize } = process.geometry;
    const file = process.open(path);
    for (const { pgoff, pages } of parts) {
      if (pages === 0) continue;
      const offset = pgoff * pageSize;
      const address = attempt(path, () =>
        process.mmap(pages * pageSize, PROT_READ, MAP_PRIVATE, { file, offset }),
      );
      this.mapped.push({ process, ino: file.inode.ino, pgoff, address, pages });
    }
  }
}

/** @throws CramfsError BAD_SOURCE if the file cannot be mapped, or mapping it breaks the kernel. */
function attempt<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (!isOutcome(error)) throw error;
    throw new CramfsError('BAD_SOURCE', `it cannot be mapped: ${nameToText(error.message)}`, {
      path,
    });
  }
}

function lookup(image: CramfsImage, path: string): Inode | undefined {
  try {
    return image.lookup(path);
  } catch (error) {
    if (!isCramfsError(error)) throw error;
    return undefined;
  }
}

/** Reads the pages of the file that belong to a mapping. */
function touchPages(part: MappedPart, first: number, pages: number): void {
  const { process, address, pgoff } = part;
  const from = Math.max(first, pgoff);
  const to = Math.min(first + pages, pgoff + part.pages);
  for (let page = from; page < to; page += 1) {
    try {
      process.load(address + (page - pgoff) * process.geometry.size);
    } catch (error) {
      // Ignore pages that the process has unmapped or may not read, and damaged ones.
      if (!(error instanceof AccessFault)) throw error;
    }
  }
}
