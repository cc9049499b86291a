/** musl's loader as the model has it, and as it runs on xip-cpu. */
import { describe } from 'vitest';
import { describeWithPeers, type PeerName } from '../helpers/peers.js';
import { muslToolchain } from '../helpers/loader-programs.js';
import { compareLoader } from '../helpers/loader-suite.js';

const TREES = process.env['CRAMFS_MUSL_TREES'] ?? '';

/** The title says why tests are skipped. */
function describeWithMusl(compiler: PeerName, title: string, tests: () => void): void {
  if (TREES !== '') describeWithPeers(compiler, title, tests);
  else describe.skip(`${title} (CRAMFS_MUSL_TREES names no folder of musl-trees.sh)`, tests);
}

describeWithMusl('riscv64-linux-gnu-gcc', 'the loader of RISC-V', () => {
  compareLoader(muslToolchain('riscv64', TREES));
});

describeWithMusl('arm-linux-gnueabihf-gcc', 'the loader of ARM', () => {
  compareLoader(muslToolchain('arm', TREES));
});
