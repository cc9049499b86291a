import { readFileSync } from 'node:fs';

/** Addresses that V8 reserves for a thread: some 740 MiB with Node.js 20. */
const PER_THREAD = 800 * 2 ** 20;
/** What the calling thread may still need. */
const OWN = 256 * 2 ** 20;

/**
 * How many of `wanted` threads there are addresses for, under a limit such as `ulimit -v`. V8 ends the
 * process, with a dump, if it cannot reserve the addresses for a thread.
 */
export function threadsThatFit(wanted: number): number {
  const limit = addressLimit();
  if (wanted === 0 || limit === Infinity) return wanted;
  const left = limit - addressesTaken() - OWN;
  return Math.max(0, Math.min(wanted, Math.floor(left / PER_THREAD)));
}

/** Bytes; Infinity without a limit, or without /proc. */
function addressLimit(): number {
  const [, soft] = /^Max address space +([0-9]+)/m.exec(readOrEmpty('/proc/self/limits')) ?? [];
  return soft === undefined ? Infinity : Number(soft);
}

function addressesTaken(): number {
  const [, kib] = /^VmSize:\s+([0-9]+)/m.exec(readOrEmpty('/proc/self/status')) ?? [];
  return Number(kib ?? 0) * 1024;
}

function readOrEmpty(path: string): string {
  try {
    return readFileSync(path, 'latin1');
  } catch {
    return '';
  }
}
