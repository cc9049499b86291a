import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { RiscvProcessor } from 'xip-cpu';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FlatRange } from '../helpers/flat-memory.js';
import { describeWithPeers } from '../helpers/peers.js';

/*
 * The test suite of the architecture's owners, built when it is needed: RISCV_TESTS names a checkout, or a bare
 * repository, of riscv-tests.
 */

const SOURCES = process.env['RISCV_TESTS'];
const BUILD = fileURLToPath(new URL('../helpers/riscv-tests/build.sh', import.meta.url));
const START = 0x10000;
/** Each group, and how many tests it has at least. */
const GROUPS = { ui: 40, um: 8, ua: 10, uf: 10, ud: 10, uc: 1, uzba: 3, uzbb: 15, uzbs: 8 };

/** Executes a program with one segment until its exit(2). @returns the status, or why there is none. */
function statusOf(elf: Uint8Array): number | string {
  const view = new DataView(elf.buffer, elf.byteOffset, elf.byteLength);
  const is64 = elf[4] === 2;
  const headers = view.getUint32(is64 ? 32 : 28, true);
  const memory = new FlatRange(START, 1 << 20);
  for (let at = headers; ; at += is64 ? 56 : 32) {
    if (view.getUint32(at, true) !== 1) continue;
    const [offset, address, size] = is64 ? [8, 16, 32] : [4, 8, 16];
    const from = view.getUint32(at + offset, true);
    const bytes = elf.subarray(from, from + view.getUint32(at + size, true));
    memory.bytes.set(bytes, view.getUint32(at + address, true) - START);
    break;
  }
  const processor = new RiscvProcessor(memory.linear, is64 ? 64 : 32);
  processor.use(memory);
  processor.pc = view.getUint32(24, true);
  const stop = processor.run(10_000_000);
  return stop.kind === 'syscall' ? processor.read(10) : JSON.stringify(stop);
}

const title = SOURCES === undefined ? 'riscv-tests (RISCV_TESTS is not set)' : 'riscv-tests';

describe.skipIf(SOURCES === undefined)(title, () => {
  describeWithPeers('riscv64-linux-gnu-gcc', 'built with the cross compiler', () => {
    let folder: string;
    beforeAll(() => {
      folder = mkdtempSync(join(tmpdir(), 'riscv-tests-'));
      execFileSync('sh', [BUILD, SOURCES!, folder]);
    }, 600_000);
    afterAll(() => {
      rmSync(folder, { recursive: true });
    });

    const groups = [64, 32].flatMap((xlen) =>
      Object.entries(GROUPS).map(([group, atLeast]) => [`rv${xlen}${group}-`, atLeast] as const),
    );
    test.each(groups)('%s*', (prefix, atLeast) => {
      const names = readdirSync(folder).filter((name) => name.startsWith(prefix));
      expect(names.length).toBeGreaterThanOrEqual(atLeast);
      const failed = names
        .map((name) => [name, statusOf(readFileSync(join(folder, name)))] as const)
        .filter(([, status]) => status !== 0);
      expect(failed).toEqual([]);
    });
  });
});
