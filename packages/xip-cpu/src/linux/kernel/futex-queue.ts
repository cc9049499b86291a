import type { MemoryMap } from 'xip-emu';
import type { LinuxKernel } from './kernel.js';

/** A task that waits at an address: struct futex_q. */
export interface FutexWaiter {
  readonly mm: MemoryMap;
  address: number;
  readonly bits: number;
  woken: boolean;
}

/** The waiters of each machine, in the order in which they came. */
const queues = new WeakMap<LinuxKernel, FutexWaiter[]>();

function queueOf(kernel: LinuxKernel): FutexWaiter[] {
  const known = queues.get(kernel);
  if (known !== undefined) return known;
  const queue: FutexWaiter[] = [];
  queues.set(kernel, queue);
  return queue;
}

export function addWaiter(kernel: LinuxKernel, waiter: FutexWaiter): void {
  queueOf(kernel).push(waiter);
}

export function removeWaiter(kernel: LinuxKernel, waiter: FutexWaiter): void {
  const queue = queueOf(kernel);
  const index = queue.indexOf(waiter);
  if (index >= 0) queue.splice(index, 1);
}

/** FUTEX_WAKE. @returns the number of tasks woken. */
export function wakeAddress(
  kernel: LinuxKernel,
  mm: MemoryMap,
  address: number,
  count: number,
  bits = 0xffffffff,
): number {
  let woken = 0;
  for (const waiter of [...queueOf(kernel)]) {
    if (woken >= count) break;
    if (waiter.mm !== mm || waiter.address !== address || (waiter.bits & bits) === 0) continue;
    waiter.woken = true;
    removeWaiter(kernel, waiter);
    woken += 1;
  }
  if (woken > 0) kernel.activity += 1;
  return woken;
}

/** FUTEX_REQUEUE: moves the waiters that are left to another address. @returns how many. */
export function requeue(
  kernel: LinuxKernel,
  mm: MemoryMap,
  from: number,
  to: number,
  count: number,
): number {
  const moved = queueOf(kernel)
    .filter((waiter) => waiter.mm === mm && waiter.address === from)
    .slice(0, count);
  for (const waiter of moved) waiter.address = to;
  return moved.length;
}
