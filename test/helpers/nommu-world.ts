import { SyscallError } from '#xip-emu/errno.js';
import { MAP_ANONYMOUS, MAP_PRIVATE, MAP_SHARED } from '#xip-emu/memory-map.js';
import { NommuMemory } from '#xip-emu/nommu/nommu-memory.js';
import { RegionRam } from '#xip-emu/nommu/region-ram.js';
import { validateNommu } from '#xip-emu/nommu/validate-nommu.js';
import { VmRegions } from '#xip-emu/nommu/vm-region.js';
import { PhysicalMemory } from '#xip-emu/phys/physical-memory.js';
import { DEFAULT_PAGE_SIZE as PAGE_SIZE } from '#xip-emu/units.js';
import { OpenFile, type FileOperations } from '#xip-emu/vfs/file.js';
import { Inode, type SuperBlock } from '#xip-emu/vfs/inode.js';
import { isNommuSharedMapping } from '#xip-emu/vfs/vm-area.js';

export const ROM = 0x22000000;
export const RAM = 0x80000000;

/** Byte `at` of every test file, and of the ROM: no two pages are equal. */
export function contentAt(at: number): number {
  return (at * 7 + Math.floor(at / PAGE_SIZE) * 13 + 5) & 255;
}

const ROM_BYTES = Uint8Array.from({ length: 64 * PAGE_SIZE }, (_, at) => contentAt(at));

class TestInode extends Inode {
  declare readonly sb: SuperBlock;
  readonly mode = 0o100644;
  readonly size: number;
  readonly mapping = undefined;

  constructor(pages: number, fops: FileOperations) {
    super(1, fops);
    this.size = pages * PAGE_SIZE;
  }

  lookup(): undefined {
    return undefined;
  }

  readlink(): string {
    throw new SyscallError('EINVAL');
  }
}

export interface TestFileOptions {
  readonly pages: number;
  /** Page of the ROM at which the file stands; without it nothing can be mapped directly. */
  readonly romPage?: number;
  /** Only its first pages can be mapped directly. */
  readonly directPages?: number;
  /** The file operations have no get_unmapped_area: as on a block device, or overlayfs. */
  readonly copyOnly?: boolean;
}

/** A machine without MMU: `ramPages` of RAM, 64 pages of ROM, no file system. */
export class NommuWorld {
  readonly phys: PhysicalMemory;
  readonly regions: VmRegions;
  private readonly mms: NommuMemory[] = [];

  constructor(ramPages = 256) {
    const roms = [{ address: ROM, size: ROM_BYTES.length, bytes: ROM_BYTES }];
    this.phys = new PhysicalMemory({ ramSize: ramPages * PAGE_SIZE, ramAddress: RAM, roms });
    this.regions = new VmRegions(new RegionRam(this.phys));
  }

  process(): TestProcess {
    const process = new TestProcess(this);
    this.mms.push(process.mm);
    return process;
  }

  /** A file open for reading; its content is that of ROM from `romPage` (or 0) on. */
  file({ pages, romPage, directPages = pages, copyOnly = false }: TestFileOptions): OpenFile {
    const base = (romPage ?? 0) * PAGE_SIZE;
    const size = pages * PAGE_SIZE;
    const fops: FileOperations = {
      mmap: () => undefined,
      readIter(_file, position, into) {
        const length = Math.max(0, Math.min(into.length, size - position));
        into.set(ROM_BYTES.subarray(base + position, base + position + length));
        return length;
      },
      ...(copyOnly
        ? {}
        : {
            mmapCapabilities: () => ({
              copy: true,
              direct: true,
              read: true,
              write: false,
              exec: true,
            }),
            getUnmappedArea(_file, pgoff, count) {
              if (pgoff + count > pages) throw new SyscallError('EINVAL');
              if (romPage === undefined || pgoff + count > directPages) {
                throw new SyscallError('ENOSYS');
              }
              return ROM + base + pgoff * PAGE_SIZE;
            },
            nommuMmap: (_file, flags) => isNommuSharedMapping(flags),
          }),
    };
    return new OpenFile(new TestInode(pages, fops), '/f');
  }

  validate(): void {
    validateNommu(
      this.regions,
      this.mms.map(({ mm }) => mm),
    );
  }
}

/** A process whose operations count in pages; the state is validated after each. */
export class TestProcess {
  readonly mm: NommuMemory;
  private readonly world: NommuWorld;

  constructor(world: NommuWorld) {
    this.world = world;
    this.mm = new NommuMemory(world.regions);
  }

  map(
    file: OpenFile,
    pgoff: number,
    pages: number,
    prot: number,
    type: 'private' | 'shared' = 'private',
  ): number {
    return this.validated(() =>
      this.mm.mmap({
        address: 0,
        length: pages * PAGE_SIZE,
        prot,
        flags: type === 'shared' ? MAP_SHARED : MAP_PRIVATE,
        file,
        pgoff,
      }),
    );
  }

  anonymous(pages: number, prot: number): number {
    const flags = MAP_PRIVATE | MAP_ANONYMOUS;
    return this.validated(() =>
      this.mm.mmap({ address: 0, length: pages * PAGE_SIZE, prot, flags, pgoff: 0 }),
    );
  }

  unmap(address: number, pages: number): void {
    this.validated(() => {
      this.mm.munmap(address, pages * PAGE_SIZE);
    });
  }

  remap(address: number, oldPages: number, newPages: number): number {
    return this.validated(() =>
      this.mm.mremap(address, oldPages * PAGE_SIZE, newPages * PAGE_SIZE),
    );
  }

  exit(): void {
    this.validated(() => {
      this.mm.exit();
    });
  }

  /** The mappings as [first page, pages] from `base` on. */
  layout(base: number): [number, number][] {
    return [...this.mm.mm.vmas()].map(({ vmStart, vmEnd }) => [
      (vmStart - base) / PAGE_SIZE,
      (vmEnd - vmStart) / PAGE_SIZE,
    ]);
  }

  private validated<T>(run: () => T): T {
    try {
      return run();
    } finally {
      this.world.validate();
    }
  }
}
