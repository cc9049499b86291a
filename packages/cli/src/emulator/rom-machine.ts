import type { CramfsImage } from 'cramfs-reader';
import {
  isSyscallError,
  mountRoot as mountRomRoot,
  type CramfsSuperBlock,
  type Machine,
} from 'xip-emu';
import { InputError } from '../shell/errors.js';

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
  try {
    return mountRomRoot(machine, image, physAddr);
  } catch (error) {
    if (isSyscallError(error))
      throw new InputError(`Linux does not mount the image: ${error.message}`);
    throw error;
  }
}
