import { join } from 'node:path';
import { expect, test } from 'vitest';
import { Folder } from './folder.js';
import { cramfs } from './run-cli.js';

const folder = new Folder();

interface Segment {
  readonly offset: number;
  readonly filesz: number;
  readonly flags: string;
  readonly pages: number;
}
interface Mapped {
  readonly total: {
    readonly romPages: number;
    readonly atMost: { readonly private: number; readonly cache: number };
  };
  readonly objects: readonly { readonly segments: readonly (Segment & { romPages: number })[] }[];
}
interface Executed {
  readonly romPages: number;
  readonly mostRamPages: number;
  readonly files: readonly {
    readonly parts: readonly (Omit<Segment, 'offset'> & {
      readonly segment: Segment;
      readonly inRom: number;
      readonly notInPlace: number;
    })[];
  }[];
}

const PROGRAMS = ['riscv64', 'armhf'].flatMap((arch) =>
  ['true', 'hello', 'cat', 'crc32sum'].map((name) => `/${arch}/bin/${name}`),
);

test.each(PROGRAMS)('exec and exec --run agree on %s of the sample', async (path) => {
  const image = folder.path('image');
  const argv = ['build', '--xip=mmu', '-q', join(import.meta.dirname, '../../samples/rootfs')];
  expect((await cramfs([...argv, image])).code).toBe(0);
  const mapped = JSON.parse((await cramfs(['exec', '--json', image, path])).stdout) as Mapped;
  const run = await cramfs(['exec', '--run', '--json', image, path]);
  const executed = JSON.parse(run.stderr) as Executed;
  const { romPages, atMost } = mapped.total;
  expect(executed.romPages).toBeLessThanOrEqual(romPages);
  expect(executed.mostRamPages).toBeGreaterThanOrEqual(1);
  expect(executed.mostRamPages).toBeLessThanOrEqual(atMost.private + atMost.cache);
  const segments = mapped.objects[0]!.segments;
  for (const { segment, pages, inRom, notInPlace } of executed.files[0]!.parts) {
    const same = segments.find(({ offset }) => offset === segment.offset)!;
    expect([same.filesz, same.flags, same.pages]).toEqual([segment.filesz, segment.flags, pages]);
    expect(inRom).toBeLessThanOrEqual(same.romPages);
    // What is not in place without a store is what was not mapped from ROM.
    expect(notInPlace).toBeLessThanOrEqual(same.pages - same.romPages);
  }
});
