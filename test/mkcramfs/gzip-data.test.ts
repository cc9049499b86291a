/**
 * bFLT programs with data and relocations as a gzip stream: what is stored, and that the loader makes the
 * same of it.
 */
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { openImage } from 'cramfs-reader';
import { buildImageBytes, type FileEntry, type XipOptions } from 'mkcramfs';
import { Machine, NommuMemory, startProgram } from 'xip-emu';
import { expect, test } from 'vitest';
import { flatFile, type FlatOptions } from '../helpers/nommu-programs.js';
import { directory, file, noise, prose } from '../helpers/trees.js';

const ROM = 0x20000000;
const PAGE = 4096;
const GZDATA = 8;

interface Built {
  readonly bytes: Uint8Array;
  /** Of the program in the image. */
  readonly content: Uint8Array;
}

async function build(program: Uint8Array | FileEntry, xip: Partial<XipOptions>): Promise<Built> {
  const p = program instanceof Uint8Array ? file(program, { mode: 0o755 }) : program;
  const { image: bytes } = await buildImageBytes(directory({ p, other: file(prose(100, 2)) }), {
    xip: { mode: 'nommu', ...xip },
  });
  const image = openImage(bytes);
  return { bytes, content: image.readFile(image.lookup('/p')) };
}

interface Loaded {
  readonly textInRom: boolean;
  /** The program's block of RAM from its data on, up to its stack. */
  readonly memory: Uint8Array;
  readonly pages: number;
}

function load({ bytes }: Built, config = {}): Loaded {
  const rom = { address: ROM, size: 4 << 20, bytes };
  const machine = new Machine({ arch: 'arm', mmu: false, roms: [rom], config });
  machine.mountCramfs('/', openImage(bytes), ROM);
  const process = machine.spawn();
  try {
    const { objects } = startProgram(process, '/p');
    const [text, data] = objects[0]!.segments;
    const { mm } = process;
    if (!(mm instanceof NommuMemory)) throw new Error('a machine without an MMU');
    const block = mm.mm.findVma(data!.address)!;
    const memory = new Uint8Array(mm.mm.startStack! - data!.address);
    expect(process.loadRange(data!.address, memory).loaded).toBe(memory.length);
    subtract(memory, text!);
    return {
      textInRom: text!.address >= ROM && text!.address < ROM + rom.size,
      memory,
      pages: (block.vmEnd - block.vmStart) / PAGE,
    };
  } finally {
    process.exit();
  }
}

/** Makes addresses in the text, which are where the image has it, offsets. */
function subtract(memory: Uint8Array, text: { readonly address: number; readonly memsz: number }) {
  const view = new DataView(memory.buffer);
  for (let at = 0; at + 4 <= memory.length; at += 4) {
    const offset = view.getUint32(at, true) - text.address;
    if (offset >= 0 && offset < text.memsz) view.setUint32(at, offset, true);
  }
}

/** A table of words of which some are addresses, and its relocations. */
function program(words: number, options: FlatOptions = {}): Uint8Array {
  const text = noise(3 * PAGE - 200, 5);
  const data = new Uint8Array(4 * words);
  const view = new DataView(data.buffer);
  const relocations: number[] = [];
  for (let at = 0; at < words; at += 1) {
    // In the text, and in the data, which follows it.
    view.setUint32(4 * at, at % 3 === 0 ? 64 + 4 * at : (at * 2654435761) % 1000);
    if (at % 3 === 0) relocations.push(text.length + 4 * at);
  }
  return flatFile(text, data, { relocations, bss: 3000, ...options });
}

test('the header has the flag, the text is as it was, the stream gives the rest', async () => {
  const source = program(8000);
  const { content } = await build(source, { gzipData: true });
  const dataStart = 64 + 3 * PAGE - 200;
  const expected = source.slice(0, dataStart);
  expected[39] = GZDATA;
  expect(content.subarray(0, dataStart)).toEqual(expected);
  expect(new Uint8Array(gunzipSync(content.subarray(dataStart)))).toEqual(
    source.subarray(dataStart),
  );
});

test('the loader makes the same of it, the image is smaller, and text is in place', async () => {
  const source = program(8000);
  const plain = await build(source, {});
  const zipped = await build(source, { gzipData: true });
  expect(plain.content).toEqual(source);
  expect(zipped.bytes.length).toBeLessThan(plain.bytes.length);
  const [before, after] = [load(plain), load(zipped)];
  expect(after).toEqual(before);
  expect(after.textInRom).toBe(true);
});

test('any program: never a larger image, never another memory', async () => {
  const words = fc.oneof(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 60, max: 6000 }));
  const property = fc.asyncProperty(
    words,
    fc.boolean(),
    fc.integer({ min: 0, max: 3 }),
    async (count, isNoise, spare) => {
      const text = noise(2 * PAGE - 64 - 4 * spare, 1);
      const source = isNoise ? flatFile(text, noise(4 * count, 2), {}) : program(count);
      const [plain, zipped] = [await build(source, {}), await build(source, { gzipData: true })];
      expect(zipped.bytes.length).toBeLessThanOrEqual(plain.bytes.length);
      expect(load(zipped)).toEqual(load(plain));
    },
  );
  await fc.assert(property, { numRuns: 25 });
});

test('without CONFIG_BINFMT_ZFLAT such a program is not executable', async () => {
  const zipped = await build(program(8000), { gzipData: true });
  expect(() => load(zipped, { BINFMT_ZFLAT: false })).toThrow('CONFIG_BINFMT_ZFLAT');
});

test.each<[what: string, source: Uint8Array, xip?: Partial<XipOptions>]>([
  ['version 2', program(8000, { rev: 2 })],
  ['a program for RAM', program(8000, { flags: 1 })],
  ['gzip data that is there already', program(8000, { flags: GZDATA })],
  ['bytes after the relocations', new Uint8Array([...program(8000), 1])],
  ['little data', program(3)],
  ['data that does not compress', flatFile(noise(5000, 1), noise(8000, 2))],
  ['no data', flatFile(noise(5000, 1), new Uint8Array(0))],
  ['what is excluded', program(8000), { exclude: () => true }],
  ['what is stored in place as a whole', program(8000), { include: () => true }],
  ['an image for kernels with an MMU', program(8000), { mode: 'mmu' }],
  ['something else', prose(9000, 3)],
])('left alone: %s', async (_what, source, xip) => {
  const { content } = await build(source, { gzipData: true, ...xip });
  expect(content).toEqual(source);
});

test('equal programs are one file in the image, read once more to be compared', async () => {
  const source = program(8000);
  const [one, two] = [file(source, { mode: 0o755 }), file(source.slice(), { mode: 0o755 })];
  const { image: bytes } = await buildImageBytes(directory({ one, two }), {
    xip: { mode: 'nommu', gzipData: true },
  });
  const image = openImage(bytes);
  expect(image.lookup('/one').dataOffset).toBe(image.lookup('/two').dataOffset);
  expect(image.readFile(image.lookup('/two'))[39]).toBe(GZDATA);
});
