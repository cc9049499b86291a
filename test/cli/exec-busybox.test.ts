/**
 * Lines for a shell, whose output and exit status were recorded under qemu-riscv64 with the same BusyBox:
 * pipes, redirections, here-documents, traps, jobs, arithmetic, and applets.
 */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { cramfs, type CliResult } from './run-cli.js';

interface Line {
  readonly line: string;
  /** A byte string. */
  readonly stdout: string;
  readonly status: number;
}

const LINES = JSON.parse(
  readFileSync(join(import.meta.dirname, '../fixtures/programs/shell-lines.json'), 'utf8'),
) as readonly Line[];

/** What test/fixtures/programs/busybox.sh has made. */
const BUSYBOX = join(process.env['CRAMFS_BUSYBOX'] ?? '', 'busybox-riscv64');
const isMissing = !existsSync(BUSYBOX);

describe.skipIf(isMissing)(
  `shell lines of BusyBox${isMissing ? ' (CRAMFS_BUSYBOX names no folder of busybox.sh)' : ''}`,
  () => {
    let folder = '';

    async function execute(...words: readonly string[]): Promise<CliResult> {
      return cramfs([
        'exec',
        '--run',
        '-q',
        '--env',
        'PATH=/bin:/sbin',
        join(folder, 'image'),
        ...words,
      ]);
    }

    async function build(): Promise<void> {
      const { code } = await cramfs([
        'build',
        '--xip',
        join(folder, 'root'),
        join(folder, 'image'),
      ]);
      expect(code).toBe(0);
    }

    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'busybox-'));
      for (const name of ['bin', 'tmp', 'proc', 'dev']) {
        mkdirSync(join(folder, 'root', name), { recursive: true });
      }
      copyFileSync(BUSYBOX, join(folder, 'root', 'bin', 'busybox'));
      await build();
      const { stdout } = await execute('/bin/busybox', '--list');
      for (const name of stdout.trim().split('\n')) {
        if (name !== 'busybox') symlinkSync('busybox', join(folder, 'root', 'bin', name));
      }
      rmSync(join(folder, 'image'));
      await build();
    });

    afterAll(() => {
      rmSync(folder, { recursive: true });
    });

    test.each(LINES)('$line', async ({ line, stdout, status }) => {
      const { bytes, code } = await execute('/bin/sh', '-c', line);
      expect(Buffer.from(bytes).toString('latin1')).toBe(stdout);
      expect(code).toBe(status);
    });
  },
);
