import { PF_R, PF_W, PF_X } from 'cramfs-elf';
import { expect, test } from 'vitest';
import { elfFile, type TestSegment } from '../../../../test/helpers/elf-builder.js';
import { memoryOf, romMachine } from '../../../../test/helpers/emulator.js';
import { buildRawImage, file } from '../../../../test/helpers/raw-image.js';
import { DEFAULT_PAGE_SIZE as PAGE_SIZE } from '../units.js';
import { execElf, type ElfProgram } from './elf.js';
import { ExecKilled } from './point-of-no-return.js';

const ET_EXEC = 2;
const ET_DYN = 3;
const MIB = 1 << 20;
const body = new Uint8Array(3 * PAGE_SIZE).fill(1);

function exec(segments: readonly TestSegment[], type: number): ElfProgram {
  const program = file(elfFile(64, true, segments, body, type), { mode: 0o755 });
  const { bytes } = buildRawImage({ program });
  const process = romMachine(bytes).spawn();
  return execElf(process, memoryOf(process), '/rom/program');
}

const text = { flags: PF_R | PF_X, offset: 0, filesz: PAGE_SIZE };

test.each([PAGE_SIZE, 3 * PAGE_SIZE])(
  'an alignment of %i asks for nothing: a static PIE goes right below the stack',
  (align) => {
    const { start, end } = exec([{ ...text, align }], ET_DYN);
    expect([start, end].map((vpn) => vpn * PAGE_SIZE)).toEqual([0x3ff7fff000, 0x3ff8000000]);
  },
);

test('a static PIE goes where the largest alignment of its segments allows', () => {
  const data = { flags: PF_R | PF_W, offset: PAGE_SIZE, filesz: 8, vaddr: 8 * PAGE_SIZE };
  const { base } = exec([text, { ...data, align: 2 * MIB }], ET_DYN);
  expect(base * PAGE_SIZE).toBe(0x3ff8000000 - 2 * MIB);
});

test('data that ends past the file cannot be cleared: too late to fail', () => {
  const data = { flags: PF_R | PF_W, offset: 4 * PAGE_SIZE, filesz: 8, memsz: 16 };
  const start = (): ElfProgram => exec([text, { ...data, vaddr: 8 * PAGE_SIZE }], ET_EXEC);
  expect(start).toThrow(ExecKilled);
  expect(start).toThrow('the page after the data cannot be cleared');
});

test('a segment that is not writable need not be cleared', () => {
  const data = { flags: PF_R, offset: 4 * PAGE_SIZE, filesz: 8, memsz: 16 };
  const { end } = exec([text, { ...data, vaddr: 8 * PAGE_SIZE }], ET_EXEC);
  expect(end).toBe(9);
});

test('a segment with more in the file than in memory: too late to fail', () => {
  const start = (): ElfProgram =>
    exec([text, { ...text, vaddr: 8 * PAGE_SIZE, memsz: 8 }], ET_EXEC);
  expect(start).toThrow(ExecKilled);
  expect(start).toThrow('a segment has more in the file than in memory');
});
