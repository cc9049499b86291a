/**
 * Has V8 of Node.js 20 optimize a function when it has run three times through 1,000,000 bytes of bytecode instead of
 * 67,584. That is for commands with much to do: what V8 compiles on threads of its own is a fifth of their processor time,
 * and most of those functions have done their work by then. (Compression is WebAssembly, which has budgets of its own.)
 */
export function optimizeLater(): void {
  // Later versions count in another way, and would complain about the flag.
  if (!process.versions.v8.startsWith('11.')) return;
  process.getBuiltinModule('node:v8').setFlagsFromString('--interrupt-budget=1000000');
}
