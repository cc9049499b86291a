import { Random } from './random.js';

/* Blocks for a deflater: noise, structured and real ones of 0 to 65536 bytes. */

const MAX_BLOCK = 65536;
/** Of blocks that images have most, and more of short ones: there are more of them in a second. */
const LENGTHS: readonly [share: number, max: number][] = [
  [90, 512],
  [98, 4096],
  [99, 16384],
  [100, MAX_BLOCK],
];

/**
 * Makes block `index` of a run: the same on every machine with the same `real` bytes.
 *
 * @param real bytes that real blocks are taken from.
 */
export function makeBlock(run: number, index: number, real: Uint8Array): Uint8Array {
  const random = new Random(run, index);
  const length = lengthOf(random);
  switch (random.below(6)) {
    case 0:
      return noise(random, length, 256);
    case 1:
      return noise(random, length, 1 + random.below(8));
    case 2:
      return copies(random, length, 1 + random.below(256));
    case 3:
      return skewed(random, length);
    case 4:
      return spoiled(random, realBlock(random, length, real));
    default:
      return realBlock(random, length, real);
  }
}

function lengthOf(random: Random): number {
  const share = random.below(100);
  const [, max] = LENGTHS.find(([below]) => share < below)!;
  // Lengths near the maximum, where loads of eight bytes reach beyond a block, are as likely as all
  // others.
  return random.oneIn(4) ? max - random.below(Math.min(max, 9)) : random.below(max + 1);
}

function noise(random: Random, length: number, symbols: number): Uint8Array {
  return Uint8Array.from({ length }, () => random.below(symbols));
}

/** Literals among copies of what was before, near and far, with lengths around the limits of deflate. */
function copies(random: Random, length: number, symbols: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length;) {
    const copied = random.oneIn(3)
      ? random.below(4)
      : random.pick([3, 4, 5, 8, 64, 65, 66, 257, 258, 259, 300]);
    const distance = random.pick([1, 2, 3, 4, 7, 8, 256, 4096, 32767, 32768, 32769, at]);
    if (distance > at || distance === 0) {
      bytes[at] = random.below(symbols);
      at += 1;
      continue;
    }
    for (const end = Math.min(length, at + copied); at < end; at += 1) {
      bytes[at] = bytes[at - distance]!;
    }
    if (at < length) bytes[at++] = random.below(symbols);
  }
  return bytes;
}

/** Symbols of which each is about half as frequent as the one before: codes as long as they get. */
function skewed(random: Random, length: number): Uint8Array {
  const step = 1 + 2 * random.below(128);
  return Uint8Array.from({ length }, () => (Math.clz32(random.u32() | 1) * step) & 255);
}

function realBlock(random: Random, length: number, real: Uint8Array): Uint8Array {
  const from = random.below(real.length - length + 1);
  return real.slice(from, from + length);
}

/** Some bytes changed. */
function spoiled(random: Random, block: Uint8Array): Uint8Array {
  for (let changes = random.below(20); changes > 0; changes -= 1) {
    if (block.length > 0) block[random.below(block.length)] = random.below(256);
  }
  return block;
}
