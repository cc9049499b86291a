import type { Access, Processor, Stop, UserMemory } from 'xip-cpu';

/** An address space that may have changed, as far as a processor knows, whenever it looks. */
class ForgetfulMemory implements UserMemory {
  readonly memory: WebAssembly.Memory;
  readonly pageShift: number;
  private readonly inner: UserMemory;
  private looks = 0;

  constructor(inner: UserMemory) {
    this.inner = inner;
    this.memory = inner.memory;
    this.pageShift = inner.pageShift;
  }

  get generation(): number {
    this.looks += 1;
    return this.looks;
  }

  get execGeneration(): number {
    this.looks += 1;
    return this.looks;
  }

  frameBytes(address: number, access: Access): number {
    return this.inner.frameBytes(address, access);
  }

  frameIdentity(address: number): number {
    return this.inner.frameIdentity(address);
  }
}

/**
 * Makes a processor use memory as a plain interpreter does: it executes one instruction at a time, and
 * asks for the page of each fetch, load and store when it makes it.
 */
export function makePlain(processor: Processor): void {
  const use = processor.use.bind(processor);
  const run = processor.run.bind(processor);
  processor.use = (memory) => {
    use(new ForgetfulMemory(memory));
  };
  processor.run = (limit): Stop => {
    const end = processor.executed + limit;
    for (;;) {
      const before = processor.executed;
      const stop = run(1);
      const count = processor.executed - before;
      if (count > 1) throw new Error(`${count} instructions at once`);
      if (stop.kind !== 'limit' || processor.executed === end) return stop;
    }
  };
}
