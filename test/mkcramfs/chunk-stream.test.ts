import fc from 'fast-check';
import {
  MemorySink,
  buildImage,
  inlineCompressor,
  type BlockCompressor,
  type BuildOptions,
  type DirectoryEntry,
  type FileEntry,
} from 'mkcramfs';
import { describe, expect, it, test } from 'vitest';
import { layoutOptions, trees } from '../helpers/arbitrary-trees.js';
import { directory, file, noise, prose } from '../helpers/trees.js';

/** What is written into it cannot be taken back, so that it gets nothing before all is known. */
class FinalSink extends MemorySink {
  override readonly isTentative = false;
}

/** Batches end in an order that `turns` decides: each waits for so many others to start or for a while. */
function shuffled(turns: readonly number[]): BlockCompressor {
  const inner = inlineCompressor();
  let batch = 0;
  return {
    capacity: 12,
    async compress(given) {
      const turn = turns[batch % turns.length]!;
      batch += 1;
      for (let k = 0; k < turn; k += 1) await new Promise(setImmediate);
      return inner.compress(given);
    },
  };
}

async function build(root: DirectoryEntry, options: BuildOptions, sink: MemorySink, turns = [0]) {
  const report = await buildImage(root, options, { compressor: shuffled(turns), sink });
  return { image: Buffer.from(sink.bytes()), report };
}

async function expectSame(root: DirectoryEntry, options: BuildOptions, turns?: number[]) {
  const early = await build(root, options, new MemorySink(), turns);
  const late = await build(root, options, new FinalSink(), turns);
  expect(early.report).toEqual(late.report);
  expect(early.image.equals(late.image)).toBe(true);
}

describe('an image that is written while its files are compressed', () => {
  it('has the bytes of one that is written in the end', async () => {
    const cases = layoutOptions.chain((options) =>
      fc.tuple(fc.constant(options), trees(options.blockSize), fc.boolean(), fc.boolean()),
    );
    await fc.assert(
      fc.asyncProperty(cases, async ([options, root, holes, pad]) => {
        const plain = { extendedPointers: false, xip: { mode: 'none' }, holes, pad } as const;
        await expectSame(root, { ...options, ...plain });
      }),
      { numRuns: 100 },
    );
  });

  it('does not depend on which batch is ready first', async () => {
    const sizes = [700_000, 100, 0, 1_300_000, 5000, 600_000, 4096, 4097, 900_000];
    const root = directory(
      Object.fromEntries(
        sizes.map((size, index) => [
          `f${index}`,
          file(index % 2 === 0 ? noise(size, index) : prose(size, index)),
        ]),
      ),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(20), { minLength: 1, maxLength: 9 }), async (turns) => {
        await expectSame(root, {}, turns);
      }),
      { numRuns: 10 },
    );
  });

  it('shares the data of equal files of one mode and owner only', async () => {
    const text = prose(50_000, 1);
    const linked = file(prose(9000, 2));
    const root = directory({
      a: file(text),
      b: { ...file(text), uid: 7 },
      c: file(text),
      d: { ...file(text), uid: 7 },
      e: { ...file(text), mode: 0o100600 },
      l1: linked,
      l2: { ...linked, gid: 3 },
      l3: linked,
      l4: { ...linked, gid: 3 },
    });
    await expectSame(root, {});
    const { report } = await build(root, {}, new MemorySink());
    const shared = report.entries.map(({ path, sharedWith }) => [path, sharedWith]);
    expect(Object.fromEntries(shared)).toEqual({
      '/a': undefined,
      '/b': undefined,
      '/c': '/a',
      '/d': '/b',
      '/e': undefined,
      '/l1': undefined,
      '/l2': undefined,
      '/l3': '/l1',
      '/l4': '/l2',
    });
  });
});

test('what is too large is refused as before, and little of it is written', async () => {
  const files = Array.from({ length: 40 }, (_, index): [string, FileEntry] => [
    `f${index}`,
    file(noise(100_000, index)),
  ]);
  const root = directory(Object.fromEntries(files));
  const attempt = (sink: MemorySink) => build(root, { maxSize: 500_000 }, sink);
  const early = new MemorySink();
  const [first, second] = await Promise.allSettled([attempt(early), attempt(new FinalSink())]);
  expect(first).toMatchObject({ status: 'rejected', reason: { code: 'TOO_BIG' } });
  expect(second).toMatchObject({ status: 'rejected' });
  const messages = [first, second].map((result) =>
    String((result as PromiseRejectedResult).reason),
  );
  expect(messages[0]).toBe(messages[1]);
  expect(early.bytes().length).toBeLessThanOrEqual(500_000);
});
