import { concat } from './raw-image.js';

/** A Zstandard frame of uncompressed and repeated blocks: no encoder needed. RFC 8878. */
export function zstdFrame(
  blocks: readonly (Uint8Array | { byte: number; times: number })[],
): Uint8Array {
  const parts: Uint8Array[] = [Uint8Array.of(0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58)];
  blocks.forEach((block, index) => {
    const last = index === blocks.length - 1 ? 1 : 0;
    const isRaw = block instanceof Uint8Array;
    const header = ((isRaw ? block.length : block.times) << 3) | (isRaw ? 0 : 2) | last;
    parts.push(Uint8Array.of(header, header >> 8, header >> 16));
    parts.push(isRaw ? block : Uint8Array.of(block.byte));
  });
  return concat(...parts);
}
