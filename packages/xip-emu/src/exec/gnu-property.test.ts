import { expect, test } from 'vitest';
import { PT_GNU_PROPERTY } from 'cramfs-elf';
import { isSyscallError } from '../errno.js';
import type { OpenFile } from '../vfs/file.js';
import type { ElfHeaders } from './elf-phdrs.js';
import { checkGnuProperties } from './gnu-property.js';

const FEATURES = 0xc0000000;

interface Note {
  readonly words: readonly number[];
  readonly filesz?: number;
  readonly length?: number;
}

function note(properties: readonly number[], change: Partial<Record<0 | 1 | 2 | 3, number>> = {}) {
  const words = [4, properties.length * 4, 5, 0x00554e47, ...properties];
  return words.map((word, index) => change[index as 0 | 1 | 2 | 3] ?? word);
}

/** What execve() says of a program with such a note. */
function answer({ words, filesz = words.length * 4, length = words.length * 4 }: Note): string {
  const bytes = new Uint8Array(Math.max(length, words.length * 4));
  const view = new DataView(bytes.buffer);
  words.forEach((word, index) => {
    view.setUint32(index * 4, word, true);
  });
  const readIter = (_file: OpenFile, position: number, into: Uint8Array): number => {
    const part = bytes.subarray(position, Math.min(position + into.length, length));
    into.set(part);
    return part.length;
  };
  const file = { fops: { readIter } } as unknown as OpenFile;
  const phdrs = [{ type: PT_GNU_PROPERTY, offset: 0n, filesz: BigInt(filesz) }];
  const headers = { phdrs, layout: { elfClass: 64, littleEndian: true } } as unknown as ElfHeaders;
  try {
    checkGnuProperties(file, headers);
    return 'ok';
  } catch (error) {
    if (!isSyscallError(error)) throw error;
    return error.code;
  }
}

test.each<readonly [string, Note, string]>([
  ['branch protection', { words: note([FEATURES, 4, 3, 0]) }, 'ok'],
  ['no property at all', { words: note([]) }, 'ok'],
  ['types in order', { words: note([1, 0, FEATURES, 4, 1, 0]) }, 'ok'],
  ['the same type twice', { words: note([1, 0, 1, 0]) }, 'ENOEXEC'],
  ['types out of order', { words: note([2, 0, 1, 0]) }, 'ENOEXEC'],
  ['features of two words', { words: note([FEATURES, 8, 1, 0]) }, 'ENOEXEC'],
  ['a property that is cut off', { words: note([1, 16, 0, 0]) }, 'ENOEXEC'],
  ['padding that is missing', { words: note([FEATURES, 4, 1]) }, 'ENOEXEC'],
  ['half a property', { words: note([1]) }, 'ENOEXEC'],
  ['more properties than the note has', { words: note([1, 0], { 1: 64 }) }, 'ENOEXEC'],
  ['another type of note', { words: note([], { 2: 1 }) }, 'ENOEXEC'],
  ['another name', { words: note([], { 3: 0x00554e48 }) }, 'ENOEXEC'],
  ['a longer name', { words: note([], { 0: 8 }) }, 'ENOEXEC'],
  ['more than 1 KiB', { words: note([]), filesz: 1025, length: 2048 }, 'ENOEXEC'],
  ['too short', { words: note([]), filesz: 12 }, 'EIO'],
  ['cut off by the end of the file', { words: note([]), length: 8 }, 'EIO'],
])('PT_GNU_PROPERTY: %s', (_, properties, expected) => {
  expect(answer(properties)).toBe(expected);
});
