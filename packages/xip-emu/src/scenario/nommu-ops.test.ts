import { describe, expect, test } from 'vitest';
import { buildRawImage, file, noise } from '../../../../test/helpers/raw-image.js';
import { parseScenario } from './parse.js';
import { runScenario, type ScenarioRecord } from './run.js';
import { createWorld } from './world.js';

const PAGE = 4096;

/** The records of a scenario on an image of one file of two pages, direct blocks, called `f`. */
function run(lines: readonly string[]): ScenarioRecord[] {
  const { bytes } = buildRawImage([
    ['f', file(noise(2 * PAGE), { blocks: [{ kind: 'D', align: PAGE }, 'D'] })],
  ]);
  return runScenario(parseScenario(lines.join('\n')), createWorld(bytes, { mmu: false }));
}

describe('warnings of the kernel end a scenario as `warned`', () => {
  const WARNED = { op: 'scenario-end', kernel: 'warned', umount: 'ok', taint: 512 };
  const OK = { op: 'scenario-end', kernel: 'ok', umount: 'ok', taint: 0 };

  test.each([
    [
      'a hole in an anonymous mapping',
      ['mmap a - 0x3000 rw private,anon 0', 'munmap a 0x1000 0x1000'],
      WARNED,
    ],
    [
      'its head and its tail',
      ['mmap a - 0x3000 rw private,anon 0', 'munmap a 0x2000 0x1000', 'munmap a 0 0x1000'],
      OK,
    ],
    ['more than the page allocator ever gives', ['mmap a - 0x400001 rw private,anon 0'], WARNED],
    ['a copy of that length', ['open 0 f r', 'mmap a 0 0x400001 rw private 0'], WARNED],
    ['as much as it gives', ['mmap a - 0x400000 rw private,anon 0'], OK],
    ['a file that is not that long', ['open 0 f r', 'mmap a 0 0x400001 r private 0'], OK],
  ])('%s', (_, lines, end) => {
    expect(run(['mount mtd', ...lines]).at(-1)).toEqual(end);
  });
});
