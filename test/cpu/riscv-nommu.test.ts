/**
 * Programs of RISC-V on a kernel without an MMU: static PIE, which is one block of RAM; bFLT in RAM; and bFLT whose text
 * is executed in ROM.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { PT_LOAD, parseElf } from 'cramfs-elf';
import { expect, test, vi } from 'vitest';
import { cramfs } from '../cli/run-cli.js';
import { flatFile } from '../helpers/nommu-programs.js';
import { describeWithPeers, runPeerOk, withTemporaryDirectory } from '../helpers/peers.js';

vi.setConfig({ testTimeout: 240_000 });

const SOURCE = join(import.meta.dirname, 'riscv-nommu.c');
const IN_PLACE_SOURCE = join(import.meta.dirname, 'riscv-in-place.c');
const LINKER_SCRIPT = join(import.meta.dirname, 'riscv-flat.ld');
const COMPILER = 'riscv64-linux-gnu-gcc';
const OPTIONS = [
  ...['-O2', '-nostdlib', '-ffreestanding', '-fno-builtin', '-fno-stack-protector'],
  ...['-Wl,--build-id=none,--no-warn-rwx-segments'],
];
const MACHINES = {
  64: ['-march=rv64imac', '-mabi=lp64'],
  32: ['-march=rv32imac', '-mabi=ilp32', '-Wl,-m,elf32lriscv'],
} as const;
const STACK = 8192;
const FLAT_HEADER = { relocCount: 32, size: 64 } as const;

type Xlen = keyof typeof MACHINES;

function compilePie(xlen: Xlen, to: string): void {
  const linker = '-Wl,--no-dynamic-linker,-z,max-page-size=4096';
  const argv = [...MACHINES[xlen], '-DPIE', '-fPIE', '-static-pie', linker, SOURCE, '-o', to];
  runPeerOk(COMPILER, [...OPTIONS, ...argv]);
}

function linkFlat(xlen: Xlen, source: string, base: number, to: string): Buffer {
  const symbols = `-Wl,--defsym=BASE=${base},--defsym=STACK=${STACK}`;
  const linker = ['-static', '-no-pie', `-Wl,--no-relax,-T,${LINKER_SCRIPT}`, symbols];
  const code = ['-fno-pic', '-mcmodel=medany'];
  runPeerOk(COMPILER, [...OPTIONS, ...MACHINES[xlen], ...code, ...linker, source, '-o', to]);
  const elf = readFileSync(to);
  const { offset, vaddr, filesz } = parseElf(elf)!.segments.find(({ type }) => type === PT_LOAD)!;
  return elf.subarray(offset + base - FLAT_HEADER.size - vaddr, offset + filesz);
}

/** The words that depend on where the program is are those that another place changes. */
function compileFlat(xlen: Xlen, to: string): void {
  const base = 0x1000;
  const moved = linkFlat(xlen, SOURCE, 2 * base, to);
  const bytes = linkFlat(xlen, SOURCE, base, to);
  expect(moved.length).toBe(bytes.length);
  const relocations: number[] = [];
  for (let at = 0; at < bytes.length; at += 4) {
    const word = bytes.readUInt32LE(at);
    if (moved.readUInt32LE(at) === word) continue;
    expect(moved.readUInt32LE(at) - word).toBe(base);
    relocations.push(at - FLAT_HEADER.size);
    bytes.writeUInt32BE(word - base, at);
  }
  expect(relocations.length).toBeGreaterThan(4);
  bytes.writeUInt32BE(relocations.length, FLAT_HEADER.relocCount);
  const table = Buffer.alloc(4 * relocations.length);
  relocations.forEach((address, index) => {
    table.writeUInt32BE(address, 4 * index);
  });
  writeFileSync(to, Buffer.concat([bytes, table]), { mode: 0o755 });
}

interface Run {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

async function execute(xlen: Xlen, image: string, ...words: readonly string[]): Promise<Run> {
  return cramfs(['exec', '--run', '--nommu', '--arch', `riscv${xlen}`, '--json', image, ...words]);
}

/** What the program prints, whatever its format, but for its heap. */
const TOLD = (grown: number): string => `arguments 2
sum 16
one two three
functions 35
stored 3008
brk by 1024 ${grown}
brk by 1 GiB ${grown}
mmap, misaligned by 0
zeros 0
word 55
munmap 0
mmap fixed -22
mprotect -38
x1234567890123456789child 2
waited 0
status 3
fork -22
caught 10
`;

describeWithPeers(COMPILER, 'a program without an MMU', () => {
  test.each<[Xlen]>([[64], [32]])('RV%i: static PIE, and bFLT in RAM', async (xlen) => {
    await withTemporaryDirectory(async (directory) => {
      const root = join(directory, 'root');
      mkdirSync(root);
      compilePie(xlen, join(root, 'pie'));
      compileFlat(xlen, join(root, 'flat'));
      writeFileSync(join(root, 'file'), '0123456789\n');
      const image = join(directory, 'image');
      expect(
        (await cramfs(['build', '-q', '--xip=nommu', '--xip-include', '/file', root, image])).code,
      ).toBe(0);
      // The loader of ELF sets aside no heap; that of bFLT, what the stack leaves of a page.
      for (const [path, grown] of [
        ['/pie', 0],
        ['/flat', 1024],
      ] as const) {
        const { code, stdout, stderr } = await execute(xlen, image, path, 'argument');
        expect(stdout, stderr).toBe(TOLD(grown));
        expect(code).toBe(7);
        const { mostRamPages, romPages } = JSON.parse(stderr) as Record<string, number>;
        // It maps 1 MiB temporarily.
        expect(mostRamPages).toBeGreaterThan(256);
        // That of /file; the text of these programs is in RAM.
        expect(romPages).toBe(1);
      }
    });
  });

  test.each<[Xlen]>([[64], [32]])('RV%i: bFLT whose text is in ROM', async (xlen) => {
    await withTemporaryDirectory(async (directory) => {
      const root = join(directory, 'root');
      mkdirSync(root);
      const bytes = linkFlat(xlen, IN_PLACE_SOURCE, 0x1000, join(directory, 'elf'));
      const text = bytes.subarray(FLAT_HEADER.size);
      const data = Buffer.from('data');
      writeFileSync(join(root, 'flat'), flatFile(text, data, { stack: STACK }), { mode: 0o755 });
      const image = join(directory, 'image');
      expect(
        (await cramfs(['build', '-q', '--xip=nommu', '--xip-include', '/file', root, image])).code,
      ).toBe(0);
      const ran = await execute(xlen, image, '/flat');
      expect([ran.code, ran.stdout]).toEqual([7, '22000000\n']);
      expect(JSON.parse(ran.stderr)).toMatchObject({
        romPages: 1,
        // Data, heap and stack: 4 pages, of which it writes to the last.
        mostRamPages: 4,
        files: [{ path: '/flat', parts: [{ pages: 1, fetched: 1, inRom: 1, notInPlace: 0 }] }],
        anonymous: [{ pages: 1, written: 1 }],
      });
      const stored = await execute(xlen, image, '/flat', 'store');
      expect([stored.code, stored.stdout]).toEqual([125, '22000000\n']);
      expect(JSON.parse(stored.stderr)).toMatchObject({
        end: {
          kind: 'diagnosis',
          message: expect.stringMatching(
            /^not emulated: a store to ROM at 0x22000[0-9a-f]{3}$/,
          ) as string,
          program: 'flat',
          pc: expect.stringMatching(/^0x22000[0-9a-f]{3}$/) as string,
        },
      });
    });
  });
});
