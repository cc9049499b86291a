import { PF_W, PF_X } from 'cramfs-elf';
import type { CramfsImage, Inode, RangeExplanation } from 'cramfs-reader';
import {
  MAP_PRIVATE,
  OpenFile,
  PROT_EXEC,
  PROT_READ,
  PROT_WRITE,
  KernelCorruption,
  isSyscallError,
  pagesIn,
  romMachine,
  type Errno,
  type Machine,
  type Process,
} from 'xip-emu';
import { InputError } from '../../shell/errors.js';
import { kernelOfImage } from '../../emulator/kernel-of-image.js';
import { mountRoot } from '../../emulator/rom-machine.js';
import type { Kernel, MapTarget, MappabilityReport, MappedFile } from './report.js';
import { segmentName } from '../../render/segment.js';

/** What the emulator got from one mapping, in the terms of {@link RangeExplanation}. */
export interface SimulatedRange {
  readonly directPages: number;
  readonly romStart: number | undefined;
  /** Pages of the file in RAM after a load from each page; without MMU, after the mmap. */
  readonly ramPages: number;
  /** The error of mmap; nothing is mapped then. See {@link KernelCorruption} for the last. */
  readonly error: Errno | 'kernel dies' | undefined;
}

/** One mapping for which the emulator and the static answer differ. */
export interface Disagreement {
  /** Byte string. */
  readonly path: string;
  /** Such as `file` or `r-x segment at 0x1000`. */
  readonly what: string;
  readonly kernel: Kernel;
  readonly static: RangeExplanation;
  readonly simulated: SimulatedRange;
}

export interface Simulation {
  /** Number of mappings that were made. */
  readonly mappings: number;
  readonly disagreements: readonly Disagreement[];
}

/** One that is made. */
interface Mapping {
  readonly what: string;
  /** PF_* of a segment, 0 for a file. */
  readonly flags: number;
  readonly range: RangeExplanation;
}

/**
 * Makes each mapping that `report` explains in the emulator, and compares.
 *
 * @throws InputError if the kernel would misread the image, or not mount it.
 */
export function simulateReport(report: MappabilityReport): Simulation {
  const { image, target } = report;
  if (target.pageSize !== image.blockSize) {
    throw new InputError(
      `the image has blocks of ${image.blockSize} bytes: a kernel with pages of ` +
        `${target.pageSize} bytes misreads it`,
    );
  }
  const disagreements: Disagreement[] = [];
  let mappings = 0;
  for (const kernel of target.kernels) {
    const simulator = new Simulator(image, kernel, target);
    for (const file of report.files()) {
      for (const { what, flags, range } of mappingsOf(file, kernel)) {
        if (range.pages === 0) continue;
        mappings += 1;
        const simulated = simulator.simulate(file, range, flags);
        if (agree(range, simulated)) continue;
        disagreements.push({ path: file.path, what, kernel, static: range, simulated });
      }
    }
  }
  return { mappings, disagreements };
}

/** The whole file, if it is not a program as execve() loads it, and what a loader maps. */
function mappingsOf({ format, ranges, segments = [] }: MappedFile, kernel: Kernel): Mapping[] {
  const asLoaded = kernel === 'nommu' && format !== undefined;
  const whole = { what: 'file', flags: 0, range: ranges[kernel]! };
  const parts = segments.flatMap(({ segment, ranges: ofSegment }): Mapping[] => {
    const range = ofSegment[kernel]!;
    return range.copied === true
      ? []
      : [{ what: segmentName(segment), flags: segment.flags, range }];
  });
  return asLoaded ? parts : [whole, ...parts];
}

function agree(expected: RangeExplanation, simulated: SimulatedRange): boolean {
  // If no copy can be made, the static answer is that a copy is needed.
  if (simulated.error === 'EINVAL') return expected.reason === 'beyond file limit';
  // Data beyond the image may be in the ROM. If it is not, the kernel or the process dies.
  if (expected.outsidePages > 0) {
    return simulated.error === 'kernel dies' || simulated.directPages >= expected.directPages;
  }
  if (simulated.error !== undefined) return expected.directPages === 0;
  return (
    expected.directPages === simulated.directPages &&
    expected.romStart === simulated.romStart &&
    expected.ramPages === simulated.ramPages
  );
}

/** Maps one range after the other, each on a fresh mount and in a fresh process. */
class Simulator {
  private machine: Machine;
  private readonly image: CramfsImage;
  private readonly kernel: Kernel;
  private readonly target: MapTarget;
  private readonly known = new Map<string, SimulatedRange>();

  constructor(image: CramfsImage, kernel: Kernel, target: MapTarget) {
    this.image = image;
    this.kernel = kernel;
    this.target = target;
    this.machine = this.boot();
  }

  private boot(): Machine {
    const { physAddr, loaders } = this.target;
    const { arch, config } = loaders;
    const policy = kernelOfImage(this.image, undefined);
    return romMachine(this.image, {
      mmu: this.kernel === 'mmu',
      policy,
      physAddr,
      arch,
      config,
    });
  }

  /**
   * The result of {@link map}, computed once for all names that share their pointers: a small image can have
   * thousands of them.
   *
   * @param flags PF_* of a segment, 0 for a file.
   */
  simulate(file: MappedFile, range: RangeExplanation, flags: number): SimulatedRange {
    const { dataOffset, size } = file.inode;
    const key = [dataOffset, size, range.pgoff, range.pages, flags].join();
    let simulated = this.known.get(key);
    if (simulated === undefined) {
      simulated = this.map(file, range, flags);
      this.known.set(key, simulated);
    }
    return simulated;
  }

  private map(
    { path, inode }: { readonly path: string; readonly inode: Inode },
    { pgoff, pages }: RangeExplanation,
    flags: number,
  ): SimulatedRange {
    const { machine } = this;
    const { geometry } = machine;
    // Names with the same data would share an inode, and so the size of the first one looked up.
    const sb = mountRoot(machine, this.image, this.target.physAddr);
    const process = machine.spawn();
    const file = process.files.install(new OpenFile(sb.iget(inode), path));
    try {
      const prot =
        PROT_READ |
        ((flags & PF_W) === 0 ? 0 : PROT_WRITE) |
        ((flags & PF_X) === 0 ? 0 : PROT_EXEC);
      const options = { file, offset: pgoff * geometry.size };
      const address = process.mmap(pages * geometry.size, prot, MAP_PRIVATE, options);
      const pagesOfFile = geometry.pagesOf(inode.size) - pgoff;
      return this.measure(process, address, pages, Math.min(pages, Math.max(0, pagesOfFile)));
    } catch (error) {
      const nothing = { directPages: 0, romStart: undefined, ramPages: 0 };
      if (isSyscallError(error)) return { ...nothing, error: error.code };
      if (!(error instanceof KernelCorruption)) throw error;
      machine.halt();
      this.machine = this.boot();
      return { ...nothing, error: 'kernel dies' };
    } finally {
      if (machine === this.machine) {
        process.exit();
        machine.umount('/');
      }
    }
  }

  private measure(
    process: Process,
    address: number,
    pages: number,
    ofFile: number,
  ): SimulatedRange {
    const { pageSize } = this.machine;
    const length = pages * pageSize;
    let unreadable = 0;
    if (this.machine.mmu) {
      for (let page = 0; page < ofFile; page += 1) {
        const { fault } = process.loadRange(address + page * pageSize, new Uint8Array(1));
        // A damaged block takes a page, too, before it turns out to be unreadable.
        if (fault !== undefined) unreadable += 1;
      }
    }
    const pagesAfter = pagesIn(process.mm, address, length);
    const inRam = pagesAfter
      .slice(0, ofFile)
      .filter(({ backing }) => backing === 'page-cache' || backing === 'copy');
    return {
      directPages: pagesAfter.filter(({ backing }) => backing === 'rom').length,
      romStart: pagesAfter[0]?.backing === 'rom' ? pagesAfter[0].physical : undefined,
      ramPages: inRam.length + unreadable,
      error: undefined,
    };
  }
}
