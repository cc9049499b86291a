import { spawn, spawnSync, type ChildProcessByStdio } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import type { LoopName, Timing } from './loops.js';

const SOURCE = fileURLToPath(new URL('../../src/c/kernel-loops.c', import.meta.url));

/**
 * The loops on the kernel of this machine: one process that waits for their names. To start one for
 * each would write-protect the memory of the emulator (fork), which then pays for it.
 */
export class KernelLoops {
  private readonly child: ChildProcessByStdio<Writable, Readable, null>;
  private readonly lines: AsyncIterator<string>;

  constructor(program: string) {
    this.child = spawn(program, { stdio: ['pipe', 'pipe', 'inherit'] });
    this.lines = createInterface({ input: this.child.stdout })[Symbol.asyncIterator]();
  }

  async run(name: LoopName): Promise<Timing> {
    this.child.stdin.write(`${name}\n`);
    const answer: IteratorResult<string, unknown> = await this.lines.next();
    if (answer.done === true) throw new Error(`${name} in C failed`);
    const [operations, seconds] = answer.value.split(' ').map(Number);
    return { operations: operations!, seconds: seconds! };
  }

  /** Ends the process. */
  close(): void {
    this.child.stdin.end();
  }
}

/** Compiles and starts the C program. Undefined without `cc`, or without Linux. */
export function startKernelLoops(work: string): KernelLoops | undefined {
  if (process.platform !== 'linux') return undefined;
  const program = join(work, 'kernel-loops');
  const { status, error } = spawnSync('cc', ['-O2', '-o', program, SOURCE], { stdio: 'inherit' });
  if (error !== undefined) return undefined;
  if (status !== 0) throw new Error('cc could not compile kernel-loops.c');
  return new KernelLoops(program);
}
