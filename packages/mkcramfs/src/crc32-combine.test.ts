import { crc32 } from 'cramfs-format';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { crc32Combine } from './crc32-combine.js';

describe('crc32Combine', () => {
  it('gives the checksum of both pieces', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(300), (bytes, at) => {
        const first = bytes.subarray(0, at);
        const second = bytes.subarray(at);
        expect(crc32Combine(crc32(first), crc32(second), second.length)).toBe(crc32(bytes));
      }),
    );
  });

  it('takes pieces of more than 2^31 bytes', () => {
    const length = 2 ** 31 + 5;
    const half = crc32Combine(0x12345678, 0, length - 1000);
    expect(crc32Combine(0x12345678, 0, length)).toBe(crc32Combine(half, 0, 1000));
  });
});
