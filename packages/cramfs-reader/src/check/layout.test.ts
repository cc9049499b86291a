import { deflateSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { check, countedImage, messageOf, setField } from '../../../../test/helpers/check-image.js';
import {
  concat,
  directory,
  file,
  fixCrc,
  noise,
  text,
} from '../../../../test/helpers/raw-image.js';
import { checkImage } from '../check.js';

describe('layout', () => {
  test('blocks that may be shared: direct blocks, and the start of an uncompressed one', () => {
    const content = noise(3 * 4096);
    const { bytes } = countedImage({
      a: file(content, { blocks: 'DZU' }),
      b: file(concat(content.subarray(0, 8192)), {
        mode: 0o600,
        blocks: [
          { kind: 'D', sameAs: ['/a', 0] },
          { kind: 'Z', sameAs: ['/a', 1] },
        ],
      }),
      c: file(content.subarray(0, 100), { blocks: [{ kind: 'D', sameAs: ['/a', 0] }] }),
    });
    expect(check(bytes, { mmu: true })).toEqual([]);
  });

  test("what another file's tail page holds is not an overlap", () => {
    const { bytes } = countedImage({
      a: file(noise(5000), { blocks: [{ kind: 'D', align: 4096 }, { kind: 'D' }] }),
      b: file(text(3000)),
    });
    expect(check(bytes)).toEqual([]);
  });

  test('overlap of two blocks', () => {
    const { bytes, placed } = countedImage({
      a: file(noise(4096, 1), { blocks: 'U' }),
      b: file(noise(3000, 2), { blocks: [{ kind: 'D', at: 1000 }] }),
    });
    const { findings } = checkImage(bytes);
    expect(findings.filter(({ code }) => code === 'overlap')).toMatchObject([
      { path: '/b', offset: 1000 },
    ]);
    expect(messageOf(findings, 'overlap')).toContain(
      `an uncompressed block of /a (${placed.get('/a')!.blocks[0]!.start}-`,
    );
  });

  test.each([
    ['the superblock', 40],
    ['a directory of /', 80],
    ['a directory of /d', 112],
  ])('overlap of a block and %s', (what, at) => {
    const pointer = (0xc0000000 + at / 4) >>> 0;
    const { bytes } = countedImage({
      d: directory({ e: file('') }),
      f: file('1234', { blocks: [{ kind: 'D', pointer }] }),
    });
    const { findings } = checkImage(bytes);
    expect(messageOf(findings, 'overlap')).toContain(what);
    expect(findings.find(({ code }) => code === 'overlap')).toMatchObject({
      path: '/f',
      offset: at,
      severity: 'error',
    });
  });

  test('overlap of a compressed block and a direct block in the middle of it', () => {
    const { bytes, placed } = countedImage({ a: file(noise(4096)), b: file('1234') });
    const { blocks } = placed.get('/a')!;
    const at = Math.ceil(blocks[0]!.start / 4) * 4 + 400;
    setField(bytes, placed.get('/b')!.offset, (0xc0000000 + at / 4) >>> 0);
    setField(bytes, 8, 0x803);
    expect(check(bytes)).toContainEqual(['overlap', '/b', at]);
  });

  test('gap-not-zero: with place and total', () => {
    const { bytes, placed } = countedImage({
      a: file(noise(4096), { blocks: [{ kind: 'D', align: 4096, tail: 'zero' }] }),
      b: file(noise(5000), { blocks: [{ kind: 'D' }, { kind: 'D', gap: 200 }] }),
    });
    const { start, length } = placed.get('/b')!.blocks[0]!;
    bytes[start + length + 7] = 1;
    bytes[bytes.length - 1] = 1;
    fixCrc(bytes);
    const { findings, stats } = checkImage(bytes);
    const gaps = findings.filter(({ code }) => code === 'gap-not-zero');
    expect(gaps).toMatchObject([
      { severity: 'warning', offset: start + length + 7 },
      { offset: bytes.length - 1 },
    ]);
    expect(gaps[0]?.message).toContain(`of the 200 bytes from ${start + length}`);
    expect(stats?.gaps.nonZeroBytes).toBe(2);
    expect(stats?.gaps.bytes).toBeGreaterThan(200);
  });

  describe('ends of zlib streams that npitre’s mkcramfs has replaced', () => {
    /** A block of noise, then `gap` bytes that start with the end of its longer stream. */
    const withResidue = (
      gap: number,
      change: (residue: Uint8Array) => void = () => undefined,
    ): ReturnType<typeof checkImage> => {
      const content = noise(5000);
      const { bytes, placed } = countedImage(
        { a: file(content, { blocks: [{ kind: 'U' }, { kind: 'D', gap }] }) },
        { flags: 0x803 },
      );
      const { start, length } = placed.get('/a')!.blocks[0]!;
      const stream = deflateSync(content.subarray(0, 4096), { level: 9 });
      const residue = Uint8Array.from(stream.subarray(length, length + gap));
      expect(residue.length).toBe(Math.min(gap, 11));
      change(residue);
      bytes.set(residue, start + length);
      fixCrc(bytes);
      return checkImage(bytes);
    };
    const codesOf = ({ findings }: ReturnType<typeof checkImage>): string[] =>
      findings.map(({ code }) => code).filter((code) => /gap|replaced/.test(code));

    test.each([4, 8, 12, 40, 400])('in a gap of %i bytes', (gap) => {
      const result = withResidue(gap);
      expect(codesOf(result)).toEqual(['replaced-streams']);
      expect(result.stats?.gaps.nonZeroBytes).toBeGreaterThan(0);
    });

    test('any other gap is not zero, as usual', () => {
      const changed = withResidue(40, (residue) => {
        residue[2]! ^= 1;
      });
      expect(codesOf(changed)).toEqual(['gap-not-zero']);
    });
  });

  test('boot code in the pad, and a file between superblock and root, are not gaps', () => {
    for (const options of [{ pad: 512 }, { rootShift: 300 }, { pad: 512, rootShift: 300 }]) {
      const { bytes } = countedImage({ a: file('a') }, options);
      const superblock = options.pad ?? 0;
      bytes.fill(1, 0, superblock);
      bytes.fill(1, superblock + 76, superblock + 76 + (options.rootShift ?? 0));
      fixCrc(bytes, options);
      expect(check(bytes)).toEqual([]);
    }
  });
});
