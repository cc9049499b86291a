import fc from 'fast-check';
import { isCramfsError, type BlockSize } from 'cramfs-format';
import { describe, expect, test } from 'vitest';
import {
  buildRawImage,
  concat,
  directory,
  file,
  noise,
  special,
  symlink,
  text,
  type RawBlock,
  type RawBlockKind,
  type RawImageOptions,
  type RawNode,
} from '../../../test/helpers/raw-image.js';
import { openImage } from './image.js';
import { directMap } from './mappability.js';

/** A file of random blocks, its content, and how its last block ends. */
interface RandomFile {
  readonly content: Uint8Array;
  readonly blocks: readonly RawBlock[];
}

const kinds = fc.constantFrom<RawBlockKind>('C', 'U', 'H', 'D', 'D', 'D', 'Z', 'z');

function randomBlock(blockSize: number): fc.Arbitrary<RawBlock & { data: Uint8Array }> {
  return fc
    .record({
      kind: kinds,
      seed: fc.nat(1000),
      compressible: fc.boolean(),
      align: fc.constantFrom(4, 4, 4, blockSize),
      phase: fc.constantFrom(0, 0, 0, 8, 1024),
      gap: fc.constantFrom(0, 0, 0, 5),
      tail: fc.constantFrom('zero' as const, 'junk' as const, undefined),
    })
    .map(({ kind, seed, compressible, ...place }) => ({
      kind,
      ...place,
      phase: place.align === 4 ? 0 : place.phase,
      data:
        kind === 'H' || kind === 'z'
          ? new Uint8Array(blockSize)
          : compressible || kind === 'Z'
            ? text(blockSize, seed)
            : noise(blockSize, seed),
    }));
}

function randomFile(blockSize: number, maxBlocks: number): fc.Arbitrary<RandomFile> {
  return fc
    .tuple(
      fc.array(randomBlock(blockSize), { minLength: 1, maxLength: maxBlocks }),
      fc.oneof(fc.constant(blockSize), fc.integer({ min: 1, max: blockSize })),
    )
    .map(([all, lastSize]) => ({
      content: concat(
        ...all.map(({ data }, index) =>
          index === all.length - 1 ? data.subarray(0, lastSize) : data,
        ),
      ),
      blocks: all.map(({ kind, align, phase, gap, tail }, index) => ({
        kind,
        align,
        phase,
        gap,
        tail: index === all.length - 1 ? tail : undefined,
      })),
    }));
}

const imageOptions: fc.Arbitrary<RawImageOptions> = fc.record({
  endianness: fc.constantFrom('little' as const, 'big' as const),
  pad: fc.constantFrom(0, 512),
  rootShift: fc.constantFrom(0, 0, 4, 4096),
  v1: fc.constantFrom(false, false, true),
});

const byteName = fc
  .array(fc.integer({ min: 1, max: 255 }), { minLength: 1, maxLength: 20 })
  .map((bytes) => String.fromCharCode(...bytes).replaceAll('/', '_'))
  .filter((name) => name !== '.' && name !== '..');

interface RandomTree {
  readonly node: RawNode;
  /** `path kind detail` of everything in it, in order. */
  readonly listing: (path: string) => string[];
}

const leaf: fc.Arbitrary<RandomTree> = fc.oneof(
  fc
    .record({ size: fc.nat(9000), mode: fc.nat(0o7777), uid: fc.nat(65535), gid: fc.nat(255) })
    .map(({ size, ...meta }): RandomTree => ({
      node: file(text(size), meta),
      listing: (path) => [`${path} file ${meta.mode} ${meta.uid} ${meta.gid} ${size}`],
    })),
  byteName.map((target): RandomTree => ({
    node: symlink(target),
    listing: (path) => [`${path} symlink ${target}`],
  })),
  fc.tuple(fc.nat(255), fc.nat(255)).map(([major, minor]): RandomTree => ({
    node: special(0o20666, major * 256 + minor),
    listing: (path) => [`${path} char-device ${major}:${minor}`],
  })),
);

const { tree: randomTree } = fc.letrec<{ tree: RandomTree; directory: RandomTree }>((tie) => ({
  tree: fc.oneof({ depthSize: 'small', withCrossShrink: true }, leaf, tie('directory')),
  directory: fc
    .uniqueArray(fc.tuple(byteName, tie('tree')), { selector: ([name]) => name, maxLength: 6 })
    .map((children): RandomTree => ({
      node: directory(children.map(([name, { node }]) => [name, node] as const)),
      listing: (path) => [
        `${path} directory`,
        ...children.flatMap(([name, child]) => child.listing(`${path}/${name}`)),
      ],
    })),
}));

describe('random layouts', () => {
  test.each([
    [4096, 8, 150],
    [16384, 4, 30],
    [65536, 3, 15],
  ] as const)('the content comes back, blocks of %i bytes', (blockSize, maxBlocks, numRuns) => {
    fc.assert(
      fc.property(
        fc.array(randomFile(blockSize, maxBlocks), { minLength: 1, maxLength: 4 }),
        imageOptions,
        (files, options) => {
          const tree = Object.fromEntries(
            files.map(({ content, blocks }, index) => [`f${index}`, file(content, { blocks })]),
          );
          const { bytes, placed } = buildRawImage(tree, { ...options, blockSize });
          const image = openImage(bytes, { blockSize });
          files.forEach(({ content }, index) => {
            const inode = image.lookup(`/f${index}`);
            expect(Buffer.compare(image.readFile(inode), content)).toBe(0);
            const expected = placed.get(`/f${index}`)!;
            expect(inode.dataOffset).toBe(expected.offset);
            expect(
              image.blocks(inode).map(({ raw: pointer, start, length }) => ({
                pointer,
                start,
                length,
              })),
            ).toEqual(expected.blocks);
          });
        },
      ),
      { numRuns },
    );
  });

  test('directMap agrees with the layout', () => {
    fc.assert(
      fc.property(
        randomFile(4096, 8),
        imageOptions,
        fc.nat(8),
        fc.integer({ min: 1, max: 10 }),
        fc.boolean(),
        ({ content, blocks }, options, pgoff, pages, mmu) => {
          const { bytes, placed } = buildRawImage({ f: file(content, { blocks }) }, options);
          const image = openImage(bytes, { blockSize: 4096 });
          const request = { pgoff, pages, pageSize: 4096, physAddr: 0x1000_0000, mmu };
          const found = directMap(image, image.lookup('/f'), request);

          const starts = placed.get('/f')!.blocks.map(({ start }) => start);
          const isDirect = (index: number): boolean =>
            blocks[index]?.kind === 'D' &&
            starts[index] === starts[pgoff]! + 4096 * (index - pgoff);
          let run = 0;
          while (run < pages && isDirect(pgoff + run)) run += 1;
          const end = pgoff + run;
          const partial = content.length % 4096;
          const sharesTail =
            run > 0 &&
            end === blocks.length &&
            partial > 0 &&
            bytes
              .subarray(starts[end - 1]! + partial, starts[end - 1]! + 4096)
              .some((byte) => byte !== 0);
          const expected = mmu
            ? run > 0 && starts[pgoff]! % 4096 === 0
              ? run - (sharesTail ? 1 : 0)
              : 0
            : run === pages
              ? run
              : 0;
          expect(found.pages).toBe(expected);
          expect(found.bailout === undefined).toBe(expected > 0);
          if (expected > 0) expect(found.imageOffset).toBe(starts[pgoff]);
        },
      ),
      { numRuns: 400 },
    );
  });

  test('trees come back', () => {
    fc.assert(
      fc.property(
        fc.tuple(byteName, randomTree),
        imageOptions,
        ([name, { node, listing }], options) => {
          const image = openImage(buildRawImage([[name, node]], options).bytes);
          const found = Array.from(image.walk(), ({ path, inode }) => {
            const { type = '?', rdev } = inode;
            if (type === 'file') {
              expect(image.readFile(inode)).toEqual(text(inode.size));
              return `${path} file ${inode.mode & 0o7777} ${inode.uid} ${inode.gid} ${inode.size}`;
            }
            if (type === 'symlink') return `${path} symlink ${image.readlink(inode)}`;
            return rdev === undefined
              ? `${path} ${type}`
              : `${path} ${type} ${rdev.major}:${rdev.minor}`;
          });
          expect(found.slice(1)).toEqual(listing(`/${name}`));
          for (const { path, inode } of image.walk()) {
            expect(image.lookup(path, { followSymlinks: false })).toEqual(inode);
          }
        },
      ),
      { numRuns: 100 },
    );
  });

  test('changed bytes give a result or a CramfsError', () => {
    const { bytes } = buildRawImage({
      d: directory({ f: file(text(9000), { blocks: 'CDZ' }), l: symlink('f') }),
      g: file(noise(5000), { blocks: 'UU' }),
      n: special(0o20600, 0x101),
    });
    const blockSizes = fc.constantFrom<BlockSize | undefined>(undefined, 4096, 65536);
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(400), fc.integer({ min: 1, max: 255 })), { minLength: 1 }),
        blockSizes,
        (changes, blockSize) => {
          const changed = bytes.slice();
          for (const [at, mask] of changes) changed[at]! ^= mask;
          const attempt = (action: () => unknown): void => {
            try {
              action();
            } catch (error) {
              if (!isCramfsError(error)) throw error;
            }
          };
          attempt(() => {
            const image = openImage(changed, { blockSize });
            image.computeCrc();
            for (const { inode, path } of image.walk(image.root, { onError: () => undefined })) {
              attempt(() => image.lookup(path));
              attempt(() => image.readFile(inode));
              attempt(() => image.readlink(inode));
            }
          });
        },
      ),
      { numRuns: 500 },
    );
  });
});
