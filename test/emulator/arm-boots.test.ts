/**
 * The recorded boots with an MMU, run as they were: the recorder's PID 1 starts the programs of the image, and
 * what the console says is compared line by line with the record. Programs of Debian: see
 * test/fixtures/arm/README.md.
 */
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openImage, type CramfsImage } from 'cramfs-reader';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cramfs } from '../cli/run-cli.js';
import { bootWithMmu } from '../helpers/arm-boot.js';
import { armFixture, armTests, type ArmTest } from '../helpers/arm-records.js';
import { copyTree, mergeUsr, treeObstacle } from '../helpers/debian-trees.js';

/** Warnings of fs/exec.c:setup_arg_pages() and fs/binfmt_elf.c:elf_map(). */
const WARNING = /^process '.*' started with executable stack$|: Uhuuh, elf segment at /;

/** Lines without what the kernel says of itself: warnings, and the report of a BUG. */
function withoutKernelMessages(lines: readonly string[]): string[] {
  const printed = lines.filter((line) => !WARNING.test(line));
  const start = printed.findIndex((line) => line.includes('[ cut here ]'));
  if (start < 0) return printed;
  const end = printed.findIndex((line) => line.endsWith('exited with irqs disabled'));
  expect(end).toBeGreaterThan(start);
  return [...printed.slice(0, start), ...printed.slice(end + 1)];
}

function commandsOf(tests: readonly ArmTest[]): string[] {
  return tests.map(({ command }) => command);
}

test('record mm: the whole console', async () => {
  const recorded = armTests('mm');
  const booted = await bootWithMmu(armFixture('mm.img'), commandsOf(recorded));
  expect(booted).toHaveLength(recorded.length);
  for (const [index, { command, end, lines }] of recorded.entries()) {
    expect(booted[index], command).toEqual({ command, end, lines: withoutKernelMessages(lines) });
  }
});

/** Lines of /proc/vmstat that count what the tests do, and not what the kernel did before or for itself. */
const COUNTED = [
  'nr_anon_pages',
  'nr_mapped',
  'nr_file_pages',
  'nr_page_table_pages',
  'pgmajfault',
  'drop_pagecache',
  'drop_slab',
];

function counted(lines: readonly string[]): string[] {
  return lines.filter((line) => COUNTED.includes(line.split(' ')[1]!)).sort();
}

test('/proc/vmstat counts pages, faults and drops', async () => {
  const look = 'cat /proc/vmstat';
  const tests = await bootWithMmu(armFixture('mm.img'), [
    ...[look, 'exec /bin/m-static', look, 'exec /bin/m-static', look, 'drop', look],
  ]);
  const [start, once, twice, dropped] = tests
    .filter(({ command }) => command === look)
    .map(({ lines }) => {
      const numbers = lines.map((line) => line.split(' ').slice(1) as [string, string]);
      return Object.fromEntries(numbers.map(([name, value]) => [name, Number(value)]));
    });
  const change = (from: typeof start, to: typeof start, name: string): number =>
    to![name]! - from![name]!;
  // The header is read by execve(), the page of data by a fault.
  expect(change(start, once, 'nr_file_pages')).toBe(2);
  expect(change(start, once, 'pgmajfault')).toBe(1);
  expect(change(once, twice, 'nr_file_pages')).toBe(0);
  expect(change(once, twice, 'pgmajfault')).toBe(0);
  expect(change(once, twice, 'pgfault')).toBe(change(start, once, 'pgfault'));
  expect(change(twice, dropped, 'nr_file_pages')).toBe(-2);
  expect(change(twice, dropped, 'pgfault')).toBe(0);
  expect([twice, dropped].map((vmstat) => vmstat!['drop_pagecache'])).toEqual([0, 1]);
  expect(change(start, dropped, 'nr_free_pages')).toBe(0);
  expect(change(start, dropped, 'nr_anon_pages')).toBe(0);
});

const MAPS_LINE = /^([0-9a-f]+-[0-9a-f]+ \S+ [0-9a-f]+ \S+) (\d+) +(\/.*?)$/;

/**
 * Lines of maps and smaps, but for the inode numbers of files. They are places in the image, and the builder of
 * the recorded images compressed blocks to other sizes. Those of `image` have to be right.
 */
function withoutInodes(lines: readonly string[], image?: CramfsImage): string[] {
  return lines.map((line) => {
    const [, head, ino, path] = MAPS_LINE.exec(line) ?? [];
    if (head === undefined) return line;
    if (image !== undefined) {
      expect(Number(ino), line).toBe(image.lookup(path!).dataOffset);
    }
    return `${head} ${path!}`;
  });
}

const obstacle = treeObstacle('armhf');
describe.skipIf(obstacle !== undefined)(
  `Debian's armhf busybox${obstacle === undefined ? '' : ` (${obstacle})`}`,
  () => {
    const folder = mkdtempSync(join(tmpdir(), 'arm-boots-'));
    const images = new Map<string, Uint8Array>();

    beforeAll(async () => {
      for (const name of ['mmu1', 'mmuu']) {
        const root = join(folder, name);
        copyTree('armhf', root);
        for (const directory of ['dev', 'proc', 'sys', 'tmp']) mkdirSync(join(root, directory));
        if (name === 'mmuu') mergeUsr(root);
        const { code, stderr } = await cramfs(['build', root, `${root}.img`, '--xip=mmu', '-q']);
        expect(code, stderr).toBe(0);
        images.set(name, readFileSync(`${root}.img`));
      }
    });

    afterAll(() => {
      rmSync(folder, { recursive: true });
    });

    test.each(['mmu1', 'mmuu'])('record %s: the whole console', async (name) => {
      const bytes = images.get(name)!;
      const image = openImage(bytes);
      const recorded = armTests(name);
      const booted = await bootWithMmu(bytes, commandsOf(recorded));
      expect(booted).toHaveLength(recorded.length);
      for (const [index, { command, end, lines }] of recorded.entries()) {
        const own = booted[index]!;
        expect(own).toMatchObject({ command, end });
        if (command === 'cat /proc/vmstat') {
          expect(counted(own.lines), command).toEqual(counted(lines));
          expect(counted(own.lines)).toHaveLength(COUNTED.length);
        } else {
          expect(withoutInodes(own.lines, image), command).toEqual(withoutInodes(lines));
        }
      }
    });
  },
);
