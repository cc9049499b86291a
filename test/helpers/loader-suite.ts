import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import {
  causesOf,
  differences,
  executedStates,
  modelledState,
  morePages,
  ownRange,
} from './loader-comparison.js';
import { PROGRAMS, compileProgram, type Toolchain } from './loader-programs.js';

const PAGE = 4096;
const DOCUMENT = join(import.meta.dirname, '../../docs/emulator.md');

/** What the table in docs/emulator.md was measured with: the compiler, and CRC-32 of the loader. */
const RECORDED: Readonly<Record<string, readonly [version: string, crc: number]>> = {
  'glibc riscv64': ['12.2.0', 2097575467],
  'glibc arm': ['12.2.0', 2748428194],
  'musl riscv64': ['12.2.0', 110816622],
  'musl arm': ['12.2.0', 2025505805],
};

/** Compares what the model says of the programs with what their own loader does. */
export function compareLoader(toolchain: Toolchain): void {
  const { name, arch, compiler, loader } = toolchain;
  const programs = PROGRAMS.filter(({ only }) => only?.(toolchain) !== false);
  const measured = new Map<string, string>();
  const work = mkdtempSync(join(tmpdir(), 'loader-'));
  afterAll(() => {
    rmSync(work, { recursive: true });
  });

  describe(name, () => {
    test.each(programs.map((source) => [source.name, source] as const))(
      '%s',
      async (row, source) => {
        const { image, start, isMoved } = await compileProgram(
          toolchain,
          source,
          join(work, row.replaceAll('/', '')),
        );
        const path = '/bin/p';
        const { argv, envp } = source;
        const question = { arch, image, path, argv, envp };
        const model = await modelledState(question);
        const base = isMoved ? ownRange(model, path).start : 0;
        const run = await executedStates(question, base + start);
        expect([run.output, run.end]).toEqual(['ok\n', { kind: 'exited', status: 0 }]);
        const found = differences(model, run.atStart);
        expect(causesOf(found, run, loader).get(undefined)).toBeUndefined();
        const pages = [model, run.atStart, run.atWrite!].map(
          ({ account }) => account.ramBytes / PAGE,
        );
        expect(pages[1]! - pages[0]!).toBe(morePages(found));
        measured.set(row, pages.join(' '));
      },
    );

    // Asked for here, not when tests are collected: then also those that are skipped would need the compiler.
    test('are in the table of docs/emulator.md', ({ skip }) => {
      const version = execFileSync(compiler, ['-dumpfullversion'], { encoding: 'utf8' }).trim();
      const crc = crc32(readFileSync(toolchain.files[loader]!));
      const isRecorded = String(RECORDED[name]) === String([version, crc]);
      skip(
        !isRecorded,
        `docs/emulator.md is of another compiler or C library (${version}, ${crc})`,
      );
      expect(Object.fromEntries(documented(name))).toEqual(Object.fromEntries(measured));
    });
  });
}

/** The rows of the table of programs that have something in the column of a toolchain. */
function documented(column: string): [string, string][] {
  const lines = readFileSync(DOCUMENT, 'utf8').split('\n').map(cells);
  const head = lines.findIndex((row) => row.includes(column));
  const end = lines.findIndex((row, at) => at > head && row.length === 0);
  const at = lines[head]!.indexOf(column);
  return lines
    .slice(head + 2, end)
    .filter((row) => row[at] !== '')
    .map((row) => [row[0]!, row[at]!]);
}

/** The cells of a row of a table; none if a line is not one. */
function cells(line: string): string[] {
  return line
    .split('|')
    .slice(1, -1)
    .map((cell) => cell.trim().replaceAll('`', ''));
}
