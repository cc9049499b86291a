import { readFileSync } from 'node:fs';
import { constants, deflateRawSync, deflateSync, inflateRawSync, inflateSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { noise } from '../../../test/helpers/raw-image.js';
import { BlockDeflater } from './block-deflater.js';
import { BlockInflater, RUN_STREAMS } from './block-inflater.js';

const inflater = new BlockInflater();
const program = readFileSync(process.execPath).subarray(0, 256 * 4096);

/** What zlib itself says: the content, or undefined if it refuses. */
function reference(stream: Uint8Array, maxLength: number): Uint8Array | undefined {
  try {
    const content = inflateSync(stream, { maxOutputLength: Math.max(maxLength, 1) });
    return content.length <= maxLength ? content : undefined;
  } catch {
    return undefined;
  }
}

function attempt(stream: Uint8Array, maxLength: number): Uint8Array | undefined {
  try {
    return inflater.inflate(stream, maxLength);
  } catch {
    return undefined;
  }
}

function expectSame(stream: Uint8Array, maxLength: number): void {
  const expected = reference(stream, maxLength);
  const found = attempt(stream, maxLength);
  if (expected === undefined) expect(found).toBeUndefined();
  else expect(Buffer.from(found ?? 'refused').equals(expected)).toBe(true);
}

/** A zlib stream of some raw deflate data, as far as zlib takes it for valid. */
function withChecksum(raw: Uint8Array): Uint8Array | undefined {
  try {
    // With `info` the result is an object, which the types do not know.
    const { buffer, engine } = inflateRawSync(raw, { info: true }) as unknown as {
      buffer: Uint8Array;
      engine: { bytesWritten: number };
    };
    return zlibStream(raw.subarray(0, engine.bytesWritten), buffer);
  } catch {
    return undefined;
  }
}

const strategies = [
  constants.Z_DEFAULT_STRATEGY,
  constants.Z_FILTERED,
  constants.Z_HUFFMAN_ONLY,
  constants.Z_RLE,
  constants.Z_FIXED,
];

/** Streams of all kinds: stored, fixed and dynamic blocks, long and short distances. */
const streams = fc
  .record({
    content: fc.oneof(
      fc.uint8Array({ maxLength: 300 }),
      fc.uint8Array({ maxLength: 8192, size: 'max' }),
      fc.uint8Array({ maxLength: 8192, max: 3, size: 'max' }),
      fc
        .tuple(fc.uint8Array({ minLength: 1, maxLength: 40 }), fc.nat(300))
        .map(([part, times]) => Buffer.concat(Array.from({ length: times + 1 }, () => part))),
      fc.nat(program.length - 8192).map((at) => program.subarray(at, at + 8192)),
    ),
    level: fc.integer({ min: 0, max: 9 }),
    strategy: fc.constantFrom(...strategies),
    memLevel: fc.integer({ min: 1, max: 9 }),
    windowBits: fc.integer({ min: 9, max: 15 }),
  })
  .map(({ content, ...options }) => ({ content, stream: deflateSync(content, options) }));

describe('the streams of zlib', () => {
  test('give the content, in exactly that much room', () => {
    fc.assert(
      fc.property(streams, ({ content, stream }) => {
        const found = inflater.inflate(stream, content.length);
        expect(Buffer.from(found).equals(content)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });

  test('of blocks of all sizes, and our own', () => {
    const deflater = new BlockDeflater();
    for (const size of [4096, 8192, 16384, 32768, 65536]) {
      for (let at = 0; at + size <= program.length; at += 65536) {
        const block = program.subarray(at, at + size);
        for (const stream of [deflateSync(block, { level: 9 }), deflater.compress(block, 'best')]) {
          expect(Buffer.from(inflater.inflate(stream, size)).equals(block)).toBe(true);
        }
      }
    }
  });

  test('of more blocks than one, and longer than 64 KiB', () => {
    const content = Buffer.concat([program, new Uint8Array(300_000), program]);
    for (const level of [0, 1, 9]) {
      const stream = deflateSync(content, { level });
      expect(Buffer.from(inflater.inflate(stream, content.length)).equals(content)).toBe(true);
    }
  });

  test('need not fill the room, and the rest is ignored', () => {
    const stream = Buffer.concat([deflateSync(program.subarray(0, 100)), Buffer.alloc(50, 7)]);
    expect(inflater.inflate(stream, 4096)).toEqual(new Uint8Array(program.subarray(0, 100)));
  });
});

describe('refused as by zlib', () => {
  test('every length that is cut off, and every room that is too small', () => {
    for (const strategy of strategies) {
      const content = program.subarray(4096, 4096 + 700);
      const stream = deflateSync(content, { strategy });
      for (let length = 0; length < stream.length; length++) {
        expect(attempt(stream.subarray(0, length), 700)).toBeUndefined();
      }
      for (let room = 0; room < 700; room++) expect(attempt(stream, room)).toBeUndefined();
    }
  });

  test('any stream with changed bits, with the checksum of zlib’s result', () => {
    const changes = fc.array(fc.tuple(fc.nat(), fc.nat(7)), { minLength: 1, maxLength: 3 });
    let valid = 0;
    fc.assert(
      fc.property(streams, changes, ({ content, stream }, bits) => {
        const raw = stream.subarray(2, -4);
        for (const [at, bit] of bits) raw[at % raw.length]! ^= 1 << bit;
        expectSame(stream, content.length);
        const repaired = withChecksum(raw);
        if (repaired === undefined) return;
        valid += 1;
        expectSame(repaired, 2 * content.length);
      }),
      { numRuns: 1500 },
    );
    expect(valid).toBeGreaterThan(50);
  });

  test('noise after a header, with a code of any kind', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200, size: 'max' }), fc.nat(2), (any, type) => {
        const stream = Buffer.concat([Uint8Array.of(0x78, 0x9c, 0), any]);
        stream[2] = 1 + 2 * type + ((any[0] ?? 0) & 0xf8);
        expect(attempt(stream, 4096)).toEqual(reference(stream, 4096)?.slice());
      }),
      { numRuns: 3000 },
    );
  });
});

/** Bits, the first one lowest, as the streams have them. */
class Bits {
  private readonly bits: number[] = [];

  /** A number, lowest bit first. */
  number(value: number, count: number): this {
    for (let bit = 0; bit < count; bit++) this.bits.push((value >> bit) & 1);
    return this;
  }

  bytes(): Uint8Array {
    const bytes = new Uint8Array(Math.ceil(this.bits.length / 8));
    this.bits.forEach((bit, at) => (bytes[at >> 3]! |= bit << (at & 7)));
    return bytes;
  }
}

/** The beginning of a last block with a dynamic code, whose lengths all have five bits. */
function dynamicBlock(lengths: readonly number[], litlens: number): Bits {
  const bits = new Bits().number(1, 1).number(2, 2);
  bits
    .number(litlens - 257, 5)
    .number(lengths.length - litlens - 1, 5)
    .number(15, 4);
  // The code of the lengths: 0 to 15 have four bits, 16 to 18 none.
  for (const symbol of [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15]) {
    bits.number(symbol < 16 ? 4 : 0, 3);
  }
  for (const length of lengths) {
    for (let bit = 3; bit >= 0; bit--) bits.number((length >> bit) & 1, 1);
  }
  return bits;
}

/** A zlib stream of some raw deflate data, with the checksum of `content`. */
function zlibStream(raw: Uint8Array, content: Uint8Array): Uint8Array {
  return Buffer.concat([Uint8Array.of(0x78, 0x9c), raw, deflateSync(content).subarray(-4)]);
}

describe('codes at the limits that zlib accepts', () => {
  const lengthsOf = (set: Readonly<Record<number, number>>, count: number): number[] =>
    Array.from({ length: count }, (_, symbol) => set[symbol] ?? 0);

  test.each([
    ['one literal code of one bit: the end', lengthsOf({ 256: 1 }, 257), [0], '0', ''],
    [
      'no distance code, where there is no match',
      lengthsOf({ 65: 1, 256: 1 }, 257),
      [0],
      '01',
      'A',
    ],
    ['a distance code of one bit', lengthsOf({ 65: 1, 256: 1 }, 257), [1], '01', 'A'],
    ['all lengths up to 15', longCode(), [1], '1'.repeat(15), ''],
    ['a distance code of two bits, incomplete', lengthsOf({ 65: 1, 256: 1 }, 257), [2], '1'],
    ['no end of block', lengthsOf({ 65: 1, 66: 1 }, 257), [1], '1'],
    ['too many codes', lengthsOf({ 65: 1, 66: 1, 256: 1 }, 257), [1], '1'],
    ['an incomplete literal code', lengthsOf({ 65: 2, 256: 1 }, 257), [1], '0'],
  ])('%s', (_, litlens, dists, codewords, content?) => {
    const bits = dynamicBlock([...litlens, ...dists], litlens.length);
    for (const bit of codewords) bits.number(Number(bit), 1);
    const stream = zlibStream(bits.bytes(), Buffer.from(content ?? ''));
    const expected = content === undefined ? undefined : new Uint8Array(Buffer.from(content));
    expect(reference(stream, 100)?.slice()).toEqual(expected && Buffer.from(expected));
    expect(attempt(stream, 100)).toEqual(expected);
  });

  /** Codewords of 1, 2, ... 14, 15 and 15 bits; the last one is the end of the block. */
  function longCode(): number[] {
    const lengths = lengthsOf({ 256: 15 }, 257);
    for (let length = 1; length <= 15; length++) lengths[length] = length;
    return lengths;
  }
});

test('results do not share memory, and a long stream leaves room for short ones', () => {
  const first = inflater.inflate(deflateSync(program.subarray(0, 100)), 100);
  inflater.inflate(deflateSync(program), program.length);
  inflater.inflate(deflateSync(program.subarray(500, 600)), 100);
  expect(first).toEqual(new Uint8Array(program.subarray(0, 100)));
});

test.each([
  ['CUT_OFF', deflateSync(program.subarray(0, 90)).subarray(0, 40)],
  ['TOO_LONG', deflateSync(program.subarray(0, 101))],
  ['BAD_HEADER', deflateRawSync(program.subarray(0, 90))],
  ['BAD_HEADER', deflateSync(program.subarray(0, 50), { dictionary: Buffer.from('dictionary') })],
  ['BAD_CHECKSUM', Buffer.concat([deflateSync(noise(90)).subarray(0, -1), Buffer.of(7)])],
])('the error has the code %s', (code, stream) => {
  expect(() => inflater.inflate(stream, 100)).toThrow(
    expect.objectContaining({ name: 'InflateError', code }),
  );
});

describe('a run of streams', () => {
  const LIMIT = 4096;

  /** Streams one after the other with gaps between them, as in an image, and their places. */
  function runOf(
    parts: readonly Uint8Array[],
    gap: number,
  ): { data: Uint8Array; places: Uint32Array } {
    const places: number[] = [];
    let length = 0;
    for (const part of parts) {
      places.push(length, part.length);
      length += part.length + gap;
    }
    const data = new Uint8Array(length - gap);
    parts.forEach((part, index) => {
      data.set(part, places[2 * index]);
    });
    return { data, places: Uint32Array.from(places) };
  }

  /** The result of each stream when inflated alone: its content, or undefined. */
  function expectAsAlone(parts: readonly Uint8Array[], gap: number): void {
    const alone = parts.map((part) => attempt(part, LIMIT));
    const { data, places } = runOf(parts, gap);
    const { lengths, content } = inflater.borrowRun(data, places, places.length / 2, LIMIT)!;
    alone.forEach((expected, index) => {
      const length = lengths[index]!;
      if (expected === undefined) expect(length).toBeLessThan(0);
      else {
        const start = index * LIMIT;
        expect(length).toBe(expected.length);
        expect(Buffer.compare(content.subarray(start, start + length), expected)).toBe(0);
      }
    });
  }

  const damaged = fc
    .tuple(streams, fc.nat(), fc.integer({ min: 1, max: 255 }), fc.boolean())
    .map(([{ stream }, at, bits, isCut]) => {
      const place = at % stream.length;
      if (isCut) return new Uint8Array(stream.subarray(0, place + 1));
      const copy = new Uint8Array(stream);
      copy[place]! ^= bits;
      return copy;
    });

  test('gives for each what it gives alone, whatever is beside it', () => {
    const sound = streams.map(({ stream }) => stream);
    const parts = fc.array(fc.oneof(sound, damaged), { minLength: 1, maxLength: RUN_STREAMS });
    fc.assert(
      fc.property(parts, fc.integer({ min: 0, max: 5 }), (run, gap) => {
        expectAsAlone(run, gap);
      }),
      { numRuns: 200 },
    );
  });

  test('a stream that is cut off does not go on in the next one', () => {
    const whole = deflateSync(program.subarray(0, 4096));
    for (let cut = 1; cut < whole.length; cut += 1) {
      const { data, places } = runOf([whole.subarray(0, cut), whole.subarray(cut), whole], 0);
      const { lengths } = inflater.borrowRun(data, places, places.length / 2, LIMIT)!;
      expect([...lengths.subarray(0, 3)].map((length) => length < 0)).toEqual([true, true, false]);
    }
  });

  test('takes what a block may have at most, many times over', () => {
    const block = noise(LIMIT);
    expectAsAlone(
      Array.from({ length: RUN_STREAMS }, () => deflateSync(block)),
      2,
    );
  });
});
