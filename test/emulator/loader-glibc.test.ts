/** glibc's loader as the model has it, and as it runs on xip-cpu. */
import { describeWithPeers } from '../helpers/peers.js';
import { glibcToolchain } from '../helpers/loader-programs.js';
import { compareLoader } from '../helpers/loader-suite.js';

describeWithPeers('riscv64-linux-gnu-gcc', 'the loader of RISC-V', () => {
  compareLoader(glibcToolchain('riscv64'));
});

describeWithPeers('arm-linux-gnueabihf-gcc', 'the loader of ARM', () => {
  compareLoader(glibcToolchain('arm'));
});
