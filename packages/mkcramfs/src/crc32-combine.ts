/** The polynomial of CRC-32, its bits reflected, and x^0 in that form. */
const POLYNOMIAL = 0xedb88320;
const ONE = 0x80000000;

/**
 * The checksum of two pieces one after the other, as zlib's crc32_combine() gives it: the first checksum is
 * multiplied by x^8 for each byte of the second piece, modulo the polynomial.
 *
 * @param length bytes of the second piece.
 */
export function crc32Combine(first: number, second: number, length: number): number {
  let factor = ONE;
  let power = ONE >>> 8;
  for (let bytes = length; bytes > 0; bytes = Math.floor(bytes / 2)) {
    if (bytes % 2 === 1) factor = multiply(factor, power);
    power = multiply(power, power);
  }
  return (multiply(factor, first) ^ second) >>> 0;
}

function multiply(a: number, b: number): number {
  let product = 0;
  let shifted = b;
  for (let bit = ONE; bit !== 0; bit >>>= 1) {
    if ((a & bit) !== 0) product ^= shifted;
    shifted = (shifted & 1) === 0 ? shifted >>> 1 : (shifted >>> 1) ^ POLYNOMIAL;
  }
  return product >>> 0;
}
