/**
 * What Linux answered is recorded, because its timers depend on how busy the machine is. RECORD=1 records it anew.
 */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { cramfs } from '../cli/run-cli.js';
import {
  describeWithPeers,
  runPeerOk,
  withTemporaryDirectory,
  type PeerName,
} from '../helpers/peers.js';

vi.setConfig({ testTimeout: 240_000 });

const SOURCE = join(import.meta.dirname, 'events.c');
const RECORD = join(import.meta.dirname, '../fixtures/programs/events.txt');

describeWithPeers('riscv64-linux-gnu-gcc', 'RISC-V', () => {
  test('eventfd, timerfd and epoll are those of Linux', async () => {
    await compare('riscv64-linux-gnu-gcc', 'qemu-riscv64');
  });
});

describeWithPeers('arm-linux-gnueabihf-gcc', 'ARM', () => {
  test('eventfd, timerfd and epoll are those of Linux', async () => {
    await compare('arm-linux-gnueabihf-gcc', 'qemu-arm');
  });
});

async function compare(compiler: PeerName, qemu: PeerName): Promise<void> {
  await withTemporaryDirectory(async (directory) => {
    const root = join(directory, 'root');
    mkdirSync(join(root, 'proc'), { recursive: true });
    const program = join(root, 'events');
    runPeerOk(compiler, ['-O2', '-static', '-pthread', SOURCE, '-o', program]);
    const image = join(directory, 'image');
    expect((await cramfs(['build', '-q', root, image])).code).toBe(0);
    const { code, stdout, stderr } = await cramfs(['exec', '--run', '-q', image, '/events']);
    expect(stderr).toBe('');
    if (process.env['RECORD'] === '1') writeFileSync(RECORD, runPeerOk(qemu, [program]));
    expect(stdout).toBe(readFileSync(RECORD, 'utf8'));
    expect(code).toBe(0);
  });
}
