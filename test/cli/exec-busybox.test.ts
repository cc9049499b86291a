/**
 * Lines for a shell, whose output and exit status were recorded under qemu-riscv64 with the same BusyBox:
 * pipes, redirections, here-documents, traps, jobs, arithmetic, and applets. RECORD=1 records them anew, with
 * qemu-riscv64-static.
 */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { describeWithPeers } from '../helpers/peers.js';
import { runInQemuRoot } from '../helpers/qemu-root.js';
import { noise } from '../helpers/raw-image.js';
import { cramfs, type CliResult } from './run-cli.js';

vi.setConfig({ testTimeout: 60_000, hookTimeout: 120_000 });

interface Line {
  readonly line: string;
  /** A byte string. */
  readonly stdout: string;
  readonly status: number;
}

const FIXTURE = join(import.meta.dirname, '../fixtures/programs/shell-lines.json');
const LINES = JSON.parse(readFileSync(FIXTURE, 'utf8')) as readonly Line[];

/** What test/fixtures/programs/busybox.sh has made. */
const BUSYBOX = join(process.env['CRAMFS_BUSYBOX'] ?? '', 'busybox-riscv64');
const isMissing = !existsSync(BUSYBOX);

/** All that a line can see, whatever the version of BusyBox; the shell sets PWD itself. */
const VARIABLES = ['PATH=/bin:/sbin', 'HOME=/', 'USER=root', 'TERM=dumb'];
const NAMES = ['alpha', 'bar', 'base', 'later', 'lower', 'sand', 'sea', 'shell', 'small', 'zebra'];

function writeData(data: string): void {
  mkdirSync(join(data, 'names'), { recursive: true });
  for (const name of NAMES) writeFileSync(join(data, 'names', name), `${name}\n`.repeat(3));
  writeFileSync(join(data, 'noise'), noise(200_000, 1));
}

describe.skipIf(isMissing)(
  `shell lines of BusyBox${isMissing ? ' (CRAMFS_BUSYBOX names no folder of busybox.sh)' : ''}`,
  () => {
    let folder = '';
    const root = (): string => join(folder, 'root');

    async function execute(...words: readonly string[]): Promise<CliResult> {
      const options = VARIABLES.flatMap((variable) => ['--env', variable]);
      return cramfs(['exec', '--run', '-q', ...options, join(folder, 'image'), ...words]);
    }

    async function build(): Promise<void> {
      expect((await cramfs(['build', '--xip', root(), join(folder, 'image')])).code).toBe(0);
    }

    beforeAll(async () => {
      folder = mkdtempSync(join(tmpdir(), 'busybox-'));
      for (const name of ['bin', 'tmp', 'proc', 'dev']) {
        mkdirSync(join(root(), name), { recursive: true });
      }
      writeData(join(root(), 'data'));
      copyFileSync(BUSYBOX, join(root(), 'bin', 'busybox'));
      await build();
      const { stdout } = await execute('/bin/busybox', '--list');
      for (const name of stdout.trim().split('\n')) {
        if (name !== 'busybox') symlinkSync('busybox', join(root(), 'bin', name));
      }
      rmSync(join(folder, 'image'));
      await build();
    });

    afterAll(() => {
      rmSync(folder, { recursive: true });
    });

    test.each(LINES)('$line', async ({ line, stdout, status }) => {
      const { bytes, code, stderr } = await execute('/bin/sh', '-c', line);
      expect(Buffer.from(bytes).toString('latin1'), stderr).toBe(stdout);
      expect(code).toBe(status);
    });

    describeWithPeers('qemu-riscv64-static', 'under qemu-riscv64', () => {
      test.runIf(process.env['RECORD'] === '1')('fixture', { timeout: 600_000 }, () => {
        const recorded = LINES.map(({ line }): Line => {
          const argv = ['/bin/sh', '-c', line];
          const end = runInQemuRoot('qemu-riscv64-static', root(), argv, VARIABLES);
          return { line, stdout: end.stdout.toString('latin1'), status: end.status };
        });
        writeFileSync(FIXTURE, `${JSON.stringify(recorded, undefined, 1)}\n`);
      });
    });
  },
);
