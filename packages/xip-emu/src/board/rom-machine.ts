import { CRAMFS_FLAG_FSID_VERSION_2 } from 'cramfs-format';
import type { CramfsImage } from 'cramfs-reader';
import type { ArchitectureName } from '../arch/architecture.js';
import type { KernelConfig } from '../arch/kernel-config.js';
import { CramfsSuperBlock } from '../fs/cramfs/super.js';
import { Machine, type MachineOptions } from '../machine.js';
import type { RomWindow } from '../phys/rom-windows.js';
import type { PolicyName } from '../policy.js';
import type { Address } from '../units.js';

export interface RomMachineOptions {
  readonly mmu: boolean;
  readonly policy?: PolicyName | undefined;
  readonly arch?: ArchitectureName | undefined;
  readonly config?: Partial<KernelConfig> | undefined;
  /** Bus address of image byte 0; need not be a whole page. */
  readonly physAddr: Address;
  /** What else the machine is made with, such as the board that runs its programs. */
  readonly extra?: Partial<MachineOptions> | undefined;
}

/** Bytes of RAM of such a machine. */
export const ROM_MACHINE_RAM = 192 << 20;
/** What Linux maps of an image without a size; nothing in an image can be beyond it. */
const MAX_ROM_SIZE = 1 << 28;
/** Where RAM may be: the first place that leaves the ROM alone. */
const RAM_ADDRESSES = [0x80000000, 0x40000000] as const;
/** mtd0, as a block device. */
const MTD0 = { major: 31, minor: 0 } as const;

/** A machine whose pages are the image's blocks, with the image in ROM, and nothing mounted. */
export function romMachine(image: CramfsImage, options: RomMachineOptions): Machine {
  const { mmu, policy, arch, config, physAddr, extra } = options;
  const { bytes, blockSize: pageSize } = image;
  const rom = romWindow(bytes, physAddr, { size: romSize(image), pageSize });
  const ramAddress = ramBeside(rom, ROM_MACHINE_RAM);
  return new Machine({
    ...extra,
    pageSize,
    mmu,
    policy,
    arch,
    config,
    ramSize: ROM_MACHINE_RAM,
    ramAddress,
    roms: [rom],
  });
}

/** As much as the kernel wants to map, the image or more. */
function romSize({ bytes, superblock }: CramfsImage): number {
  const hasSize = (superblock.flags & CRAMFS_FLAG_FSID_VERSION_2) !== 0;
  const mapped = hasSize ? Math.min(superblock.size, MAX_ROM_SIZE) : MAX_ROM_SIZE;
  return Math.max(bytes.length, mapped);
}

/**
 * A window with `bytes` at a bus address, which need not be a whole page: windows are whole pages, and what is not the
 * image's are zeros.
 *
 * @param size bytes from `physAddr` on.
 */
export function romWindow(
  bytes: Uint8Array,
  physAddr: Address,
  { size, pageSize }: { readonly size: number; readonly pageSize: number },
): RomWindow {
  const before = physAddr % pageSize;
  const address = physAddr - before;
  const whole = Math.ceil((before + size) / pageSize) * pageSize;
  if (before === 0) return { address, size: whole, bytes };
  const shifted = new Uint8Array(before + bytes.length);
  shifted.set(bytes, before);
  return { address, size: whole, bytes: shifted };
}

/** Where RAM of that size can be so that it leaves a ROM alone. */
export function ramBeside({ address, size }: RomWindow, ramSize: number): Address | undefined {
  return RAM_ADDRESSES.find((ram) => address >= ram + ramSize || address + size <= ram);
}

/**
 * Mounts the image as the root of the machine, for a kernel of the image's byte order.
 *
 * @throws SyscallError if Linux would not mount it.
 */
export function mountRoot(
  machine: Machine,
  image: CramfsImage,
  physAddr: Address,
): CramfsSuperBlock {
  const { phys, policy } = machine;
  const { endianness } = image;
  const options = { physAddr, phys, policy: policy.cramfs, endianness, dev: MTD0 };
  return machine.mount('/', new CramfsSuperBlock(image, options));
}
