/** What a load, a store or a fetch ends with. */
export interface Fault {
  readonly signal: 'SIGSEGV' | 'SIGBUS';
  readonly code: string;
  readonly address: number;
}

/** A fault that the processor itself finds. */
export class MemoryFault extends Error implements Fault {
  override readonly name = 'MemoryFault';
  readonly signal: Fault['signal'];
  readonly code: string;
  readonly address: number;

  constructor(signal: Fault['signal'], code: string, address: number) {
    super(`${signal} (${code}) at 0x${address.toString(16)}`);
    this.signal = signal;
    this.code = code;
    this.address = address;
  }
}

/** True for what an address space throws instead of giving a page, and for faults of the processor itself. */
export function isFault(error: unknown): error is Fault {
  return error instanceof Error && 'signal' in error && 'code' in error && 'address' in error;
}
