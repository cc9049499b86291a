/**
 * V8 optimizes a function when it has run three times through so many bytes of bytecode; by default 67,584. The others
 * leave garbage to the thread that made it: the helpers only take processors from threads that have work to do.
 */
const FLAGS = '--interrupt-budget=4000000 --no-parallel-scavenge --no-incremental-marking';

/**
 * Sets flags of V8 of Node.js 20 for commands with much to do. What V8 compiles on threads of its own is a fifth of their
 * processor time, and most of those functions have done their work by then. (Compression is WebAssembly, which has
 * budgets of its own.)
 */
export function optimizeLater(): void {
  // Later versions count in another way, and would complain about the first flag.
  if (!process.versions.v8.startsWith('11.')) return;
  process.getBuiltinModule('node:v8').setFlagsFromString(FLAGS);
}
