import { nameToText, textToName } from 'cramfs-format';
import { execNommu } from '../exec/nommu-program.js';
import { SyscallError, invariant } from '../errno.js';
import type { Machine } from '../machine.js';
import type { Allocation } from '../nommu/vm-region.js';
import { NommuMemory } from '../nommu/nommu-memory.js';
import type { NommuVma } from '../nommu/nommu-vma.js';
import type { Process } from '../process.js';
import { permissionsText } from '../nommu/task-nommu.js';
import type { Address } from '../units.js';
import type { Fields, Mapping, RangeUse, ScenarioOps } from './ops.js';

/** TAINT_WARN. */
const TAINT_WARN = 512;
/** The mounts where files have the image's inode numbers, which records show. */
const IMAGE_ROOT = '/rom/';
/** The recorded programs take one argument and end like this; their code is not run here. */
const PROGRAM_ARGUMENT = 'x';
const PROGRAM_STATUS = 'exit:7';

export interface NommuScenarioOptions {
  readonly machine: Machine;
  /** /rom or /ovl. */
  readonly root: string;
  /** Bus address of image byte 0. */
  readonly romAddress: Address;
  /** Unmounts everything; returns the fields of scenario-end if nothing went wrong. */
  readonly teardown: () => Fields;
}

/**
 * The records of a machine without MMU. Places are ROM offsets, or numbers of the rows of RAM that
 * mappings obtained, in the order in which records show them first.
 */
export class NommuScenarioOps implements ScenarioOps {
  readonly machine: Machine;
  readonly root: string;
  private readonly romAddress: Address;
  private readonly teardown: () => Fields;
  private readonly numbers = new Map<Allocation, number>();
  /** What was at an ID's address when it was mapped. */
  private readonly owners = new WeakMap<Mapping, Allocation>();

  constructor({ machine, root, romAddress, teardown }: NommuScenarioOptions) {
    this.machine = machine;
    this.root = root;
    this.romAddress = romAddress;
    this.teardown = teardown;
  }

  before(process: Process, operation: string): void {
    memoryOf(process).mm.operation = operation;
  }

  addressField(process: Process, mapping: Mapping): string {
    const vma = memoryOf(process).mm.findVma(mapping.address);
    invariant(vma !== undefined, 'a new mapping is there');
    this.owners.set(mapping, vma.vmRegion.allocation);
    return this.place(vma, mapping.address);
  }

  /**
   * Without memory protection the agent has to take care: it does not write to ROM, and does not
   * touch memory that no longer belongs to the mapping, as somebody else may own it. It may unmap
   * anything in ROM: nothing there can be given away.
   */
  skip(process: Process, { op, mapping, offset, length, write }: RangeUse): string | undefined {
    const inRom = this.romOffset(mapping.address) !== undefined;
    const isAccess = op === 'touch' || op === 'sum';
    if (!isAccess && op !== 'munmap' && op !== 'mremap') return undefined;
    if (!isAccess && inRom) return undefined;
    const vma = this.standing(process, mapping);
    const isThere = vma !== undefined && mapping.address + offset + length <= vma.vmEnd;
    if (!isThere) return 'skip-unmapped';
    return write && inRom ? 'skip-rom' : undefined;
  }

  maps(process: Process): Fields {
    const vmas = [...memoryOf(process).mm.vmas()].map((vma) => ({
      rom: this.romOffset(vma.vmStart),
      number: this.romOffset(vma.vmStart) === undefined ? this.number(vma) : 0,
      vma,
    }));
    vmas.sort(
      (a, b) =>
        (a.rom ?? Infinity) - (b.rom ?? Infinity) ||
        a.number - b.number ||
        a.vma.vmStart - b.vma.vmStart,
    );
    return { vmas: vmas.map(({ vma }) => this.mapsLine(vma)) };
  }

  private mapsLine(vma: NommuVma): Fields {
    const { vmStart, vmEnd, vmFile, vmPgoff } = vma;
    const path = vmFile === undefined ? '' : nameToText(vmFile.path);
    return {
      at: this.place(vma, vmStart),
      len: vmEnd - vmStart,
      perms: permissionsText(vma.vmFlags),
      off: vmFile === undefined ? 0 : vmPgoff * this.machine.pageSize,
      ...(vmFile !== undefined && path.startsWith(IMAGE_ROOT) ? { ino: vmFile.inode.ino } : {}),
      path,
    };
  }

  pages(process: Process, mapping: Mapping): Fields {
    return { at: this.pagesOf(process, mapping) };
  }

  pagesOf(process: Process, mapping: Mapping): string {
    const vma = this.standing(process, mapping);
    return vma === undefined ? '-' : this.place(vma, mapping.address);
  }

  exec(parent: Process, path: string): { records: readonly Fields[]; end: Fields } {
    const process = this.machine.spawn(parent);
    const memory = memoryOf(process);
    const absolute = path.startsWith('/') ? path : `${nameToText(process.fs.getcwd())}/${path}`;
    try {
      const name = textToName(absolute);
      // The recorder ran programs in `/`, wherever its relative paths start.
      process.chdir('/');
      const program = execNommu(process, memory, name, {
        argv: [name, PROGRAM_ARGUMENT],
        envp: [],
      });
      const { argv } = program;
      const isFlat = program.format === 'flat';
      const start = { op: 'x-start', argc: argv.length };
      const parts: [string, Address][] = [
        ['text', program.startCode],
        ...(isFlat ? [] : [['data', program.startData] satisfies [string, Address]]),
        ['stack', program.startStack],
      ];
      // The flat program is too small to print paths.
      const records = [...memory.mm.vmas()].map((vma) => this.programMapsLine(vma, parts, isFlat));
      return {
        records: [isFlat ? start : { ...start, argv0: nameToText(argv[0]!) }, ...records],
        end: { ret: 'ok', status: PROGRAM_STATUS },
      };
    } finally {
      process.exit();
    }
  }

  private programMapsLine(
    vma: NommuVma,
    parts: readonly (readonly [string, Address])[],
    isFlat: boolean,
  ): Fields {
    const { vmStart, vmEnd, vmFile, vmPgoff } = vma;
    const rom = this.romOffset(vmStart);
    const has = parts.filter(([, at]) => at >= vmStart && at < vmEnd).map(([name]) => name);
    const path = has.includes('stack') ? '[stack]' : (vmFile?.path ?? '');
    return {
      op: 'x-maps',
      when: 'start',
      at: rom === undefined ? 'ram' : `rom:${rom}`,
      len: vmEnd - vmStart,
      perms: permissionsText(vma.vmFlags),
      off: vmFile === undefined ? 0 : vmPgoff * this.machine.pageSize,
      ...(isFlat ? {} : { path: nameToText(path) }),
      has: [...has, ''],
    };
  }

  finish(): Fields {
    const fields = this.teardown();
    const { warned } = this.machine.vmRegions;
    return warned ? { ...fields, kernel: 'warned', taint: TAINT_WARN } : fields;
  }

  /** The VMA at an ID's address, if that is still the ID's own. */
  private standing(process: Process, mapping: Mapping): NommuVma | undefined {
    const vma = memoryOf(process).mm.findVma(mapping.address);
    return vma?.vmRegion.allocation === this.owners.get(mapping) ? vma : undefined;
  }

  private place(vma: NommuVma, address: Address): string {
    const rom = this.romOffset(address);
    if (rom !== undefined) return `rom:${rom}`;
    const offset = address - vma.vmRegion.allocation.start;
    return `ram:${this.number(vma)}${offset === 0 ? '' : `+${offset}`}`;
  }

  private number({ vmRegion: { allocation } }: NommuVma): number {
    let number = this.numbers.get(allocation);
    if (number === undefined) {
      number = this.numbers.size;
      this.numbers.set(allocation, number);
    }
    return number;
  }

  /** Offset from the image's first byte of an address in the ROM; undefined for RAM. */
  private romOffset(at: Address): number | undefined {
    for (const { address, size } of this.machine.phys.rom.windows) {
      if (at >= address && at < address + size) return at - this.romAddress;
    }
    return undefined;
  }
}

function memoryOf({ mm }: Process): NommuMemory {
  if (mm instanceof NommuMemory) return mm;
  throw new SyscallError('ENOSYS', 'the machine has an MMU');
}
