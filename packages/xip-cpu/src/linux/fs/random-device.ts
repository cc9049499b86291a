import type { FileOperations } from 'xip-emu';
import type { SeededRandom } from '../kernel/seeded-random.js';

/** /dev/random and /dev/urandom: drivers/char/random.c. */
export function randomOperations(random: SeededRandom): FileOperations {
  return {
    isStream: true,
    readIter(_file, _position, into) {
      random.fill(into);
      return into.length;
    },
    writeIter: (_file, _position, from) => from.length,
  };
}
