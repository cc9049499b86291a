import type { WorkerCompressor } from 'mkcramfs/node';

/** From about this size of a source on, fewer functions are optimized with {@link optimizeLater} in less time. */
const LARGE = 4 * 2 ** 20;

/** Returns what takes the sizes of a source's files as they are found, so that all is ready when they are read. */
export function expectBytes(compressor: WorkerCompressor): (bytes: number) => void {
  let expected = 0;
  return (bytes) => {
    if (expected < LARGE && expected + bytes >= LARGE) optimizeLater();
    expected += bytes;
    compressor.expect(bytes);
  };
}

/**
 * Has V8 of Node.js 20 optimize a function when it has run three times through 1,000,000 bytes of bytecode instead of
 * 67,584. What V8 compiles on threads of its own is a fifth of the processor time of a build, and most of those
 * functions have done their work by then. (Compression is WebAssembly, which has budgets of its own.)
 */
function optimizeLater(): void {
  // Later versions count in another way, and would complain about the flag.
  if (!process.versions.v8.startsWith('11.')) return;
  process.getBuiltinModule('node:v8').setFlagsFromString('--interrupt-budget=1000000');
}
