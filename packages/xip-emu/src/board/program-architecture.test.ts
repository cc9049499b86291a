import { openImage, type CramfsImage } from 'cramfs-reader';
import { expect, test } from 'vitest';
import { elfFile } from '../../../../test/helpers/elf-builder.js';
import { flatFile } from '../../../../test/helpers/nommu-programs.js';
import { buildRawImage, file, noise, text } from '../../../../test/helpers/raw-image.js';
import { programArchitecture } from './program-architecture.js';

const E_MACHINE = 18;
const EM_ARM = 40;
const EM_PPC = 20;
const EM_MIPS = 8;
const EM_RISCV = 243;

type Elf = readonly [machine: number, elfClass: 32 | 64];

/** An image with ELF programs e0, e1, ..., a bFLT program, a script of it, and a text. */
function imageWith(elves: readonly Elf[], endianness: 'little' | 'big'): CramfsImage {
  const executable = (bytes: Uint8Array): ReturnType<typeof file> => file(bytes, { mode: 0o755 });
  const programs = elves.map(([machine, elfClass], index): [string, ReturnType<typeof file>] => {
    const little = endianness === 'little';
    const segments = [{ flags: 5, offset: 0, filesz: 200 }];
    const elf = elfFile(elfClass, little, segments, noise(300, 3));
    new DataView(elf.buffer).setUint16(E_MACHINE, machine, little);
    return [`e${index}`, executable(elf)];
  });
  const tree = {
    ...Object.fromEntries(programs),
    flat: executable(flatFile(noise(500, 1), noise(100, 2))),
    notes: file(text(300)),
    script: executable(Buffer.from('#!/flat\n')),
  };
  return openImage(buildRawImage(tree, { endianness }).bytes);
}

test.each([
  ['little', [], 'arm', 'riscv64'],
  ['big', [], 'armeb', 'powerpc'],
  ['little', [[EM_ARM, 32]], 'arm', 'arm'],
  ['little', [[EM_RISCV, 32]], 'riscv32', 'riscv32'],
  ['little', [[EM_MIPS, 32]], 'arm', 'mipsel'],
  [
    'little',
    [
      [EM_MIPS, 32],
      [EM_RISCV, 64],
    ],
    'riscv64',
    'mipsel',
  ],
  ['big', [[EM_PPC, 32]], 'armeb', 'powerpc'],
  ['big', [[EM_ARM, 32]], 'armeb', 'armeb'],
] as const)(
  '%s-endian, ELF %j: bFLT is for %s, other files for %s',
  (endianness, elves, flat, other) => {
    const image = imageWith(elves, endianness);
    expect(programArchitecture(image, '/flat', {})).toBe(flat);
    expect(programArchitecture(image, '/script', {})).toBe(flat);
    expect(programArchitecture(image, '/notes', {})).toBe(other);
    expect(programArchitecture(image, '/flat', { arch: 'arm64' })).toBe('arm64');
  },
);
