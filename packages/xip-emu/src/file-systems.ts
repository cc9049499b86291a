import { openImage, type CramfsImage } from 'cramfs-reader';
import type { KernelBuild } from './arch/kernel-build.js';
import type { MachineDevices } from './devices.js';
import { SyscallError } from './errno.js';
import { CramfsSuperBlock } from './fs/cramfs/super.js';
import { getTree, parseMountData } from './fs/get-tree.js';
import type { VmRegions } from './nommu/vm-region.js';
import type { PhysicalMemory } from './phys/physical-memory.js';
import type { LinuxPolicy } from './policy.js';
import type { Trace } from './trace.js';
import type { Address } from './units.js';
import type { BlockDevice } from './vfs/block-device.js';
import { MTD_BLOCK_MAJOR } from './vfs/device.js';
import { FsStruct } from './vfs/fs-struct.js';
import type { SuperBlock } from './vfs/inode.js';
import type { Clock } from './vfs/kstat.js';
import { MountTable, type MountOptions } from './vfs/mount.js';
import { takeMountOptions } from './vfs/mount-options.js';
import { SharedPages } from './vfs/shared-pages.js';

/** The parts of a machine that its file systems need. */
export interface FileSystemsHost {
  readonly phys: PhysicalMemory;
  readonly mmu: boolean;
  readonly vmRegions: VmRegions;
  readonly devices: MachineDevices;
  readonly policy: LinuxPolicy;
  readonly build: KernelBuild;
  readonly trace: Trace;
  readonly clock: Clock;
}

/**
 * The file systems of a machine: makes them for its devices, gives them what they need of it, and
 * mounts them.
 */
export class FileSystems {
  readonly mounts = new MountTable();
  private readonly host: FileSystemsHost;
  /** Minor number of the next file system without a device; the kernel's own tmpfs has the first. */
  private nextUnnamed = 1;

  constructor(host: FileSystemsHost) {
    this.host = host;
  }

  /** Mounts a file system on a path. @throws SyscallError EINVAL as {@link register}. */
  mount<T extends SuperBlock>(path: string, sb: T, options?: MountOptions): T {
    this.mounts.add(path, this.register(sb), options);
    return sb;
  }

  /** mount(2) by names, see {@link Machine.mount}. @throws SyscallError ENODEV, EINVAL, ENOENT, ENOTDIR. */
  mountByName(type: string, source: string, target: string, data: string): SuperBlock {
    const options = new Map(parseMountData(data));
    const mountOptions = takeMountOptions(options);
    const { phys, mmu, vmRegions } = this.host;
    const fs = new FsStruct(this.mounts);
    const cramfs = (device: string): SuperBlock => this.cramfsOn(device);
    try {
      const host = { phys, mmu, vmRegions, fs, cramfs };
      return this.mount(target, getTree(type, source, options, host), mountOptions);
    } finally {
      fs.release();
    }
  }

  /**
   * Makes a file system the machine's. Compare fs/super.c:set_anon_super().
   *
   * @throws SyscallError EINVAL if it was made for a machine with another page size.
   */
  register<T extends SuperBlock>(sb: T): T {
    const { trace, clock, devices, phys, policy } = this.host;
    if (sb.trace === trace) return sb;
    sb.devices = devices;
    const { size } = sb.geometry;
    if (size !== phys.geometry.size) {
      throw new SyscallError('EINVAL', `made for a machine with pages of ${size} bytes`);
    }
    sb.trace = trace;
    sb.stacking = policy.stacking;
    if (policy.pageCacheSharing) sb.sharedPages = new SharedPages(phys);
    sb.clock = clock;
    sb.registered(() => {
      this.nextUnnamed += 1;
      return { major: 0, minor: this.nextUnnamed - 1 };
    });
    return sb;
  }

  /**
   * The cramfs of an image, on one of the machine's devices.
   *
   * @param place a bus address, or a disk; default: a disk with these bytes that is not mounted, or
   * else a new one.
   * @throws SyscallError EINVAL, see {@link Machine.mountCramfs}.
   */
  newCramfs(image: CramfsImage, place?: Address | BlockDevice): CramfsSuperBlock {
    const { phys, devices, policy, build } = this.host;
    const { endianness } = build.arch;
    const options = { phys, policy: policy.cramfs, endianness };
    if (typeof place === 'number') {
      const dev = { major: MTD_BLOCK_MAJOR, minor: this.windowOf(place) };
      return new CramfsSuperBlock(image, { ...options, physAddr: place, dev });
    }
    const { bytes } = image;
    const bdev = place ?? devices.unusedDisk(bytes) ?? devices.attachDisk(bytes);
    return new CramfsSuperBlock(image, { ...options, bdev });
  }

  /** A file system that is already mounted is mounted again: compare fs/super.c:sget_dev(). */
  private cramfsOn(device: string): SuperBlock {
    const { devices, phys } = this.host;
    const mtd = phys.rom.windows[Number(/^mtd(\d+)$/.exec(device)?.[1] ?? NaN)];
    const disk = devices.diskByName(device);
    const bytes = (mtd ?? disk)?.bytes;
    if (bytes === undefined) throw new SyscallError('ENOENT', `no such device: ${device}`);
    for (const { sb } of this.mounts) {
      if (!(sb instanceof CramfsSuperBlock)) continue;
      const { blkdev, physAddr } = sb;
      if (disk === undefined ? physAddr === mtd?.address : blkdev?.bdev === disk) return sb;
    }
    return this.newCramfs(openImage(bytes, { dialect: 'standard' }), mtd?.address ?? disk);
  }

  private windowOf(at: Address): number {
    const { windows } = this.host.phys.rom;
    return windows.findIndex(({ address, size }) => at >= address && at < address + size);
  }

  /** sync(2): every file system writes back what is dirty. @throws SyscallError EIO. */
  sync(): void {
    for (const sb of new Set([...this.mounts].map((mount) => mount.sb))) sb.sync();
  }
}
