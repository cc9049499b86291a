import { lstatSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CramfsError } from 'cramfs-format';
import {
  checkImage,
  explainFile,
  findImages,
  openImage,
  portableZlib,
  tarChunks,
  type ZlibCodec,
} from 'cramfs-reader';
import { extractImage, nodeZlib } from 'cramfs-reader/node';
import { describe, expect, test } from 'vitest';
import { cramfs, runTool } from '../cli/run-cli.js';
import { countedImage } from '../helpers/check-image.js';
import { elfFile } from '../helpers/elf-builder.js';
import {
  buildRawImage,
  concat,
  directory,
  file,
  noise,
  type RawBlockKind,
  type RawNode,
} from '../helpers/raw-image.js';
import { onGround } from './ground.js';

const MIB = 2 ** 20;
const BLOCK = 4096;
const LARGEST = 16 * MIB - 1;
const BLOCKS = 4096;
/** What writing fails with when the reader of a pipe has gone. */
const CLOSED = Object.assign(new Error('write EPIPE'), { code: 'EPIPE' });

/** Counts what an inflater has to do. */
function countingCodec(): {
  zlib: ZlibCodec;
  counts: { calls: number; input: number; crc: number };
} {
  const counts = { calls: 0, input: 0, crc: 0 };
  return {
    counts,
    zlib: {
      inflate(data, maxLength) {
        counts.calls += 1;
        counts.input += data.length;
        return portableZlib.inflate(data, maxLength);
      },
      crc32(bytes, crc) {
        counts.crc += bytes.length;
        return portableZlib.crc32(bytes, crc);
      },
    },
  };
}

/** `count` names of one largest file, each with another owner: no hard links for a tar. */
function manyNames(count: number, first: RawNode): Uint8Array {
  const names = Array.from({ length: count }, (_, index) => {
    const node = index === 0 ? first : file('', { sameAs: '/f0', uid: index });
    return [`f${index}`, node] as const;
  });
  return countedImage(names, { flags: 0x901 }).bytes;
}

/** 16 MiB of which all blocks are one block. */
function largest(kind: RawBlockKind): RawNode {
  const blocks =
    kind === 'H'
      ? new Array<RawBlockKind>(BLOCKS).fill('H')
      : Array.from({ length: BLOCKS }, (_, index) =>
          index === 0 || index === BLOCKS - 1
            ? ({ kind } as const)
            : ({ kind, sameAs: ['/one', 0] } as const),
        );
  return file(new Uint8Array(LARGEST).fill(kind === 'H' ? 0 : 65), { blocks });
}

/** `count` files of 16 MiB, all made of one compressed block. */
function fullBomb(count: number): Uint8Array {
  const page = new Uint8Array(BLOCK).fill(65);
  const sameAs = ['/one', 0] as const;
  const blocks = Array.from({ length: BLOCKS }, () => ({ kind: 'Z' as const, sameAs }));
  const first = file(new Uint8Array(16 * MIB - BLOCK).fill(65), { blocks: blocks.slice(1) });
  return countedImage(
    [
      ['one', file(page, { blocks: 'Z' })],
      ['two', first],
      ...Array.from(
        { length: count },
        (_, index) => [`f${index}`, file('', { sameAs: '/two', uid: index })] as const,
      ),
    ],
    { flags: 0x901 },
  ).bytes;
}

describe('many large files in a small image', () => {
  const holes = manyNames(300, largest('H'));

  test('of holes take no room on the disk', async () => {
    expect(holes.length).toBeLessThan(64 * 1024);
    await onGround(async (ground) => {
      const image = openImage(holes, { zlib: nodeZlib });
      const report = await extractImage(image, ground.target, { preserveOwner: false });
      expect(report).toMatchObject({ files: 300, bytes: 300 * LARGEST });
      const names = readdirSync(ground.target);
      const taken = names.map((name) => lstatSync(join(ground.target, name)));
      expect(taken.every(({ size }) => size === LARGEST)).toBe(true);
      expect(taken.reduce((sum, { blocks }) => sum + blocks * 512, 0)).toBeLessThan(2 * MIB);
      ground.clear();
    });
  });

  test('of holes are not put in a tar: it would have all their zeros', async () => {
    const image = openImage(holes);
    const onError = (): void => undefined;
    const start = (maxBytes?: number) => tarChunks(image, { onError, maxBytes }).next();
    expect(() => start()).toThrow('more than 4294967296 bytes');
    expect(() => start(300 * LARGEST - 1)).toThrow('allow more');
    expect(start(300 * LARGEST).value).toHaveLength(512);
    await onGround(async (ground) => {
      const file = join(ground.scratch, 'bomb');
      writeFileSync(file, holes);
      const { code, bytes, stderr } = await cramfs(['tar', file]);
      expect({ code, length: bytes.length }).toEqual({ code: 8, length: 0 });
      expect(stderr).toContain('more than 4294967296 bytes');
      const allowed = await cramfs(['tar', '--max-bytes=8G', file], { outputError: CLOSED });
      expect(allowed).toMatchObject({ code: 0, stderr: '' });
    });
  });

  test('that share a block are refused before anything is written', async () => {
    const bytes = fullBomb(300);
    expect(bytes.length).toBeLessThan(64 * 1024);
    await onGround(async (ground) => {
      const image = openImage(bytes, { zlib: nodeZlib });
      const target = join(ground.target, 'new');
      await expect(extractImage(image, target)).rejects.toMatchObject({ code: 'TOO_BIG' });
      expect(readdirSync(ground.target)).toEqual([]);

      const file = join(ground.scratch, 'bomb');
      writeFileSync(file, bytes);
      const byDefault = runTool('cramfs', ['extract', file, '-C', target]);
      expect(byDefault.status).toBe(8);
      expect(byDefault.stderr).toMatch(/^cramfs: .*more than 4294967296 bytes together.*\n$/);
      const lower = runTool('cramfs', ['extract', '--max-bytes=1M', file, '-C', target]);
      expect(lower.status).toBe(8);
      expect(readdirSync(ground.target)).toEqual([]);
    });
  });

  test('are checked as what they are: a few blocks', () => {
    for (const bytes of [holes, fullBomb(300)]) {
      const { zlib, counts } = countingCodec();
      checkImage(bytes, { zlib, blockSize: BLOCK });
      expect(counts.calls).toBeLessThan(5);
      expect(counts.crc).toBeLessThanOrEqual(bytes.length);
    }
  });

  test('can be looked at', async () => {
    await onGround(async (ground) => {
      const file = join(ground.scratch, 'bomb');
      writeFileSync(file, fullBomb(300));
      for (const command of ['info', 'ls', 'tree', 'map', 'check']) {
        const { code, stderr } = await cramfs([command, file]);
        expect(stderr.includes('internal error'), command).toBe(false);
        expect([0, 4], command).toContain(code);
      }
    });
  });
});

describe('work that an image asks for', () => {
  test('ELF headers do not make us read whole files', () => {
    // The program headers stand at 15 MiB; everything before is one compressed block.
    const phoff = 15 * MIB;
    const head = new Uint8Array(BLOCK);
    head.set(elfFile(32, true, [], new Uint8Array(64)));
    const view = new DataView(head.buffer);
    view.setUint32(28, phoff, true);
    view.setUint16(42, 32, true);
    view.setUint16(44, 1, true);
    const content = new Uint8Array(LARGEST).fill(65);
    content.set(head);
    const header = new DataView(content.buffer, phoff);
    [1, 0, 0x8000, 0x8000, 100, 100, 5, 4].forEach((value, index) => {
      header.setUint32(4 * index, value, true);
    });
    const { bytes } = countedImage({ elf: file(content) });
    const { zlib, counts } = countingCodec();
    const image = openImage(bytes, { zlib, blockSize: BLOCK });
    const inode = image.lookup('/elf');
    const { segments } = explainFile(image, inode, { pageSize: BLOCK, physAddr: BLOCK, mmu: true });
    expect(segments).toMatchObject([{ offset: 0, filesz: 100, flags: 5 }]);
    expect(counts.calls).toBe(2);
  });

  test('ELF segments that all are the whole file are not a program', () => {
    const segments = Array.from({ length: 100 }, () => ({ flags: 5, offset: 0, filesz: 100_000 }));
    const explain = (count: number) => {
      const content = elfFile(32, true, segments.slice(0, count), noise(100_000));
      const image = openImage(countedImage({ elf: file(content) }).bytes);
      const options = { pageSize: BLOCK, physAddr: BLOCK, mmu: true };
      return explainFile(image, image.lookup('/elf'), options).segments;
    };
    expect(explain(2)).toHaveLength(2);
    expect(explain(100)).toBeUndefined();
  });

  test('the search for the block size inflates no more than blocks', () => {
    // 64 files; whatever the block size is, a zlib stream that never ends follows the table,
    // and the first pointer says that it is the whole image.
    const length = 2 * MIB;
    const { bytes, placed } = countedImage(
      Array.from({ length: 64 }, (_, index) =>
        index === 0
          ? ([`f0`, file(new Uint8Array(LARGEST), { blocks: 'H'.repeat(BLOCKS) })] as const)
          : ([`f${index}`, file('', { sameAs: '/f0', uid: index })] as const),
      ),
      { roundTo: length, flags: 0x101 },
    );
    const table = placed.get('/f0')!.offset;
    const view = new DataView(bytes.buffer, bytes.byteOffset);
    view.setUint32(table, length - 1, true);
    for (const blockSize of [4096, 8192, 16384, 32768, 65536]) {
      bytes.set([0x78, 0x01], table + 4 * Math.ceil(LARGEST / blockSize));
    }
    const { zlib, counts } = countingCodec();
    expect(openImage(bytes, { zlib }).blockSize).toBe(4096);
    expect(counts.input).toBeLessThanOrEqual(64 * 5 * 2 * 65536);
    expect(counts.input).toBeLessThan(length);
  });

  test('a file full of superblocks is summed up a few times, not once for each', () => {
    const { bytes } = countedImage({ a: file('a') }, { roundTo: 4, crc: 1 });
    const superblocks = 2000;
    const blob = concat(...new Array<Uint8Array>(superblocks).fill(bytes));
    const view = new DataView(blob.buffer, blob.byteOffset);
    // Each claims to reach to the end.
    for (let index = 0; index < superblocks; index += 1) {
      view.setUint32(index * bytes.length + 4, blob.length - index * bytes.length, true);
    }
    const { zlib, counts } = countingCodec();
    const found = findImages(blob, { zlib });
    expect(found).toHaveLength(superblocks);
    expect(counts.crc).toBeLessThanOrEqual(5 * blob.length);
  });
});

describe('very many entries', () => {
  const MANY = 130_000;

  test('directories, in a recursive listing', async () => {
    const { bytes } = buildRawImage(
      Array.from({ length: MANY }, (_, index) => [index.toString(36), directory()] as const),
    );
    await onGround(async (ground) => {
      const file = join(ground.scratch, 'many');
      writeFileSync(file, bytes);
      const { code, stdout, stderr } = await cramfs(['ls', '-R', file]);
      expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
      expect(stdout.length).toBeGreaterThan(MANY);
    });
  });

  test.each(['ls -lR', 'ls -lR --json', 'tree', 'tree --json', 'map', 'map --json'])(
    'files, with little memory: %s',
    async (command) => {
      const { bytes } = buildRawImage(
        Array.from({ length: MANY }, (_, index) => [index.toString(36), file('')] as const),
      );
      await onGround(({ scratch }) => {
        const image = join(scratch, 'many');
        writeFileSync(image, bytes);
        // Enough to start in, and for an inode and a path of each file.
        const { status, stdout, stderr } = runTool('cramfs', [...command.split(' '), image], {
          nodeOptions: ['--max-old-space-size=80'],
        });
        expect([status, stderr]).toEqual([0, '']);
        expect(stdout.length).toBeGreaterThan(MANY * 4);
      });
    },
  );

  test('more than are held in memory: diff and tar say how to allow them', async () => {
    const { bytes } = buildRawImage(
      Array.from({ length: 30 }, (_, index) => [`f${index}`, file('')] as const),
    );
    await onGround(async ({ scratch, target }) => {
      const image = join(scratch, 'image');
      writeFileSync(image, bytes);
      for (const words of [
        ['diff', image, image],
        ['tar', image],
        ['extract', '-C', target, image],
      ]) {
        const { code, stderr } = await cramfs([...words, '--max-entries=30']);
        expect([words[0], code]).toEqual([words[0], 8]);
        expect(stderr).toContain('more than 30 entries: raise the limit (--max-entries)');
        expect((await cramfs([...words, '--max-entries=31'])).code).toBe(0);
      }
    });
  });

  test('more than there is memory for, in an extraction or a tar', () => {
    // A directory of the largest size: a million entries of 16 bytes, copies except for their
    // names.
    const count = MIB - 1;
    const start = 200;
    const entry = buildRawImage({ name: file('') }).bytes.slice(76, 92);
    const { bytes: head } = buildRawImage(
      {
        a: directory({}, { inode: { offset: start / 4, size: 16 * count } }),
        b: directory({ c: file('') }),
      },
      { v1: true, roundTo: 4 },
    );
    expect(head.length).toBeLessThanOrEqual(start);
    const bytes = new Uint8Array(start + 16 * count);
    bytes.set(head);
    const names = new Uint32Array(bytes.buffer, start, 4 * count);
    for (let index = 0; index < count; index += 1) {
      bytes.set(entry, start + 16 * index);
      // Four bytes, none of them a zero or a slash.
      const digits = (index & 0x3f) | ((index & 0xfc0) << 2) | ((index & 0x3f000) << 4);
      names[4 * index + 3] = (digits | ((index >> 18) << 24)) + 0x40404040;
    }
    const image = openImage(bytes, { blockSize: BLOCK });
    const errors: CramfsError[] = [];
    const onError = (error: CramfsError): void => {
      errors.push(error);
    };
    expect(() => tarChunks(image, { onError }).next()).toThrow('more than 500000 entries');
    expect(errors).toEqual([]);
  });
});
