import type { ElfSegment } from 'cramfs-elf';
import { expect, test } from 'vitest';
import { tlsOffsets } from './tls-offsets.js';

function image(memsz: number, align: number, vaddr = 0): ElfSegment {
  return { type: 7, flags: 4, offset: 0, vaddr, filesz: 0, memsz, align };
}

test('one after the other, after the TCB', () => {
  expect(tlsOffsets([image(4, 4), image(400, 8), image(84, 4)], 8)).toEqual({
    offsets: [8, 16, 416],
    end: 500,
  });
});

test('what fits goes into the gap that alignment has left', () => {
  const images = [image(4, 4), image(1200, 4096), image(144, 8), image(5000, 8)];
  expect(tlsOffsets(images, 0)).toEqual({ offsets: [0, 4096, 8, 5296], end: 10296 });
});

test('the first byte has the alignment that it has in the object', () => {
  expect(tlsOffsets([image(10, 16, 0x1008)], 0).offsets).toEqual([8]);
});
