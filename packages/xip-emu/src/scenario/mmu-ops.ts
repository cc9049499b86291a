import { nameToText, textToName } from 'cramfs-format';
import { invariant } from '../errno.js';
import { execElf, type ElfProgram } from '../exec/elf.js';
import type { Machine } from '../machine.js';
import type { MemoryArea } from '../memory-report.js';
import type { Mm } from '../mm/mm-struct.js';
import { MmuMemory } from '../mm/mmu-memory.js';
import { PTE_PRESENT, PTE_PROT, PTE_SPECIAL, pteFrame } from '../mm/pte.js';
import { ZERO_FRAME } from '../phys/frame.js';
import type { Process } from '../process.js';
import { vmFlagsText } from '../report/vm-flags.js';
import type { Address, Frame, Vpn } from '../units.js';
import { VM_PFNMAP } from '../vfs/vm-area.js';
import type { Fields, Mapping, RangeUse, ScenarioOps } from './ops.js';

/** Addresses that scenarios choose themselves; the kernel chose all others. */
const WINDOW_START = 0x40000000;
const WINDOW_END = 0x60000000;

/** The recorded programs take one argument and end like this; their code is not run here. */
const PROGRAM_ARGUMENT = 'x';
const PROGRAM_STATUS = 'exit:7';

/** Records of a machine with an MMU. */
export class MmuScenarioOps implements ScenarioOps {
  readonly machine: Machine;
  readonly root: string;
  private readonly teardown: () => Fields;
  /** Numbers of pages by identity, in the order in which they were first reported. */
  private readonly pageNumbers = new Map<number, number>();

  /** @param teardown unmounts everything; gives the fields of scenario-end. */
  constructor(machine: Machine, root: string, teardown: () => Fields) {
    this.machine = machine;
    this.root = root;
    this.teardown = teardown;
  }

  addressField(_process: Process, { address }: Mapping): string {
    return inWindow(address) ? hex(address) : 'auto';
  }

  skip(_process: Process, { mapping, offset, length }: RangeUse): string | undefined {
    if (inWindow(mapping.address)) return undefined;
    const { geometry } = this.machine;
    const beyond = offset + length > geometry.align(mapping.length);
    return beyond || mapping.unmapped ? 'skip-auto' : undefined;
  }

  maps(process: Process): Fields {
    const areas = Array.from(process.mm.areas()).filter(({ start }) => inWindow(start));
    return { vmas: areas.map(areaFields) };
  }

  pages(process: Process, mapping: Mapping): Fields {
    return { pages: this.pagesOf(process, mapping) };
  }

  pagesOf(process: Process, { address, length }: Mapping): readonly string[] {
    const { mm } = memoryOf(process);
    const start = mm.geometry.pageOf(address);
    const pages = { length: mm.geometry.pagesOf(length) };
    return Array.from(pages, (_, page) => this.pageText(mm, start + page));
  }

  /** One page as in /proc/PID/pagemap, or as in the page table where pagemap says nothing. */
  private pageText(mm: Mm, vpn: Vpn): string {
    const vma = mm.vmas.vmaAt(vpn);
    const pte = mm.pageTable.get(vpn);
    if (vma === undefined || (pte & PTE_PRESENT) === 0) return '-';
    const frame = pteFrame(pte);
    if ((vma.flags & VM_PFNMAP) !== 0) {
      // The processor's view: an entry without permissions is not valid.
      return (pte & PTE_PROT) === 0 ? '-' : `${this.place(frame)}:p`;
    }
    if ((pte & PTE_SPECIAL) !== 0) return this.place(frame);
    const { phys } = mm;
    const letters =
      (phys.frames.isAnon(frame) ? '' : 'f') + (phys.frames.mapCount(frame) === 1 ? 'x' : '');
    return letters === '' ? this.place(frame) : `${this.place(frame)}:${letters}`;
  }

  private place(frame: Frame): string {
    const { phys } = this.machine;
    if (phys.rom.isRom(frame) && !phys.rom.isAbsent(frame))
      return `rom:${phys.rom.offsetOf(frame)}`;
    if (frame === ZERO_FRAME) return 'zero';
    const identity = phys.frames.identity(frame);
    let number = this.pageNumbers.get(identity);
    if (number === undefined) {
      number = this.pageNumbers.size;
      this.pageNumbers.set(identity, number);
    }
    return `ram:${number}`;
  }

  exec(
    parent: Process,
    path: string,
  ): { readonly records: readonly Fields[]; readonly end: Fields } {
    const process = this.machine.spawn(parent);
    const memory = memoryOf(process);
    const absolute = path.startsWith('/') ? path : `${nameToText(process.fs.getcwd())}/${path}`;
    try {
      const name = textToName(absolute);
      // The recorder ran programs in `/`, wherever its relative paths start.
      process.chdir('/');
      const program = execElf(process, memory, name, { argv: [name, PROGRAM_ARGUMENT], envp: [] });
      const { argv } = program;
      memory.fetch(program.entry);
      const { size: pageSize } = memory.mm.geometry;
      const [from, to] = [program.start * pageSize, program.end * pageSize];
      const areas = Array.from(memory.areas()).filter(({ start, end }) => start < to && end > from);
      return {
        records: [
          { op: 'x-start', argc: argv.length, argv0: nameToText(argv[0]!) },
          ...areas.map((area) => programArea(area, program, pageSize)),
        ],
        end: { ret: 'ok', status: PROGRAM_STATUS },
      };
    } finally {
      process.exit();
    }
  }

  finish(): Fields {
    return this.teardown();
  }
}

function inWindow(address: number): boolean {
  return address >= WINDOW_START && address < WINDOW_END;
}

function memoryOf({ mm }: Process): MmuMemory {
  invariant(mm instanceof MmuMemory, 'a process without an MMU');
  return mm;
}

function areaFields(area: MemoryArea): Fields {
  const { start, end, permissions, offset, file } = area;
  const counts = area.counts!();
  const path = nameToText(file?.path ?? '');
  return {
    start: hex(start),
    end: hex(end),
    perms: permissions,
    off: offset,
    ...(path.startsWith('/rom/') ? { ino: file!.inode.ino } : {}),
    path,
    rss: kib(counts.rss),
    pss: kib(counts.pss),
    sc: kib(counts.sharedClean),
    sd: kib(counts.sharedDirty),
    pc: kib(counts.privateClean),
    pd: kib(counts.privateDirty),
    an: kib(counts.anonymous),
    flags: vmFlagsText(area.vmFlags!),
  };
}

/** An area as the recorded programs print it, addresses of a PIE from its base on. */
function programArea(area: MemoryArea, { base, relocated }: ElfProgram, pageSize: number): Fields {
  const place = (address: Address): string =>
    relocated ? `base+${hex(address - base * pageSize)}` : hex(address);
  return {
    op: 'x-maps',
    when: 'start',
    start: place(area.start),
    end: place(area.end),
    perms: area.permissions,
    off: area.offset,
    path: nameToText(area.file?.path ?? ''),
    flags: vmFlagsText(area.vmFlags!),
  };
}

function hex(value: number): string {
  return `0x${value.toString(16)}`;
}

function kib(bytes: number): number {
  return Math.floor(bytes / 1024);
}
