import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { LoopName, Timing } from './loops.js';

const SOURCE = fileURLToPath(new URL('../../src/c/kernel-loops.c', import.meta.url));

/** The loops on the kernel of this machine. */
export class KernelLoops {
  private readonly program: string;

  constructor(program: string) {
    this.program = program;
  }

  run(name: LoopName): Timing {
    const { status, stdout, stderr } = spawnSync(this.program, [name], {
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(`${name} in C failed: ${stderr}`);
    const [operations, seconds] = stdout.split(' ').map(Number);
    return { operations: operations!, seconds: seconds! };
  }
}

/** Compiles the C program with `cc`. Undefined without a compiler, or without Linux. */
export function compileKernelLoops(work: string): KernelLoops | undefined {
  if (process.platform !== 'linux') return undefined;
  const program = join(work, 'kernel-loops');
  const { status, error } = spawnSync('cc', ['-O2', '-o', program, SOURCE], { stdio: 'inherit' });
  if (error !== undefined) return undefined;
  if (status !== 0) throw new Error('cc could not compile kernel-loops.c');
  return new KernelLoops(program);
}
