import fc from 'fast-check';
import type { BuildOptions, TreeEntry } from 'mkcramfs';
import { device, directory, file, noise, plain, prose, symlink } from './trees.js';

const owners = fc.record({
  mode: fc.constantFrom(0o644, 0o755, 0o4755, 0o1777, 0),
  uid: fc.constantFrom(0, 1, 65535),
  gid: fc.constantFrom(0, 255),
});

const names = fc
  .uint8Array({ minLength: 1, maxLength: 12 })
  .map((bytes) => Buffer.from(bytes.map((byte) => (byte === 0 || byte === 47 ? 95 : byte))))
  .map((bytes) => bytes.toString('latin1'))
  .filter((name) => name !== '.' && name !== '..');

/** Contents from a small stock, so that equal blocks and equal files are common. */
function contents(blockSize: number): fc.Arbitrary<Uint8Array> {
  const block = fc
    .tuple(fc.nat(3), fc.constantFrom('noise', 'prose', 'zero'))
    .map(([seed, kind]) => {
      if (kind === 'zero') return new Uint8Array(blockSize);
      return kind === 'noise' ? noise(blockSize, seed) : prose(blockSize, seed);
    });
  const cut = fc.oneof(fc.constantFrom(0, 1, 4, 100), fc.nat(blockSize - 1));
  return fc
    .tuple(fc.array(block, { maxLength: 6 }), cut)
    .map(([blocks, less]) => Buffer.concat(blocks).subarray(0, -less || undefined))
    .map((bytes) => Uint8Array.from(bytes));
}

const leaves: fc.Arbitrary<TreeEntry> = fc.oneof(
  fc
    .string({ unit: 'binary-ascii', minLength: 1, maxLength: 40 })
    .map((target) => symlink(target.replaceAll('\0', '_'))),
  fc.record({ major: fc.nat(255), minor: fc.nat(255) }).map((rdev) => device('char-device', rdev)),
  fc.constantFrom('fifo' as const, 'socket' as const).map(plain),
);

/** Trees of every entry type with odd names; file sizes are around multiples of `blockSize`. */
export function trees(blockSize: number) {
  const files = fc.tuple(contents(blockSize), owners).map(([bytes, owner]) => file(bytes, owner));
  const { tree } = fc.letrec<{ tree: TreeEntry }>((tie) => ({
    tree: fc.oneof(
      { maxDepth: 3, depthSize: 'small' },
      files,
      leaves,
      fc
        .dictionary(names, tie('tree'), { maxKeys: 5, noNullPrototype: true })
        .map((entries) => directory(entries)),
    ),
  }));
  return fc
    .dictionary(names, fc.oneof({ weight: 3, arbitrary: files }, tree), {
      maxKeys: 6,
      noNullPrototype: true,
    })
    .map((entries) => directory(entries));
}

/** Options of every layout of ours; XIP files are chosen by a hash of the path. */
export const layoutOptions: fc.Arbitrary<BuildOptions & { blockSize: number }> = fc
  .record({
    blockSize: fc.constantFrom(4096, 4096, 4096, 16384, 65536),
    endianness: fc.constantFrom('little' as const, 'big' as const),
    pad: fc.boolean(),
    holes: fc.boolean(),
    extendedPointers: fc.boolean(),
    insert: fc.constantFrom(new Uint8Array(0), noise(33, 1)),
    xipMode: fc.constantFrom('none' as const, 'mmu' as const, 'nommu' as const),
    salt: fc.nat(6),
    tail: fc.constantFrom('pad' as const, 'share' as const, 'auto' as const),
  })
  .map(({ xipMode, salt, tail, ...options }) => ({
    ...options,
    xip: {
      mode: xipMode,
      include: (path: string) => (path.length + path.charCodeAt(path.length - 1) + salt) % 3 !== 0,
      tail: () => tail,
    },
  }));
