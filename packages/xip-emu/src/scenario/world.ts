import { S_IFDIR, S_IFREG } from 'cramfs-format';
import { openImage, type CramfsImage } from 'cramfs-reader';
import type { ArchitectureName } from '../arch/architecture.js';
import type { KernelConfig } from '../arch/kernel-config.js';
import { ramBeside, romWindow } from '../board/rom-machine.js';
import { UnmodelledError, invariant } from '../errno.js';
import { DevSuperBlock } from '../fs/devfs/super.js';
import { RamfsSuperBlock } from '../fs/ramfs/super.js';
import { TmpfsSuperBlock } from '../fs/tmpfs/super.js';
import { Machine } from '../machine.js';
import type { PolicyName } from '../policy.js';
import { MOUNTS, type ArchiveSource } from './mounts.js';
import { MmuScenarioOps } from './mmu-ops.js';
import { NommuScenarioOps } from './nommu-ops.js';
import type { Fields, ScenarioOps } from './ops.js';
import type { ScenarioWorld } from './run.js';
import { DEFAULT_PAGE_SIZE, type Address } from '../units.js';

/** The machine on which the kernels were recorded. */
const ROM_ADDRESS = 0x22000000;
const ROM_SIZE = 32 << 20;
const RAM_SIZE = 192 << 20;

export interface WorldOptions {
  readonly mmu: boolean;
  readonly policy?: PolicyName | undefined;
  readonly arch?: ArchitectureName | undefined;
  readonly config?: Partial<KernelConfig> | undefined;
  /** Default 4096: the image's block size, for a kernel that reads it correctly. */
  readonly pageSize?: number | undefined;
  /** Bus address of image byte 0; need not be a whole page. */
  readonly romAddress?: Address | undefined;
  readonly ramSize?: number | undefined;
  /** The archive that a scenario calls by a name. @throws if there is none. */
  readonly archive?: ((name: string) => ArchiveSource) | undefined;
}

/** A world whose ROM and disk hold a cramfs image. Each mount starts a fresh machine. */
export function createWorld(
  source: Uint8Array | CramfsImage,
  options: WorldOptions,
): ScenarioWorld {
  const { mmu, policy, arch, config, pageSize = DEFAULT_PAGE_SIZE } = options;
  const { romAddress = ROM_ADDRESS, ramSize = RAM_SIZE } = options;
  const image = source instanceof Uint8Array ? openImage(source, { dialect: 'standard' }) : source;
  const { bytes } = image;
  const size = Math.max(ROM_SIZE, bytes.length);
  const window = romWindow(bytes, romAddress, { size, pageSize });
  const ramAddress = ramBeside(window, ramSize);
  return {
    crc32: (bytes, crc) => image.zlib.crc32(bytes, crc),
    mount(kind, { faultAround, file, mountOptions }): ScenarioOps {
      const { image: place, root, mount } = MOUNTS[kind];
      const build = { pageSize, mmu, policy, arch, config };
      const machine = new Machine({ ...build, ramSize, ramAddress, roms: [window], faultAround });
      machine.devices.attachDisk(bytes);
      const rootfs = mountRoot(machine);
      const rom = machine.mountCramfs('/rom', image, place === 'disk' ? undefined : romAddress);
      const unmount = mount?.({ machine, rom, archive: () => archiveOf(options, file) });
      if (mountOptions !== undefined) machine.remount(root, { ...mountOptions, bind: true });
      const teardown = (): Fields => {
        unmount?.();
        rootfs.evict();
        rom.evict();
        for (const { mapping } of machine.devices.blockDevices()) mapping.evict();
        invariant(machine.phys.used === 0, `${machine.phys.used} frames leaked`);
        return { kernel: 'ok', umount: 'ok', taint: 0 };
      };
      if (!mmu) return new NommuScenarioOps({ machine, root, romAddress, teardown });
      return new MmuScenarioOps(machine, root, teardown);
    },
  };
}

/** What the recorded machines had at /: the directories of the mounts, and a program. */
const ROOT_DIRECTORIES = ['dev', 'mnt', 'ovl', 'proc', 'rom', 'sys', 'tmp', 'up'];

/** The file system that the kernel unpacks an initramfs into. Compare init/do_mounts.c:init_rootfs(). */
function mountRoot(machine: Machine): TmpfsSuperBlock | RamfsSuperBlock {
  const { phys, vmRegions: nommu, mmu } = machine;
  const rootfs = mmu ? new TmpfsSuperBlock(phys) : new RamfsSuperBlock(phys, { nommu });
  machine.mount('/', rootfs);
  for (const name of ROOT_DIRECTORIES) rootfs.root.mkdir(name, S_IFDIR | 0o755);
  rootfs.root.create('init', S_IFREG | 0o755);
  machine.mount('/dev', new DevSuperBlock({ mapsNull: false }));
  return rootfs;
}

function archiveOf({ archive }: WorldOptions, file: string | undefined): ArchiveSource {
  if (archive === undefined || file === undefined) throw new UnmodelledError('no archives here');
  return archive(file);
}
