import { deflateSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { check, countedImage, messageOf, setField } from '../../../../test/helpers/check-image.js';
import { LinuxReader } from '../../../../test/helpers/linux-reader.js';
import {
  concat,
  file,
  fixCrc,
  noise,
  text,
  type RawImage,
} from '../../../../test/helpers/raw-image.js';
import { checkImage } from '../check.js';

function start(image: RawImage, path: string, index: number): number {
  return image.placed.get(path)!.blocks[index]!.start;
}

function pointer(image: RawImage, path: string, index: number): number {
  return image.placed.get(path)!.offset + 4 * index;
}

describe('blocks', () => {
  test.each([4096, 8192, 16384, 32768, 65536] as const)(
    'every kind, blocks of %d bytes',
    (blockSize) => {
      for (const endianness of ['little', 'big'] as const) {
        const content = text(6 * blockSize + 5);
        const { bytes } = countedImage(
          {
            a: file(concat(content.subarray(0, blockSize * 5), new Uint8Array(blockSize + 9)), {
              blocks: 'CUDZDHz'.slice(0, 7),
            }),
            b: file(content, { blocks: 'ZZDDCCU' }),
            c: file(content, { blocks: 'HzCUDZD'.slice(0, 7) }),
          },
          { endianness, blockSize, pad: 512, roundTo: blockSize },
        );
        expect(check(bytes, { blockSize })).toEqual([]);
      }
    },
  );

  test('counts by kind', () => {
    const { bytes } = countedImage({ a: file(text(6 * 4096), { blocks: 'CUDZHz' }) });
    expect(checkImage(bytes).stats?.blocks).toEqual({
      compressed: 2,
      uncompressed: 2,
      holes: 2,
      direct: 3,
    });
  });

  test('table-outside', () => {
    const image = countedImage({ a: file(text(100), { inode: { size: 0xffffff } }) });
    expect(check(image.bytes)).toEqual([['table-outside', '/a', image.placed.get('/a')!.offset]]);
  });

  test('pointer-flags', () => {
    const image = countedImage({ a: file(text(3 * 4096 - 1), { blocks: 'CUD' }) }, { flags: 3 });
    expect(check(image.bytes)).toEqual([['pointer-flags', '/a', pointer(image, '/a', 1)]]);
  });

  test('hole-without-flag', () => {
    const image = countedImage({ a: file(text(3 * 4096), { blocks: 'CHH' }) }, { flags: 3 });
    expect(check(image.bytes)).toEqual([['hole-without-flag', '/a', pointer(image, '/a', 1)]]);
  });

  test('block-length: an end pointer that runs backwards', () => {
    const blocks = [
      { kind: 'C' as const },
      { kind: 'C' as const, pointer: 100 },
      { kind: 'C' as const },
    ];
    const image = countedImage({ a: file(noise(3 * 4096), { blocks }) });
    const found = check(image.bytes);
    // The next block is then too long as well.
    expect(found).toEqual([
      ['block-length', '/a', pointer(image, '/a', 1)],
      ['block-length', '/a', pointer(image, '/a', 2)],
    ]);
    const back = start(image, '/a', 1) - 100;
    expect(checkImage(image.bytes).findings[0]?.message).toContain(`ends ${back} bytes before`);
  });

  test('block-length: the limits of Linux', () => {
    const stored = (length: number) =>
      concat(deflateSync(text(4096)), new Uint8Array(length)).subarray(0, length);
    const compressed = (length: number) =>
      countedImage({ a: file(text(4096), { blocks: [{ kind: 'C', stored: stored(length) }] }) });
    expect(check(compressed(8192).bytes)).toEqual([]);
    const tooLong = compressed(8193);
    expect(check(tooLong.bytes)).toEqual([['block-length', '/a', pointer(tooLong, '/a', 0)]]);

    const raw = countedImage({
      a: file(text(4096), { blocks: [{ kind: 'U', stored: text(4097) }] }),
    });
    expect(check(raw.bytes)).toEqual([['block-length', '/a', pointer(raw, '/a', 0)]]);
  });

  test.each([
    ['end pointer', 0x3fffffff, 'block-length'],
    ['end pointer just past the image', 4097, 'block-outside'],
    ['direct uncompressed', (0xc0000000 + 1000) >>> 0, 'block-outside'],
    ['direct compressed, its length outside', 0x7fffffff, 'block-outside'],
  ])('block-outside: %s', (_, bad, code) => {
    const image = countedImage(
      {
        a: file(text(4000, 3), { blocks: [{ kind: 'C', pointer: bad }] }),
        z: file(text(10)),
      },
      { flags: 0x803 },
    );
    expect(check(image.bytes)).toEqual([[code, '/a', pointer(image, '/a', 0)]]);
  });

  test('block-bad-data: damage, a bad Adler-32, and data for more than a block', () => {
    const blocks = [
      { kind: 'C' as const, stored: noise(500) },
      {
        kind: 'C' as const,
        stored: concat(deflateSync(text(4096)).subarray(0, -4), new Uint8Array(4)),
      },
      { kind: 'C' as const, stored: deflateSync(new Uint8Array(4097)) },
      { kind: 'Z' as const, stored: deflateSync(text(4096)).subarray(0, -1) },
      { kind: 'Z' as const, stored: new Uint8Array(3) },
      { kind: 'C' as const },
    ];
    const image = countedImage({ a: file(text(5 * 4096 + 10), { blocks }) });
    expect(check(image.bytes)).toEqual(
      [0, 1, 2, 3, 4].map((index) => ['block-bad-data', '/a', start(image, '/a', index)]),
    );
  });

  test('block-wrong-length', () => {
    const blocks = [
      { kind: 'C' as const, stored: deflateSync(text(4095)) },
      { kind: 'U' as const, stored: text(4095) },
      { kind: 'C' as const, stored: deflateSync(text(11)) },
    ];
    const image = countedImage({ a: file(text(2 * 4096 + 10), { blocks }) });
    const { findings } = checkImage(image.bytes);
    expect(findings.map(({ code, path, offset }) => [code, path, offset])).toEqual(
      [0, 1, 2].map((index) => ['block-wrong-length', '/a', start(image, '/a', index)]),
    );
    expect(findings[2]?.message).toBe('block 2 inflates to 11 bytes, the file needs 10');
  });

  test('k1-tail-reads-zero: just when the kernel would lose data', () => {
    const sizes = [4095, 4096, 4097, 8192];
    for (const size of sizes) {
      for (const last of ['D', 'U', 'C', 'Z']) {
        const content = text(size);
        const image = countedImage({
          a: file(content, { blocks: 'D'.repeat(Math.ceil(size / 4096) - 1) + last }),
        });
        const reader = new LinuxReader(image.bytes);
        const read = reader.read(reader.walk().get('/a')!);
        const isRight = Buffer.compare(read, content) === 0;
        const found = check(image.bytes);
        const place = pointer(image, '/a', Math.ceil(size / 4096) - 1);
        expect(found, `${size} ${last}`).toEqual(
          isRight ? [] : [['k1-tail-reads-zero', '/a', place]],
        );
        expect(isRight).toBe(last !== 'D' || size % 4096 !== 0);
      }
    }
  });

  test('a bad block does not stop the check', () => {
    const image = countedImage({
      a: file(text(3 * 4096), {
        blocks: [
          { kind: 'C', stored: noise(100) },
          { kind: 'C' },
          { kind: 'C', stored: noise(100) },
        ],
      }),
      b: file(text(4096), { blocks: [{ kind: 'C', stored: noise(100) }] }),
    });
    expect(check(image.bytes).map(([, path]) => path)).toEqual(['/a', '/a', '/b']);
  });

  test('no more findings of a code than asked for, but all are counted', () => {
    const blocks = Array.from({ length: 50 }, () => ({ kind: 'C' as const, stored: noise(20) }));
    const image = countedImage({ a: file(text(50 * 4096), { blocks }) });
    const { findings, suppressed } = checkImage(image.bytes, { limit: 3 });
    expect(findings.map(({ offset }) => offset)).toEqual(
      [0, 1, 2].map((index) => start(image, '/a', index)),
    );
    expect(suppressed).toEqual({ 'block-bad-data': 47 });
    expect(messageOf(findings.slice(0, 1), 'block-bad-data')).toContain('block 0');
  });

  test('blocks that are shared are inflated once', () => {
    const content = text(4 * 4096);
    const same = [0, 1, 2, 3].map((index) => ({
      kind: 'Z' as const,
      sameAs: ['/a', index] as const,
    }));
    const image = countedImage({
      a: file(content, { blocks: 'ZZZZ' }),
      b: file(content, { blocks: same, mode: 0o600 }),
    });
    let calls = 0;
    const { findings } = checkImage(image.bytes, {
      blockSize: 4096,
      zlib: {
        inflate: (_, length) => {
          calls += 1;
          return new Uint8Array(length);
        },
        crc32: () => 0,
      },
    });
    expect(calls).toBe(4);
    expect(findings.map(({ code }) => code)).toEqual(['crc-mismatch']);
  });

  test('damage of the pointer table of a sound file is found', () => {
    const image = countedImage({ a: file(text(3 * 4096)), b: file(text(100)) });
    setField(image.bytes, pointer(image, '/a', 1), start(image, '/a', 2) + 1);
    expect(check(image.bytes).map(([code]) => code)).toEqual(['block-bad-data']);
    fixCrc(image.bytes);
  });
});
