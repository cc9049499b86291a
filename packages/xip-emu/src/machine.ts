import type { CramfsImage } from 'cramfs-reader';
import { TmpfsSuperBlock } from './fs/tmpfs/super.js';
import { Mm, type MmHost } from './mm/mm-struct.js';
import { installVdso } from './mm/special-mapping.js';
import type { OpenFile } from './vfs/file.js';
import { CramfsSuperBlock } from './fs/cramfs/super.js';
import type { MemoryMap } from './memory-map.js';
import { NommuMm } from './nommu/nommu-mm.js';
import { RegionRam } from './nommu/region-ram.js';
import { VmRegions } from './nommu/vm-region.js';
import { PhysicalMemory } from './phys/physical-memory.js';
import type { RomWindow } from './phys/rom-window.js';
import { LINUX_POLICIES, type LinuxPolicy, type PolicyName } from './policy.js';
import { Process } from './process.js';
import { PAGE_SIZE, type Address } from './units.js';
import type { SuperBlock } from './vfs/inode.js';
import { MountTable } from './vfs/mount.js';

export interface MachineOptions {
  /** Default: true. */
  readonly mmu?: boolean | undefined;
  /** Bytes; default 192 MiB. */
  readonly ramSize?: number | undefined;
  readonly roms?: readonly RomWindow[] | undefined;
  readonly policy?: PolicyName | undefined;
  /** fault_around_bytes: a power of two, at least a page; default 64 KiB, as Linux has it. */
  readonly faultAround?: number | undefined;
  /** vm.max_map_count; default 65530. */
  readonly maxMapCount?: number | undefined;
}

const DEFAULT_RAM = 192 << 20;
const DEFAULT_FAULT_AROUND = 65536;
const DEFAULT_MAX_MAP_COUNT = 65530;
const MMAP_MIN_ADDR = 65536;
const RAM_ADDRESS = 0x80000000;

/** The composition root: physical memory, mounts, processes and one Linux policy. */
export class Machine implements MmHost {
  readonly mmu: boolean;
  readonly phys: PhysicalMemory;
  readonly policy: LinuxPolicy;
  readonly mounts = new MountTable();
  /** fault_around_pages; may change at any time. */
  faultAroundPages: number;
  readonly maxMapCount: number;
  readonly mmapMinVpn = MMAP_MIN_ADDR / PAGE_SIZE;
  /** The kernel's own mount, for shared anonymous memory: mm/shmem.c:shm_mnt. */
  private readonly shmMount: TmpfsSuperBlock;
  /** Without MMU: what all mappings stand on. */
  readonly vmRegions: VmRegions;
  private nextPid = 1;

  constructor(options: MachineOptions = {}) {
    const { mmu = true, ramSize = DEFAULT_RAM, roms = [], policy = 'linux-6.12' } = options;
    this.mmu = mmu;
    this.policy = LINUX_POLICIES[policy];
    this.faultAroundPages = (options.faultAround ?? DEFAULT_FAULT_AROUND) / PAGE_SIZE;
    this.maxMapCount = options.maxMapCount ?? DEFAULT_MAX_MAP_COUNT;
    this.phys = new PhysicalMemory({ ramSize, ramAddress: RAM_ADDRESS, roms });
    this.shmMount = new TmpfsSuperBlock(this.phys);
    this.vmRegions = new VmRegions(new RegionRam(this.phys));
  }

  /** Mounts a file system that was made for this machine. */
  mount<T extends SuperBlock>(path: string, sb: T): T {
    this.mounts.add(path, sb);
    return sb;
  }

  /**
   * Mounts a cramfs image: from ROM at `physAddr` (an address in one of the windows), or from a
   * block device.
   */
  mountCramfs(path: string, image: CramfsImage, physAddr?: Address): CramfsSuperBlock {
    const options = { physAddr, phys: this.phys, policy: this.policy.cramfs };
    return this.mount(path, new CramfsSuperBlock(image, options));
  }

  /** A process with an empty memory map. */
  spawn(): Process {
    return this.adopt(this.newMemoryMap());
  }

  /** A child with a copy of the parent's memory. @throws SyscallError ENOSYS without an MMU. */
  fork(parent: Process): Process {
    return this.adopt(parent.mm.fork());
  }

  private adopt(mm: MemoryMap): Process {
    const process = new Process(this.nextPid, mm, this.mounts);
    this.nextPid += 1;
    return process;
  }

  private newMemoryMap(): MemoryMap {
    if (!this.mmu) return new NommuMm(this.vmRegions);
    const mm = new Mm(this);
    installVdso(mm);
    return mm;
  }

  shmemZeroSetup(pages: number): OpenFile {
    return this.shmMount.zeroFile(pages);
  }
}
