import { deflateRawSync, deflateSync } from 'node:zlib';
import { openImage, portableZlib, type ZlibCodec } from 'cramfs-reader';
import { nodeZlib } from 'cramfs-reader/node';
import { describe, expect, test } from 'vitest';
import { countedImage } from '../helpers/check-image.js';
import {
  concat,
  directory,
  file,
  noise,
  text,
  type RawBlock,
  type RawNode,
} from '../helpers/raw-image.js';
import { exercise } from './ground.js';

const BLOCK = 4096;
const DIRECT = 0x40000000;
const RAW = 0x80000000;

/** An image of a bad file between two good ones. */
function between(bad: RawNode, flags = 0x903): Uint8Array {
  return countedImage({ a: file(text(5000)), m: bad, z: file(text(5000, 2)) }, { flags }).bytes;
}

/** A file of one block with this pointer. */
function pointing(pointer: number, size = BLOCK): RawNode {
  return file(text(size), { blocks: [{ kind: 'C', pointer: pointer >>> 0 }] });
}

function stored(block: RawBlock, size = BLOCK): RawNode {
  return file(text(size), { blocks: [block] });
}

/** What a bad file must not do: bring down the good ones, or be there in part. */
async function expectLeftOut(bad: RawNode, problem: string, finding: string): Promise<void> {
  const { walk, findings, problems, extracted, exits } = await exercise(between(bad), {
    blockSize: BLOCK,
  });
  expect(walk).toBe('ok');
  expect(problems).toEqual([`${problem} /m`]);
  expect(findings).toContain(`${finding} /m`);
  expect(extracted).toEqual(['a', 'z']);
  expect(exits).toMatchObject({ check: 4, fsck: 4, extract: 8, tar: 8, ls: 0, tree: 0 });
}

describe('pointer tables', () => {
  test.each([
    ['past the image', { offset: (1 << 20) / 4 }, 'OUT_OF_RANGE', 'table-outside'],
    ['at the largest offset', { offset: 0x3ffffff }, 'OUT_OF_RANGE', 'table-outside'],
    ['longer than the image', { size: 0xffffff }, 'OUT_OF_RANGE', 'table-outside'],
    ['nowhere', { offset: 0 }, 'BAD_ENTRY', 'zero-offset'],
    // The image's size, read as the end of a block, gives a block that is not too long.
    ['in the superblock', { offset: 1, size: 3 * BLOCK }, 'BAD_DATA', 'block-bad-data'],
    ['across the superblock', { offset: 18, size: 2 * BLOCK }, 'BAD_DATA', 'block-bad-data'],
  ])('%s', async (_, inode, problem, finding) => {
    await expectLeftOut(file(text(100), { inode }), problem, finding);
  });

  test('a table that is its own block is just strange', async () => {
    // The pointer, read as the content: direct, uncompressed, at the pointer.
    const content = Uint8Array.of(1, 2, 3, 4);
    const tree = (at: number) => ({
      m: file(content, { blocks: [{ kind: 'C', pointer: (DIRECT | RAW | (at / 4)) >>> 0 }] }),
    });
    const { placed } = countedImage(tree(0));
    const { offset } = placed.get('/m')!;
    const { bytes } = countedImage(tree(offset), { flags: 0x803 });
    const { findings, extracted } = await exercise(bytes);
    expect(findings).toContain('overlap /m');
    expect(extracted).toEqual(['m']);
    const image = openImage(bytes);
    const read = image.readFile(image.lookup('/m'));
    expect(read).toEqual(bytes.slice(offset, offset + 4));
  });
});

describe('block pointers', () => {
  test.each([
    ['before the data', 0, 'BAD_BLOCK', 'block-length'],
    ['in the superblock', 76, 'BAD_BLOCK', 'block-length'],
    ['far past it', 0x3fffffff, 'BAD_BLOCK', 'block-length'],
    ['far past it, uncompressed', 0x3fffffff | RAW, 'BAD_BLOCK', 'block-length'],
    // 2^32 - 4 is a start that a shift of 32 bits would bring back into the image.
    ['direct, 4 GiB', DIRECT | RAW | 0x3fffffff, 'OUT_OF_RANGE', 'block-outside'],
    ['direct compressed, 4 GiB', DIRECT | 0x3fffffff, 'OUT_OF_RANGE', 'block-outside'],
    ['direct, 1 GiB and a superblock', DIRECT | RAW | 0x10000000, 'OUT_OF_RANGE', 'block-outside'],
  ])('%s', async (_, pointer, problem, finding) => {
    await expectLeftOut(pointing(pointer), problem, finding);
  });

  test('that run backwards', async () => {
    const blocks: RawBlock[] = [{ kind: 'C' }, { kind: 'C', pointer: 80 }, { kind: 'C' }];
    await expectLeftOut(file(text(3 * BLOCK), { blocks }), 'BAD_BLOCK', 'block-length');
  });

  test('to the superblock show what is there, as in Linux', async () => {
    const bytes = between(pointing(DIRECT | RAW | 0, 76));
    const { problems, findings, extracted } = await exercise(bytes);
    expect(problems).toEqual([]);
    expect(findings.some((finding) => finding.startsWith('overlap'))).toBe(true);
    expect(extracted).toEqual(['a', 'm', 'z']);
    const image = openImage(bytes);
    expect(image.readFile(image.lookup('/m'))).toEqual(bytes.slice(0, 76));
  });

  test('whose u16 of length is too much, or not in the image', async () => {
    const { length } = between(stored({ kind: 'Z' }));
    await expectLeftOut(
      stored({ kind: 'Z', at: length - 4, stored: Uint8Array.of(0x78, 0x9c) }),
      'BAD_DATA',
      'block-bad-data',
    );
    const lastTwoBytes = (DIRECT | ((length - 4) / 4)) >>> 0;
    const bytes = between(pointing(lastTwoBytes));
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    for (const [stated, problem] of [
      [1, 'BAD_DATA'],
      [3, 'OUT_OF_RANGE'],
      [2 * BLOCK, 'OUT_OF_RANGE'],
      [2 * BLOCK + 1, 'BAD_BLOCK'],
      [0xffff, 'BAD_BLOCK'],
    ] as const) {
      view.setUint16(length - 4, stated, true);
      expect(await exercise(bytes, { blockSize: BLOCK }), `${stated}`).toMatchObject({
        problems: [`${problem} /m`],
        extracted: ['a', 'z'],
      });
    }
  });
});

describe('compressed data', () => {
  const content = text(BLOCK);
  const bomb = deflateSync(new Uint8Array(8 << 20));
  const dictionary = deflateSync(content, { dictionary: Buffer.from('abcdefgh') });

  test.each([
    ['damaged', noise(300), 'block-bad-data'],
    ['cut off', deflateSync(content).subarray(0, -1), 'block-bad-data'],
    [
      'with a wrong checksum',
      concat(deflateSync(content).subarray(0, -1), Uint8Array.of(0)),
      'block-bad-data',
    ],
    ['a byte too short', deflateSync(content.subarray(1)), 'block-wrong-length'],
    ['a byte too long', deflateSync(concat(content, Uint8Array.of(0))), 'block-bad-data'],
    ['without content', deflateSync(new Uint8Array(0)), 'block-wrong-length'],
    ['8 MiB of zeros in 8 KiB', bomb, 'block-bad-data'],
    ['with a dictionary that nobody has', dictionary, 'block-bad-data'],
    ['raw deflate', deflateRawSync(content), 'block-bad-data'],
    ['nothing but a header', Uint8Array.of(0x78, 0x9c), 'block-bad-data'],
    [
      'endless empty blocks',
      concat(
        Uint8Array.of(0x78, 0x01),
        ...new Array<Uint8Array>(1600).fill(Uint8Array.of(0, 0, 0, 0xff, 0xff)),
      ),
      'block-bad-data',
    ],
  ])('%s', async (_, data, finding) => {
    expect(data.length).toBeLessThanOrEqual(2 * BLOCK);
    for (const kind of ['C', 'Z'] as const) {
      await expectLeftOut(stored({ kind, stored: data }), 'BAD_DATA', finding);
    }
  });

  test('what follows the end of a stream is ignored, as in Linux', async () => {
    const bytes = between(stored({ kind: 'C', stored: concat(deflateSync(content), noise(99)) }));
    expect(await exercise(bytes)).toMatchObject({ problems: [], findings: [] });
  });

  test('never becomes more than a block of memory', () => {
    const bytes = between(stored({ kind: 'Z', stored: bomb }));
    for (const zlib of [nodeZlib, portableZlib]) {
      let largest = 0;
      const counting: ZlibCodec = {
        ...zlib,
        inflate(data, maxLength) {
          largest = Math.max(largest, maxLength);
          return zlib.inflate(data, maxLength);
        },
      };
      const image = openImage(bytes, { zlib: counting, blockSize: BLOCK });
      expect(() => image.readFile(image.lookup('/m'))).toThrow('does not inflate');
      expect(largest).toBe(BLOCK);
    }
  });
});

describe('uncompressed blocks', () => {
  test.each([
    ['too short', stored({ kind: 'U', stored: text(BLOCK - 1) }), 'BAD_DATA', 'block-wrong-length'],
    ['too long', stored({ kind: 'U', stored: text(BLOCK + 1) }), 'BAD_BLOCK', 'block-length'],
  ])('%s', async (_, bad, problem, finding) => {
    await expectLeftOut(bad, problem, finding);
  });

  test('past the end of a truncated image', async () => {
    const raw = countedImage(
      { a: file(text(100)), m: file(noise(2 * BLOCK), { blocks: 'DD' }) },
      { flags: 0x803 },
    );
    const { start } = raw.placed.get('/m')!.blocks[1]!;
    const cut = raw.bytes.subarray(0, start + 10);
    const { findings, problems, extracted } = await exercise(cut, { blockSize: BLOCK });
    expect(findings).toContain('image-truncated');
    expect(problems).toEqual(['OUT_OF_RANGE /m']);
    expect(extracted).toEqual(['a']);
  });
});

describe('one damaged file of many', () => {
  test('in every block, alone', async () => {
    const blocks: RawBlock[] = Array.from({ length: 5 }, () => ({ kind: 'C', stored: noise(50) }));
    const bytes = countedImage({
      d: directory({ bad: file(text(5 * BLOCK), { blocks }), good: file('good') }, { mode: 0o500 }),
    }).bytes;
    const { findings, problems, extracted } = await exercise(bytes, { blockSize: BLOCK });
    expect(findings).toEqual(new Array(5).fill('block-bad-data /d/bad'));
    expect(problems).toEqual(['BAD_DATA /d/bad']);
    expect(extracted).toEqual(['d', 'd/good']);
  });
});
