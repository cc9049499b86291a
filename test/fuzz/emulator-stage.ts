import { parseElf } from 'cramfs-elf';
import { isCramfsError } from 'cramfs-format';
import type { CramfsImage, Inode } from 'cramfs-reader';
import {
  ARCHITECTURES,
  AccessFault,
  CramfsSuperBlock,
  ExecKilled,
  InvariantError,
  KernelCorruption,
  LINUX_POLICIES,
  MAP_PRIVATE,
  MAP_SHARED,
  MREMAP_MAYMOVE,
  Machine,
  MmuMemory,
  NommuMemory,
  SyscallError,
  UnmodelledError,
  architectureOf,
  programCost,
  validateMm,
  validateNommu,
  type Advice,
  type Architecture,
  type PolicyName,
  type Process,
} from 'xip-emu';
import type { Stage } from './stages.js';
import { Violation, ensure, type Subject } from './subject.js';
import type { Tally } from './tally.js';

/** Of so many mutants one is mounted: it costs more than all the rest. */
const ONE_IN = 2;
const MAX_PATHS = 24;
const MAX_PROGRAMS = 12;
const MAX_TOUCHES = 12;
const MIB = 1 << 20;
const ROM_ADDRESS = 0x22000000;
const RAM_SIZE = 64 * MIB;
/** What a mutant may make the machine do, in events of its log; see {@link boot}. */
const MAX_EVENTS = 400_000;

const POLICIES = Object.keys(LINUX_POLICIES) as PolicyName[];
const ADVICES: readonly Advice[] = ['willneed', 'dontneed', 'free', 'populate_r', 'populate_w'];

/**
 * Mounts a mutant in the emulator, uses its files as a process does, and executes all of them. An
 * errno, a signal, a kernel that dies and what is said not to be emulated are answers; whatever else
 * is thrown is a failure, as is a machine whose own books do not add up afterwards.
 */
export const emulatorStage: Stage = {
  name: 'emulator',
  run(subject, image) {
    if (!subject.mutant.random.oneIn(ONE_IN)) return;
    const kernel = new Kernel(subject, image);
    try {
      kernel.run();
    } catch (error) {
      if (error instanceof KernelCorruption) subject.tally.count(`emulator ${error.kind}`);
      else if (isCramfsError(error)) throw new Violation(`an error of the reader: ${error.stack}`);
      else throw error;
    } finally {
      kernel.machine.halt();
    }
  },
};

/** One boot of a machine. */
class Kernel {
  readonly machine: Machine;
  private readonly subject: Subject;
  private readonly image: CramfsImage;
  private readonly romAddress: number;
  private events = 0;

  constructor(subject: Subject, image: CramfsImage) {
    const { random } = subject.mutant;
    this.subject = subject;
    this.image = image;
    const { bytes, blockSize: pageSize } = image;
    const size = pagesIn(bytes.length + random.pick([0, pageSize, MIB]), pageSize);
    // Also with a ROM at the end of the address space, so that address 0 follows it.
    this.romAddress = random.oneIn(4) ? 2 ** 32 - size : ROM_ADDRESS;
    this.machine = new Machine({
      pageSize,
      mmu: random.oneIn(2),
      policy: random.oneIn(2) ? 'linux-6.12' : random.pick(POLICIES),
      arch: architecture(subject, image).name,
      ramSize: RAM_SIZE,
      roms: [{ address: this.romAddress, size, bytes }],
    });
    // A bound that no clock has a part in.
    this.machine.trace.sink = () => {
      this.events += 1;
      if (this.events > MAX_EVENTS) throw new Violation(`more than ${MAX_EVENTS} events`);
    };
  }

  run(): void {
    const { subject, machine } = this;
    const { random } = subject.mutant;
    const mounted = this.answers('mount', () => {
      this.mount();
    });
    if (!mounted) return;
    const process = machine.spawn();
    const { entries } = subject;
    const first = random.below(Math.max(1, entries.length - MAX_PATHS));
    for (const { path } of entries.slice(first, first + MAX_PATHS)) this.usePath(process, path);
    this.validate();
    const files = entries.filter(({ inode }) => inode.type === 'file');
    const programs = [...files.filter(isProgram), ...files.filter((entry) => !isProgram(entry))];
    for (const { path } of programs.slice(0, MAX_PROGRAMS)) {
      this.answers('exec', () => programCost(machine, path, { argv: [path, 'x'] }));
    }
    this.validate();
    process.exit();
    machine.umount('/');
    ensure(machine.processes.size === 0, () => 'processes are left');
  }

  private mount(): void {
    const { machine, image, romAddress, subject } = this;
    const { phys, policy } = machine;
    const { endianness } = image;
    const physAddr = subject.mutant.random.oneIn(3) ? undefined : romAddress;
    machine.mount(
      '/',
      new CramfsSuperBlock(image, { physAddr, phys, policy: policy.cramfs, endianness }),
    );
  }

  private usePath(process: Process, path: string): void {
    this.answers('lstat', () => process.lstat(path));
    this.answers('readlink', () => process.readlink(path));
    let opened: ReturnType<Process['open']> | undefined;
    this.answers('open', () => (opened = process.open(path)));
    if (opened === undefined) return;
    const file = opened;
    const { random } = this.subject.mutant;
    const { size } = process.fstat(file);
    this.answers('getdents', () => process.getdents(file));
    this.answers('pread', () => {
      process.pread(file, random.below(size + 2), new Uint8Array(random.below(20_000)));
    });
    this.answers('lseek', () => process.lseek(file, random.below(size + 2), 'data'));
    for (let times = 2; times > 0; times -= 1) {
      this.answers('mmap', () => {
        this.useMapping(process, file, size);
      });
    }
    process.close(file);
  }

  private useMapping(process: Process, file: ReturnType<Process['open']>, size: number): void {
    const { pageSize } = this.machine;
    const { random } = this.subject.mutant;
    const pages = Math.ceil(size / pageSize);
    const pgoff = random.oneIn(2) ? 0 : random.below(pages + 2);
    const length = random.pick([1, size, Math.max(1, pages - pgoff) * pageSize, 3 * pageSize]);
    const flags = random.oneIn(4) ? MAP_SHARED : MAP_PRIVATE;
    const prot = random.pick([1, 1, 3, 5, 7]);
    const address = process.mmap(length, prot, flags, { file, offset: pgoff * pageSize });
    const mapped = pagesIn(length, pageSize);
    this.touch(process, address, mapped);
    if (this.machine.mmu) {
      const part = random.below(mapped / pageSize) * pageSize;
      this.answers('madvise', () => {
        process.madvise(address, mapped - part, random.pick(ADVICES));
      });
      this.answers('mprotect', () => {
        process.mprotect(address + part, pageSize, random.below(8));
      });
      this.answers('mincore', () => process.mincore(address, mapped));
      this.answers('fork', () => {
        this.fork(process, address, mapped);
      });
    }
    this.answers('mremap', () => {
      process.mremap(address, mapped, random.pick([pageSize, mapped, 2 * mapped]), MREMAP_MAYMOVE);
    });
    this.answers('munmap', () => {
      process.munmap(address, random.oneIn(3) ? pageSize : mapped);
    });
  }

  private fork(parent: Process, address: number, length: number): void {
    const child = this.machine.fork(parent);
    this.touch(child, address, length);
    this.touch(parent, address, length);
    child.munmap(address, length);
    child.exit();
  }

  private touch(process: Process, address: number, length: number): void {
    const { random } = this.subject.mutant;
    for (let times = MAX_TOUCHES; times > 0; times -= 1) {
      const at = address + random.below(length);
      this.answers('touch', () => {
        if (random.oneIn(3)) process.store(at, random.below(256));
        else process.load(at);
      });
    }
  }

  private validate(): void {
    const nommu: NommuMemory['mm'][] = [];
    for (const { mm } of this.machine.processes) {
      if (mm instanceof MmuMemory) validateMm(mm.mm);
      else if (mm instanceof NommuMemory) nommu.push(mm.mm);
    }
    if (!this.machine.mmu) validateNommu(this.machine.vmRegions, nommu);
  }

  /**
   * Returns true if `call` returned, false if it threw an answer, such as an errno or a signal.
   *
   * @throws any other error, such as KernelCorruption, after which nothing can follow.
   */
  private answers(name: string, call: () => unknown): boolean {
    const { tally } = this.subject;
    try {
      call();
      tally.count(`emulator ${name}`);
      return true;
    } catch (error) {
      countAnswer(tally, name, error);
      return false;
    }
  }
}

function countAnswer(tally: Tally, name: string, error: unknown): void {
  if (error instanceof InvariantError) throw error;
  if (error instanceof SyscallError) tally.count(`emulator ${name} ${error.code}`);
  else if (error instanceof AccessFault || error instanceof ExecKilled)
    tally.count(`emulator ${name} ${error.signal}`);
  else if (error instanceof UnmodelledError) tally.count(`emulator ${name}: ${error.message}`);
  else throw error;
}

/** That of a program in the image, or any one of its byte order. */
function architecture({ contents, mutant }: Subject, image: CramfsImage): Architecture {
  const fit = Object.values(ARCHITECTURES).filter(
    ({ endianness }) => endianness === image.endianness,
  );
  for (const content of contents.values()) {
    const elf = parseElf(content);
    const found = elf && architectureOf(elf);
    if (found !== undefined && fit.includes(found)) return found;
  }
  return mutant.random.pick(fit);
}

function isProgram({ inode }: { readonly inode: Inode }): boolean {
  return (inode.mode & 0o111) !== 0;
}

function pagesIn(length: number, pageSize: number): number {
  return Math.ceil(length / pageSize) * pageSize;
}
