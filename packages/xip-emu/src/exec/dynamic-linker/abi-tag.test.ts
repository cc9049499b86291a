import type { ElfFile } from 'cramfs-elf';
import { expect, test } from 'vitest';
import { hasAbiTag } from './abi-tag.js';

const PT_NOTE = 4;

/** A note of the given name and type, with content of four bytes. */
function note(name: string, type: number, little: boolean): number[] {
  const bytes = new Uint8Array(12 + 4 + 4);
  const view = new DataView(bytes.buffer);
  [name.length, 4, type].forEach((word, index) => {
    view.setUint32(index * 4, word, little);
  });
  bytes.set(new TextEncoder().encode(name), 12);
  return [...bytes];
}

function found(notes: readonly number[], little: boolean, cut = 0): boolean {
  const bytes = Uint8Array.from(notes).subarray(0, notes.length - cut);
  const segments = [
    { type: 1, vaddr: 0, filesz: 64 },
    { type: PT_NOTE, vaddr: 0x200, filesz: bytes.length },
  ];
  const elf = { endianness: little ? 'little' : 'big', segments } as unknown as ElfFile;
  return hasAbiTag(elf, (vaddr, length) => (vaddr === 0x200 ? bytes.slice(0, length) : undefined));
}

test.each([true, false])('little-endian %s: the tag is found after other notes', (little) => {
  const buildId = note('GNU\0', 3, little);
  const tag = note('GNU\0', 1, little);
  expect(found([...buildId, ...tag], little)).toBe(true);
  expect(found(tag, little)).toBe(true);
  expect(found(buildId, little)).toBe(false);
  expect(found(note('XYZ\0', 1, little), little)).toBe(false);
});

test('damaged notes have none', () => {
  expect(found(note('GNU\0', 1, true), true, 8)).toBe(false);
  expect(found([], true)).toBe(false);
  expect(found(new Array<number>(64).fill(0xff), true)).toBe(false);
});
