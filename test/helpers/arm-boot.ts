import { openImage } from 'cramfs-reader';
import { boardFor, bootKernel, executionMemory, startFirst, type Host } from 'xip-cpu/linux';
import { romMachine } from 'xip-emu';
import { armFixture, consoleTests, type ArmTest } from './arm-records.js';

const INSTRUCTIONS = 1_000_000_000;
/** Where the board with an MMU has its ROM. */
export const MMU_ROM = 0x04000000;

/** A host that keeps what is written. */
export function recordingHost(): Host & { readonly output: () => string } {
  let output = '';
  return {
    kinds: ['pipe', 'pipe', 'pipe'],
    read: () => 0,
    write(_stream, bytes) {
      output += Buffer.from(bytes).toString('latin1');
    },
    windowSize: () => ({ rows: 24, columns: 80 }),
    output: () => output,
  };
}

/**
 * Boots the recorder's system with an MMU: its PID 1 in an initramfs, which mounts the image from mtd0 and runs
 * the tests in a chroot to it. Nothing has given the kernel entropy, as on the recorded board.
 *
 * @param commands lines of /tests.
 * @returns what the console said.
 */
export async function bootWithMmu(
  image: Uint8Array,
  commands: readonly string[],
): Promise<ArmTest[]> {
  const cramfs = openImage(image);
  const linear = executionMemory(image.length);
  const board = await boardFor('arm', { linear, mmu: true, crngReady: false });
  const machine = romMachine(cramfs, {
    ...{ mmu: true, arch: 'arm', physAddr: MMU_ROM },
    extra: board.machineOptions(cramfs.blockSize),
  });
  machine.mount('tmpfs', 'none', '/');
  const setUp = machine.spawn();
  const files = { init: armFixture('init-mmu'), tests: Buffer.from(`${commands.join('\n')}\n`) };
  for (const [name, bytes] of Object.entries(files)) {
    const file = setUp.open(`/${name}`, { write: true, create: true, mode: 0o755 });
    setUp.write(file, bytes);
  }
  setUp.exit();
  const host = recordingHost();
  const kernel = bootKernel(board, machine, { host });
  startFirst(kernel, { path: '/init', argv: ['/init'], envp: ['HOME=/', 'TERM=linux'] });
  kernel.run(INSTRUCTIONS);
  return consoleTests(host.output());
}
