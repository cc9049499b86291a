import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { check, countedImage } from '../../../test/helpers/check-image.js';
import { KERNEL_IMAGES, kernelImage, kernelManifest } from '../../../test/helpers/kernel-images.js';
import {
  describeWithPeers,
  runPeerOk,
  withTemporaryDirectory,
} from '../../../test/helpers/peers.js';
import { directory, file, noise, special, symlink, text } from '../../../test/helpers/raw-image.js';
import { writeTree } from '../../../test/helpers/write-tree.js';
import { compatTree } from '../../../test/helpers/compat-tree.js';
import { FINDING_CODES, checkImage } from './check.js';
import { nodeZlib } from './node/zlib.js';

const sample = countedImage(
  {
    bin: directory({
      a: file(noise(9000), { blocks: 'DDC' }),
      b: file('', { sameAs: '/bin/a' }),
      c: file(text(20_000), { blocks: 'CUZHC' }),
    }),
    dev: directory({ null: special(0o20666, 0x0103), pipe: special(0o10600) }),
    etc: directory({ empty: directory({}), link: symlink('../bin/a'), none: file('') }),
  },
  { pad: 512 },
).bytes;

describe('checkImage', () => {
  test('the sample is sound', () => {
    expect(check(sample)).toEqual([]);
  });

  test('every code has a severity and one line of text', () => {
    for (const [code, { severity, summary }] of Object.entries(FINDING_CODES)) {
      expect(code).toMatch(/^[a-z0-9]+(-[a-z0-9]+)*$/);
      expect(['error', 'warning']).toContain(severity);
      expect(summary).toMatch(/^[^\n]{10,90}$/);
    }
  });

  test.each(KERNEL_IMAGES)('image %s, which Linux has mounted', (name) => {
    const { findings } = checkImage(kernelImage(name), { zlib: nodeZlib });
    expect(findings.filter(({ severity }) => severity === 'error')).toEqual([]);
    // K1 was found with these images. Names of one inode share the finding of the first.
    const { files } = kernelManifest(name);
    const lost = files
      .filter(({ size, layout }) => size > 0 && size % 4096 === 0 && layout.at(-1)?.[0] === 'D')
      .map(({ offset, size }) => offset + size / 1024 - 4);
    const found = findings.filter(({ code }) => code === 'k1-tail-reads-zero');
    expect(new Set(found.map(({ offset }) => offset))).toEqual(new Set(lost));
    expect(lost.length).toBeGreaterThan(0);
  });

  test('any change of a byte is found: the CRC sees to it', () => {
    fc.assert(
      fc.property(fc.nat(sample.length - 513), fc.integer({ min: 1, max: 255 }), (at, change) => {
        const bytes = sample.slice();
        bytes[512 + at]! ^= change;
        expect(check(bytes).length).toBeGreaterThan(0);
      }),
      { numRuns: 300 },
    );
  });

  test('never throws, however damaged the image is', () => {
    const change = fc.record({
      at: fc.nat(sample.length - 1),
      bytes: fc.uint8Array({ minLength: 1, maxLength: 8 }),
    });
    fc.assert(
      fc.property(fc.array(change, { maxLength: 20 }), fc.nat(sample.length), (changes, length) => {
        const bytes = sample.slice();
        for (const { at, bytes: part } of changes) {
          bytes.set(part.subarray(0, bytes.length - at), at);
        }
        // Most of it is in the superblock, the directories and tables, where it matters.
        for (const { at, bytes: part } of changes) bytes.set(part, 512 + (at % 400));
        const image = bytes.subarray(0, length % 3 === 0 ? length : undefined);
        const { findings } = checkImage(image, { zlib: nodeZlib });
        const offsets = findings.map(({ offset }) => offset ?? -1);
        expect(offsets).toEqual([...offsets].sort((a, b) => a - b));
      }),
      { numRuns: 1000 },
    );
  });

  test('garbage after a good magic', () => {
    for (let seed = 0; seed < 50; seed += 1) {
      const bytes = noise(30_000, seed);
      bytes.set([0x45, 0x3d, 0xcd, 0x28]);
      new DataView(bytes.buffer).setUint16(64, 0o40755, true);
      expect(check(bytes).length).toBeGreaterThan(0);
    }
  });
});

describeWithPeers('mkfs.cramfs', 'images of mkfs.cramfs', () => {
  test.each(['', '-N big', '-p', '-z', '-b 16384'])('are sound: %s', async (options) => {
    await withTemporaryDirectory((path) => {
      writeTree(compatTree(), `${path}/tree`);
      runPeerOk('mkfs.cramfs', [
        ...options.split(' ').filter(Boolean),
        `${path}/tree`,
        `${path}/image`,
      ]);
      const { findings } = checkImage(readFileSync(`${path}/image`), { zlib: nodeZlib });
      expect(findings).toEqual([]);
    });
  });
});
