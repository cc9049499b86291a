import { SyscallError, copySpliceRead, iterFileSpliceWrite, type FileOperations } from 'xip-emu';
import type { SeededRandom } from '../kernel/seeded-random.js';

/**
 * /dev/random and /dev/urandom: drivers/char/random.c:random_fops, urandom_fops.
 *
 * @param waits whether reads wait until the numbers are good, as those of /dev/random do.
 */
export function randomOperations(random: SeededRandom, waits: boolean): FileOperations {
  return {
    readIter({ nonBlock }, _position, into) {
      if (waits && nonBlock && !random.isReady) throw new SyscallError('EAGAIN');
      random.gatherEntropy();
      random.fill(into);
      return into.length;
    },
    writeIter: (_file, _position, from) => from.length,
    spliceRead: copySpliceRead,
    spliceWrite: iterFileSpliceWrite,
    // noop_llseek()
    llseek: ({ position }) => position,
  };
}
