/**
 * The parts of the package lzma1 that are used. Its own types are its sources, which do not compile under
 * this project's settings: tsconfig.json leads here instead.
 */

/** @param data a .lzma stream: properties, eight bytes of length, data. */
export function decompress(data: Uint8Array): Uint8Array;

/** @returns a .lzma stream. */
export function compress(data: Uint8Array, mode?: 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9): Uint8Array;
