import { isBlockSize } from 'cramfs-format';
import type { CramfsImage } from 'cramfs-reader';
import { PageSizeError, SyscallError } from './errno.js';
import { FileSystems } from './file-systems.js';
import { TmpfsSuperBlock } from './fs/tmpfs/super.js';
import type { ArchitectureName } from './arch/architecture.js';
import { ARCHITECTURES, kernelBuild, type KernelBuild } from './arch/kernel-build.js';
import type { KernelConfig } from './arch/kernel-config.js';
import { MachineDevices } from './devices.js';
import type { MmHost } from './mm/mm-struct.js';
import { MmuMemory } from './mm/mmu-memory.js';
import { setupAdditionalPages } from './mm/special-mapping.js';
import type { OpenFile } from './vfs/file.js';
import type { CramfsSuperBlock } from './fs/cramfs/super.js';
import type { MemoryMap } from './memory-map.js';
import { NommuMemory } from './nommu/nommu-memory.js';
import { RegionRam } from './nommu/region-ram.js';
import { VmRegions } from './nommu/vm-region.js';
import type { PageBlocks } from './phys/page-arena.js';
import { PhysicalMemory } from './phys/physical-memory.js';
import type { RomWindow } from './phys/rom-windows.js';
import { LINUX_POLICIES, type LinuxPolicy, type PolicyName } from './policy.js';
import { Process } from './process.js';
import { DEFAULT_PAGE_SIZE, PageGeometry, type Address, type Frame, type Vpn } from './units.js';
import { Trace } from './trace.js';
import { VmEvents } from './vm-events.js';
import { FsStruct } from './vfs/fs-struct.js';
import type { SuperBlock } from './vfs/inode.js';
import { Clock } from './vfs/kstat.js';
import { pathLookup, type ResolvedPath } from './vfs/namei.js';
import type { MountTable, MountOptions, RemountOptions } from './vfs/mount.js';

export interface MachineOptions {
  /** 4096 (default) to 65536 bytes, a power of two. Machines of several sizes can be alive at once. */
  readonly pageSize?: number | undefined;
  /** Default: true. */
  readonly mmu?: boolean | undefined;
  /** Bytes; default 192 MiB. */
  readonly ramSize?: number | undefined;
  /** Physical address of the RAM, a whole page; default 0x80000000. No window may overlap it. */
  readonly ramAddress?: number | undefined;
  readonly roms?: readonly RomWindow[] | undefined;
  readonly policy?: PolicyName | undefined;
  /** The processor architecture; default riscv64, the source of most records. */
  readonly arch?: ArchitectureName | undefined;
  /** Differences from the usual kernel configuration of that architecture. */
  readonly config?: Partial<KernelConfig> | undefined;
  /** fault_around_bytes, see {@link Machine.setFaultAround}; default 64 KiB, as in Linux. */
  readonly faultAround?: number | undefined;
  /** vm.max_map_count; default 65530. */
  readonly maxMapCount?: number | undefined;
  /**
   * Memory that the machine takes its pages from, so that a processor can read and write them
   * itself; programs run only with it.
   */
  readonly pages?: PageBlocks | undefined;
  /** get_random_bytes(): what AT_RANDOM points to; default zeros. */
  readonly randomBytes?: ((length: number) => Uint8Array) | undefined;
  /** The content of the special mappings, by name; without it, touching one is not emulated. */
  readonly specialPages?: ReadonlyMap<string, Uint8Array> | undefined;
  /** The clock of file times; default: a clock that counts changes. */
  readonly clock?: Clock | undefined;
}

const DEFAULT_RAM = 192 << 20;
const DEFAULT_FAULT_AROUND = 65536;
const DEFAULT_MAX_MAP_COUNT = 65530;
const RAM_ADDRESS = 0x80000000;

/** The composition root: physical memory, mounts, processes and one Linux policy. */
export class Machine implements MmHost {
  readonly geometry: PageGeometry;
  readonly mmu: boolean;
  readonly phys: PhysicalMemory;
  readonly policy: LinuxPolicy;
  /** What its kernel was built for. */
  readonly build: KernelBuild;
  private readonly fileSystems: FileSystems;
  /** fault_around_pages; see {@link setFaultAround}. */
  faultAroundPages: number;
  readonly maxMapCount: number;
  /** What it has counted since it was started. */
  readonly vmEvents = new VmEvents();
  /** The event log; set its `sink` to turn it on. */
  readonly trace = new Trace();
  readonly mmapMinVpn: Vpn;
  /** The kernel's own mount, for shared anonymous memory: mm/shmem.c:shm_mnt. */
  private readonly shmMount: TmpfsSuperBlock;
  /** Without MMU: what all mappings stand on. */
  readonly vmRegions: VmRegions;
  /** Processes that have not exited. */
  readonly processes = new Set<Process>();
  private nextPid = 1;
  readonly clock: Clock;
  readonly randomBytes: (length: number) => Uint8Array;
  private readonly specialPages: ReadonlyMap<string, Uint8Array>;
  private readonly specialFrames = new Map<string, Frame>();
  /** Its ROMs and disks, which device nodes lead to. */
  readonly devices: MachineDevices;

  constructor(options: MachineOptions = {}) {
    const { mmu = true, ramSize = DEFAULT_RAM, roms = [], policy = 'linux-6.12' } = options;
    const pageSize = options.pageSize ?? DEFAULT_PAGE_SIZE;
    if (!isBlockSize(pageSize)) throw new PageSizeError(pageSize);
    this.geometry = new PageGeometry(pageSize);
    this.mmu = mmu;
    this.clock = options.clock ?? new Clock();
    this.specialPages = options.specialPages ?? new Map();
    this.randomBytes = options.randomBytes ?? ((length) => new Uint8Array(length));
    this.build = kernelBuild(
      ARCHITECTURES[options.arch ?? 'riscv64'],
      mmu,
      this.geometry,
      options.config,
    );
    this.mmapMinVpn = this.geometry.pagesOf(this.build.config.DEFAULT_MMAP_MIN_ADDR);
    this.policy = LINUX_POLICIES[policy];
    this.faultAroundPages = this.faultAroundOf(options.faultAround ?? DEFAULT_FAULT_AROUND);
    this.maxMapCount = options.maxMapCount ?? DEFAULT_MAX_MAP_COUNT;
    this.phys = new PhysicalMemory({
      ramSize,
      ramAddress: options.ramAddress ?? RAM_ADDRESS,
      roms,
      pages: options.pages,
      geometry: this.geometry,
      maxPageOrder: this.build.config.ARCH_FORCE_MAX_ORDER,
    });
    this.devices = new MachineDevices(this.phys, this.trace);
    this.phys.reclaim = () => {
      for (const { mapping } of this.devices.blockDevices()) mapping.dropUnmapped();
    };
    this.vmRegions = new VmRegions(
      new RegionRam(this.phys, this.build.config.NOMMU_INITIAL_TRIM_EXCESS),
      { maxMapCount: this.maxMapCount },
    );
    this.fileSystems = new FileSystems(this);
    this.shmMount = this.fileSystems.register(new TmpfsSuperBlock(this.phys));
  }

  /** The mounts, by place. */
  get mounts(): MountTable {
    return this.fileSystems.mounts;
  }

  /** PAGE_SIZE in bytes. */
  get pageSize(): number {
    return this.geometry.size;
  }

  /** Writes fault_around_bytes, which is rounded down to a power of two and is at least a page. */
  setFaultAround(bytes: number): void {
    this.faultAroundPages = this.faultAroundOf(bytes);
  }

  /** Compare mm/memory.c:fault_around_bytes_set(). */
  private faultAroundOf(bytes: number): number {
    const { size } = this.geometry;
    return 2 ** Math.floor(Math.log2(Math.max(bytes, size) / size));
  }

  /**
   * mount(2): puts a file system that was made for this machine at an absolute path (a byte
   * string), which need not be a directory. A file system without a device gets the next unnamed
   * number. A file system can be mounted at several places.
   *
   * @returns the file system.
   * @throws SyscallError EINVAL if it was made for a machine with another page size.
   */
  mount<T extends SuperBlock>(path: string, sb: T, options?: MountOptions): T;
  /**
   * mount(2) by names: makes a file system of a type, `cramfs`, `tmpfs`, `ramfs`, `overlay` or
   * `devtmpfs`, and puts it at `target`.
   *
   * @param source the device of a cramfs, `mtd0` or `/dev/vda`; else only a name.
   * @param options as after mount's -o: `ro`, `noexec`, `nodev`, `nosuid`, and those of the file system, such as `size=16k` or
   * `lowerdir=/rom,upperdir=/up/u,workdir=/up/w`. Switches of overlayfs other than redirect_dir can
   * only be off.
   * @throws SyscallError ENODEV, EINVAL, ENOENT, ENOTDIR.
   */
  mount(type: string, source: string, target: string, options?: string): SuperBlock;
  mount(
    pathOrType: string,
    sbOrSource: SuperBlock | string,
    optionsOrTarget?: MountOptions | string,
    data = '',
  ): SuperBlock {
    if (typeof sbOrSource !== 'string') {
      const options = typeof optionsOrTarget === 'string' ? undefined : optionsOrTarget;
      return this.fileSystems.mount(pathOrType, sbOrSource, options);
    }
    if (typeof optionsOrTarget !== 'string') throw new SyscallError('ENOENT', 'no target');
    return this.fileSystems.mountByName(pathOrType, sbOrSource, optionsOrTarget, data);
  }

  /** kern_path() from the root of the tree. @throws SyscallError ENOENT, ENOTDIR, ELOOP. */
  lookup(path: string): ResolvedPath {
    const fs = new FsStruct(this.mounts);
    try {
      return pathLookup(fs, path);
    } finally {
      fs.release();
    }
  }

  /**
   * mount(2) with MS_REMOUNT: makes what is mounted at a path read-only or writable.
   *
   * @throws SyscallError EINVAL if nothing is mounted there; EBUSY while files opened for writing
   * are open or mapped.
   */
  remount(path: string, options: RemountOptions): void {
    const mount = this.mounts.at(path);
    if (mount === undefined) throw new SyscallError('EINVAL', 'no mount');
    mount.remount(options);
  }

  /** umount(2). @throws SyscallError EINVAL, EBUSY; see {@link MountTable.remove}. */
  umount(path: string): void {
    this.mounts.remove(path);
  }

  /**
   * Mounts a cramfs image: from ROM at `physAddr`, the bus address of its first byte in one of the
   * windows, or from a block device. Each window is an MTD (mtd0, mtd1, ...). A mount without
   * `physAddr` uses a virtio disk (vda, vdb, ...) that has the image's bytes and is not mounted, or
   * else a new one.
   *
   * @throws SyscallError EINVAL if a kernel of the machine's byte order does not mount the image,
   * or if the image is not entirely in one ROM.
   */
  mountCramfs(path: string, image: CramfsImage, physAddr?: Address): CramfsSuperBlock {
    return this.mount(path, this.fileSystems.newCramfs(image, physAddr));
  }

  /**
   * A process whose memory is empty except for the kernel's own mappings ([vvar], [vdso]). Nothing
   * adopts it: end it with {@link Process.exit}.
   *
   * @param parent gives it root and working directory; default: both are the root of all mounts.
   */
  spawn(parent?: Process): Process {
    return this.adopt(this.newMemoryMap(), parent);
  }

  /**
   * fork(2): a child with a copy of the parent's memory and the same open files. Each process
   * closes them for itself. Compare kernel/fork.c:dup_mm(), copy_files().
   *
   * @param memory what is copied: another process's memory, if the parent has used that since its
   * vfork(2).
   * @throws SyscallError ENOSYS without an MMU.
   */
  fork(parent: Process, memory = parent.mm): Process {
    const child = this.adopt(memory.fork(), parent);
    child.files.inherit(parent.files);
    this.trace.sink?.({ type: 'fork', pid: parent.pid, child: child.pid });
    return child;
  }

  /** The next number of a process or thread: kernel/pid.c:alloc_pid(). */
  allocPid(): number {
    this.nextPid += 1;
    return this.nextPid - 1;
  }

  private adopt(mm: MemoryMap, parent?: Process): Process {
    const process = new Process(this.allocPid(), mm, this, parent);
    mm.pid = process.pid;
    this.processes.add(process);
    return process;
  }

  exited(process: Process): void {
    this.processes.delete(process);
  }

  /** Turns the machine off: its processes are gone, but what they had is not given back. */
  halt(): void {
    for (const { fs } of this.processes) fs.release();
    this.processes.clear();
  }

  private newMemoryMap(): MemoryMap {
    if (!this.mmu) return new NommuMemory(this.vmRegions, this.trace, this.build);
    const memory = new MmuMemory(this);
    setupAdditionalPages(memory.mm);
    return memory;
  }

  /** sync(2): every file system writes back what is dirty. @throws SyscallError EIO. */
  sync(): void {
    this.fileSystems.sync();
  }

  /**
   * A write to /proc/sys/vm/drop_caches: frees clean pages of files that nothing maps. Compare
   * fs/drop_caches.c:drop_caches_sysctl_handler().
   *
   * @param what 1: the page cache; 2: names and inodes that are not used, which the emulator does not keep;
   * 3: both.
   */
  dropCaches(what: number): void {
    if ((what & 1) !== 0) {
      for (const sb of new Set([...this.mounts].map((mount) => mount.sb))) sb.dropCaches();
      for (const { mapping } of this.devices.blockDevices()) mapping.dropUnmapped();
      this.vmEvents.dropPagecache += 1;
    }
    if ((what & 2) !== 0) this.vmEvents.dropSlab += 1;
  }

  /**
   * The page of the kernel that all processes have in a special mapping: `none` after the end of its
   * content, undefined if its content is not known.
   */
  specialPage(name: string, index: number): Frame | 'none' | undefined {
    const bytes = this.specialPages.get(name);
    if (bytes === undefined) return undefined;
    if (index * this.pageSize >= bytes.length) return 'none';
    const key = `${name} ${index}`;
    const known = this.specialFrames.get(key);
    if (known !== undefined) return known;
    const frame = this.phys.allocateForKernel();
    const start = index * this.pageSize;
    this.phys.fill(frame, bytes.subarray(start, start + this.pageSize));
    this.specialFrames.set(key, frame);
    return frame;
  }

  shmemZeroSetup(pages: number): OpenFile {
    return this.shmMount.zeroFile(pages);
  }
}
