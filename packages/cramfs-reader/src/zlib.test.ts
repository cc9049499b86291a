import { deflateSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { buildRawImage, concat, file, noise, text } from '../../../test/helpers/raw-image.js';
import { checkImage } from './check.js';
import { openImage } from './image.js';
import { inflateWithZlib, nodeZlib } from './node/zlib.js';
import { portableZlib } from './zlib.js';

describe.each([
  ['portable', portableZlib],
  ['node', nodeZlib],
  ['node, without WebAssembly', { ...nodeZlib, inflate: inflateWithZlib, borrow: inflateWithZlib }],
])('%s zlib', (_, zlib) => {
  test.each([1, 4095, 4096, 65536])('inflates %i bytes into exactly that much room', (size) => {
    for (const content of [text(size), noise(size), new Uint8Array(size)]) {
      const inflated = zlib.inflate(deflateSync(content), size);
      expect(Buffer.compare(inflated, content)).toBe(0);
      expect(inflated.length).toBe(size);
    }
  });

  test('gives less if there is less', () => {
    expect(zlib.inflate(deflateSync(text(10)), 4096).length).toBe(10);
  });

  test('the borrowed bytes are the same, at any place in memory', () => {
    for (let offset = 0; offset < 9; offset += 1) {
      const stream = concat(noise(offset), deflateSync(text(3000, offset))).subarray(offset);
      const content = zlib.borrow?.(stream, 4096) ?? new Uint8Array(0);
      expect(Buffer.compare(content, text(3000, offset))).toBe(0);
    }
  });

  test('results do not share memory', () => {
    const first = zlib.inflate(deflateSync(text(100, 1)), 100);
    zlib.inflate(deflateSync(text(100, 2)), 100);
    expect(Buffer.compare(first, text(100, 1))).toBe(0);
  });

  test('ignores bytes after the stream', () => {
    const data = concat(deflateSync(text(100)), noise(10));
    expect(zlib.inflate(data, 100).length).toBe(100);
  });

  test.each([
    ['more than there is room for', deflateSync(text(101)), 'TOO_LONG'],
    ['a bomb', deflateSync(new Uint8Array(10_000_000)), 'TOO_LONG'],
    ['nothing', new Uint8Array(0), 'CUT_OFF'],
    ['noise', noise(100)],
    ['a stream that is cut off', deflateSync(noise(90)).subarray(0, 60), 'CUT_OFF'],
    ['a stream without its checksum', deflateSync(noise(90)).subarray(0, -4), 'CUT_OFF'],
    ['a wrong checksum', concat(deflateSync(noise(90)).subarray(0, -1), Uint8Array.of(7))],
    ['a gzip header', concat(Uint8Array.of(0x1f, 0x8b), noise(50))],
    ['a preset dictionary', deflateSync(text(50), { dictionary: text(50) })],
  ])('throws for %s, and works afterwards', (_what, data, code?: string) => {
    const error = { name: 'InflateError', ...(code === undefined ? {} : { code }) };
    expect(() => zlib.inflate(data, 100)).toThrow(expect.objectContaining(error));
    expect(zlib.inflate(deflateSync(text(100)), 100).length).toBe(100);
  });

  test('crc32 goes on where it stopped', () => {
    const data = new TextEncoder().encode('123456789');
    expect(zlib.crc32(data)).toBe(0xcbf43926);
    expect(zlib.crc32(data.subarray(4), zlib.crc32(data.subarray(0, 4)))).toBe(0xcbf43926);
    expect(zlib.crc32(new Uint8Array(0))).toBe(0);
  });
});

test("a lack of memory is not the image's damage", () => {
  const { bytes } = buildRawImage({ f: file(text(5000)) });
  const zlib = {
    crc32: () => 0,
    inflate: () => {
      throw new RangeError('WebAssembly.Instance(): Out of memory');
    },
  };
  const image = openImage(bytes, { zlib, blockSize: 4096 });
  expect(() => image.readFile(image.lookup('/f'))).toThrow(RangeError);
  expect(() => checkImage(bytes, { zlib, blockSize: 4096 })).toThrow(RangeError);
});
