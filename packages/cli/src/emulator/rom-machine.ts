import { CRAMFS_FLAG_FSID_VERSION_2 } from 'cramfs-format';
import type { CramfsImage } from 'cramfs-reader';
import {
  CramfsSuperBlock,
  Machine,
  isSyscallError,
  type ArchitectureName,
  type KernelConfig,
  type PolicyName,
  type RomWindow,
} from 'xip-emu';
import { InputError } from '../shell/errors.js';

export interface RomMachineOptions {
  readonly mmu: boolean;
  readonly policy?: PolicyName | undefined;
  readonly arch?: ArchitectureName | undefined;
  readonly config?: Partial<KernelConfig> | undefined;
  /** Bus address of image byte 0; need not be a whole page. */
  readonly physAddr: number;
}

const RAM_SIZE = 192 << 20;
/** What Linux maps of an image without a size; nothing in an image can be beyond it. */
const MAX_ROM_SIZE = 1 << 28;
/** Where RAM may be: the first place that leaves the ROM alone. */
const RAM_ADDRESSES = [0x80000000, 0x40000000] as const;
/** mtd0, as a block device. */
const MTD0 = { major: 31, minor: 0 } as const;

/** A machine whose pages are the image's blocks, with the image in ROM, and nothing mounted. */
export function romMachine(image: CramfsImage, options: RomMachineOptions): Machine {
  const { mmu, policy, arch, config, physAddr } = options;
  const rom = romWindow(image, physAddr);
  const ramAddress = RAM_ADDRESSES.find(
    (address) => rom.address >= address + RAM_SIZE || rom.address + rom.size <= address,
  );
  return new Machine({
    pageSize: image.blockSize,
    mmu,
    policy,
    arch,
    config,
    ramSize: RAM_SIZE,
    ramAddress,
    roms: [rom],
  });
}

/**
 * Windows are whole pages, as many as the kernel wants to map: what is not the image's are zeros.
 */
function romWindow({ bytes, superblock, blockSize }: CramfsImage, physAddr: number): RomWindow {
  const before = physAddr % blockSize;
  const address = physAddr - before;
  const hasSize = (superblock.flags & CRAMFS_FLAG_FSID_VERSION_2) !== 0;
  const mapped = hasSize ? Math.min(superblock.size, MAX_ROM_SIZE) : MAX_ROM_SIZE;
  const size = Math.ceil((before + Math.max(bytes.length, mapped)) / blockSize) * blockSize;
  if (before === 0) return { address, size, bytes };
  const shifted = new Uint8Array(before + bytes.length);
  shifted.set(bytes, before);
  return { address, size, bytes: shifted };
}

/**
 * Mounts the image as the root of the machine, for a kernel of the image's byte order.
 *
 * @throws InputError if Linux would not mount it.
 */
export function mountRoot(
  machine: Machine,
  image: CramfsImage,
  physAddr: number,
): CramfsSuperBlock {
  const { phys, policy } = machine;
  const { endianness } = image;
  const options = { physAddr, phys, policy: policy.cramfs, endianness, dev: MTD0 };
  try {
    return machine.mount('/', new CramfsSuperBlock(image, options));
  } catch (error) {
    if (isSyscallError(error))
      throw new InputError(`Linux does not mount the image: ${error.message}`);
    throw error;
  }
}
