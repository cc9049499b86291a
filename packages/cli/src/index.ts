export { runCramfs, runXipEmu } from './cli.js';
export { runFsck } from './drop-in/fsck.js';
export { runMkcramfs } from './drop-in/mkcramfs.js';
export { EXIT, type ExitCode } from './shell/exit-codes.js';
export type { CliIo } from './shell/io.js';
