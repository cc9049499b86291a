import fc from 'fast-check';
import type { DirectoryEntry, TreeEntry } from 'mkcramfs';
import { elfFile, type TestSegment } from './elf-builder.js';
import { directory, file, noise, prose } from './trees.js';

const PAGE = 4096;

/** A static program of up to three parts, as linkers lay them out: with or without pages in common. */
const programs = fc.record({
  /** Bytes of the parts: read-only, executable, writable. */
  sizes: fc.tuple(
    fc.integer({ min: 0x200, max: 2 * PAGE }),
    fc.integer({ min: 100, max: 3 * PAGE }),
    fc.nat(2 * PAGE),
  ),
  separate: fc.boolean(),
  body: fc.constantFrom('prose', 'noise', 'zero'),
  seed: fc.nat(3),
  bss: fc.nat(3 * PAGE),
  trailer: fc.constantFrom(0, 1, 77),
});

function program({ sizes, separate, body, seed, bss, trailer }: ProgramShape): Uint8Array {
  const segments: TestSegment[] = [];
  let offset = 0;
  for (const [index, filesz] of sizes.entries()) {
    if (filesz === 0) continue;
    const flags = [4, 5, 6][index]!;
    const vaddr = 0x10000 * (index + 1) + (offset % PAGE);
    const memsz = filesz + (flags === 6 ? bss : 0);
    segments.push({ flags, offset, filesz, vaddr, memsz, align: PAGE });
    offset += filesz;
    if (separate) offset = Math.ceil(offset / PAGE) * PAGE;
  }
  const end = segments.at(-1)!.offset + segments.at(-1)!.filesz + trailer;
  const bytes =
    body === 'zero' ? new Uint8Array(end) : body === 'noise' ? noise(end, seed) : prose(end, seed);
  return elfFile(64, true, segments, bytes);
}

type ProgramShape = (typeof programs)['generate'] extends (...args: never[]) => { value: infer T }
  ? T
  : never;

/** Trees of /bin/p0, /bin/p1, ... that the emulator's riscv64 runs, among other files. */
export function programTrees(
  most: number,
): fc.Arbitrary<{ root: DirectoryEntry; paths: string[] }> {
  return fc
    .tuple(
      fc.array(fc.tuple(programs, fc.constantFrom(0o755, 0o4755)), {
        minLength: 1,
        maxLength: most,
      }),
      fc.array(fc.tuple(fc.nat(9000), fc.nat(2)), { maxLength: 3 }),
    )
    .map(([shapes, others]) => {
      const bin: Record<string, TreeEntry> = {};
      for (const [index, [shape, mode]] of shapes.entries()) {
        bin[`p${index}`] = file(program(shape), { mode });
      }
      const data: Record<string, TreeEntry> = {};
      for (const [index, [size, seed]] of others.entries())
        data[`d${index}`] = file(prose(size, seed));
      const root = directory({ bin: directory(bin), data: directory(data) });
      return { root, paths: Object.keys(bin).map((name) => `/bin/${name}`) };
    });
}
